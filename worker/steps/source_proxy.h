// Lets FFmpeg children read a recording that a VOD service keeps, without showing them (or `ps`) any token.
//
// A forward proxy on a loopback address. A child gets the environment variable http_proxy with the secret of its job and opens
// http://source.lectern/<job>; the proxy demands Proxy-Authorization, knows only registered jobs and forwards to nothing else, so
// that a recording which is really a playlist reaches no other address. It asks the VOD service range by range with the job's
// token, and resumes where it was when the service restarts, so that a running encode survives that.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lectern::worker {

struct SourceOptions {
  std::string url;                        // of the recording at the VOD service
  std::string token;                      // Authorization: Bearer
  absl::Duration patience = absl::Minutes(10);   // how long an unreachable service is waited for
  std::function<bool()> should_stop;      // ends waiting; may be empty
};

// A recording opened for one job. Destroying it breaks off what still reads.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::string url() const = 0;                        // argument for -i
  virtual std::vector<std::string> environment() const = 0;   // for ProcessOptions; holds the secret
  // Why reading failed for good; OK while it did not. kAborted: the VOD service refused the job's fence or token.
  // FFmpeg takes a broken-off read for the end of the file, so ask this before believing its exit status.
  virtual absl::Status status() const = 0;
  virtual int64_t bytes_read() const = 0;
  // The VOD service has said that the recording has no bytes.
  virtual bool empty() const = 0;
};

// Thread-safe. Outlives its sources.
class SourceProxy {
 public:
  // Listens on a port of 127.0.0.1 that the kernel chooses.
  static absl::StatusOr<std::unique_ptr<SourceProxy>> Start();
  virtual ~SourceProxy() = default;

  virtual std::unique_ptr<Source> Open(int64_t job, SourceOptions options) = 0;
  virtual int port() const = 0;
};

}  // namespace lectern::worker
