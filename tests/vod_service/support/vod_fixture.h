// A VOD service's public port over real sockets, with keys of the test.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/blob/blob_store.h"
#include "common/exec/thread_pool.h"
#include "common/metrics/metrics.h"
#include "common/token/token.h"
#include "vod_service/http/access.h"
#include "vod_service/library/catalog.h"
#include "vod_service/live/live_library.h"
#include "vod_service/upload/upload_service.h"

namespace lectern::vod::testing {

constexpr int64_t kResource = 3;
constexpr int64_t kLecture = 12;

struct Reply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string Header(const std::string& name) const;  // empty where absent
  bool Has(const std::string& name) const;
};

// One raw connection.
class Wire {
 public:
  explicit Wire(int port);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  void Send(const std::string& bytes);
  // Blocks until a whole answer is there; status 0 where the connection ended before. `head_request`: it has no body.
  Reply Receive(bool head_request = false);
  // True where the other side has closed (waits).
  bool Closed();
  void Close();

 private:
  int fd_ = -1;
  std::string buffer_;
};

struct VodKeys {
  SigningKey upload;
  SigningKey job;
  SigningKey playback;
};
// The same in every process: a child of a test serves tokens that the parent signs.
VodKeys MakeKeys();
void WriteDirectoryFile(const std::string& path, const VodKeys& keys);

struct VodOptions {
  UploadLimits limits;
  absl::Duration holder_patience = absl::Seconds(1);
  absl::Duration slow_window = absl::Seconds(60);
  absl::Duration body_timeout = absl::Seconds(60);
  int port = 0;
  LiveLimits live;
};

class VodServer {
 public:
  VodServer(const std::string& data_dir, const VodKeys& keys, VodOptions options, Clock& clock = RealClock());
  ~VodServer();

  int port() const;
  Catalog& catalog();
  BlobStore& blobs();
  UploadService& uploads();
  LiveLibrary& live();
  Access& access();
  // As SIGTERM does.
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "0123...": an id made of one digit.
std::string UploadId(char digit);
std::string UploadToken(const VodKeys& keys, const std::string& upload, int64_t size, const std::string& view = "comb",
                        absl::Time expires_at = absl::Now() + absl::Hours(24));
std::string JobToken(const VodKeys& keys, int64_t job, int64_t fence, const std::string& upload);
std::string PlaybackToken(const VodKeys& keys, int64_t lecture);

// One request on a connection of its own.
Reply Ask(int port, const std::string& method, const std::string& path, const std::vector<std::string>& headers,
          const std::string& body = "");
// With Tus-Resumable and the token.
std::vector<std::string> TusHeaders(const std::string& token, std::vector<std::string> more = {});

// The text of a PATCH up to its body, for a Wire.
std::string PatchHead(const std::string& token, const std::string& upload, int64_t offset, int64_t content_length);

// Reproducible bytes that do not repeat.
std::string Noise(size_t size, uint64_t seed = 1);
std::string Sha256Hex(const std::string& bytes);

}  // namespace lectern::vod::testing
