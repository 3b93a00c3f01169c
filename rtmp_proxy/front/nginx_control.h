// Asks the running nginx about its streams, over its control socket.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace lectern::proxy {

// Names of streams with a publisher, from the text of nginx-rtmp's statistics. Pure.
std::vector<std::string> ParsePublishers(absl::string_view xml);

// Thread-safe.
class NginxControl {
 public:
  explicit NginxControl(std::string folder) : folder_(std::move(folder)) {}

  // Errors of both: kUnavailable where nobody answers, kDeadlineExceeded where the answer does not come.
  absl::StatusOr<std::vector<std::string>> ListPublishers() const;
  // kNotFound where nobody publishes under the name.
  absl::Status Drop(absl::string_view name) const;

 private:
  absl::StatusOr<std::string> Get(absl::string_view target, absl::Duration timeout) const;

  const std::string folder_;
};

}  // namespace lectern::proxy
