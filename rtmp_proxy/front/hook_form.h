// What the front posts when a publisher comes or goes (nginx-rtmp's notify). Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rtmp_proxy/front/front.h"

namespace lectern::proxy {

// application/x-www-form-urlencoded, strictly: the publisher's own query is appended to it raw, so that it may say anything.
class HookForm {
 public:
  static constexpr size_t kMaxFields = 64;

  // Errors: kInvalidArgument for a broken escape, a control character, or too many fields; never with text of the form.
  static absl::StatusOr<HookForm> Parse(absl::string_view body);

  // The first occurrence; empty where absent. The front's own fields come before the publisher's.
  absl::string_view First(absl::string_view name) const;
  bool HasDuplicates() const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// Errors: kInvalidArgument where it is no publish call of application "live", where a field comes twice, where the name is no
// personal token, or for an unknown view.
absl::StatusOr<Knock> ReadKnock(const HookForm& form);

}  // namespace lectern::proxy
