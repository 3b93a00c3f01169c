// An API in this process that knows live streams: a real gRPC server for LiveService's calls of proxies.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace lectern::testing {

struct SeenOpen {
  std::string token;
  std::string view;
  std::string session;
  std::string resume;
  std::string credential;
};

struct SeenReport {
  std::string session;
  bool publishing = false;
  int64_t epoch = 0;
  int64_t received_ms = 0;
  int64_t confirmed_ms = 0;
  std::string encoder;
  std::string reason;
  std::vector<std::string> warnings;   // codes
};

// Thread-safe.
class FakeLiveApi {
 public:
  FakeLiveApi();
  ~FakeLiveApi();

  std::string address() const;

  // No instance answers; and again, at the same address.
  void Stop();
  void Start();

  // The token is for this stream from now on, whose time zero is now.
  void AddStream(const std::string& token, const std::string& stream);
  void RevokeAll();
  // Where AcquireIngest sends everybody.
  void SetWorker(int64_t epoch, const std::string& url);
  // Given in the answer to every report about the stream, until it is `Kind` 0; a v1::StreamCommand::Kind.
  void Order(const std::string& stream, int kind);

  std::vector<SeenOpen> opens() const;
  int acquires() const;
  // The newest report of a stream; a default one where there is none.
  SeenReport report(const std::string& stream) const;
  int reports() const;

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace lectern::testing
