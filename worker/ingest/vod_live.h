// The requests with which a live stream is stored at its VOD service (docs/live.md, "Storing"). One attempt each.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/http/client.h"

namespace lectern::v1 {
class LiveSet;
class LiveStored;
}  // namespace lectern::v1

namespace lectern::worker {

struct VodTarget {
  std::string url;             // of the VOD service
  int64_t job = 0;
  int64_t fence = 0;
  std::string token;           // Authorization: Bearer; secret
};

// Errors of all: kAborted where a higher fence was seen or the recording was deleted; kOutOfRange where the two sides do not agree
// on what is stored (open again, and store the set anew under other names); kInvalidArgument where a set is refused for good;
// kNotFound; kCancelled where `stopped` says so; anything else is worth another attempt.
// Not thread-safe; keeps its connection.
class VodLive {
 public:
  // `stopped` is asked while a request is under way; may be empty.
  VodLive(VodTarget target, std::function<bool()> stopped) : target_(std::move(target)), stopped_(std::move(stopped)) {}

  absl::StatusOr<v1::LiveStored> Open(int64_t start_time_ms);
  absl::Status PutFile(const std::string& name, const std::string& bytes, const std::string& sha256);
  absl::StatusOr<v1::LiveStored> PostSet(const v1::LiveSet& set);
  absl::Status PutPreview(const std::string& jpeg);

 private:
  absl::StatusOr<http::ClientResponse> Send(const char* method, absl::string_view path, std::string body, absl::string_view type,
                                            const std::string& sha256 = "");
  absl::StatusOr<v1::LiveStored> Post(absl::string_view path, std::string body);

  const VodTarget target_;
  const std::function<bool()> stopped_;
  http::Client client_;
};

// Hex.
std::string Sha256Of(absl::string_view bytes);

}  // namespace lectern::worker
