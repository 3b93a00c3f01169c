#include "rtmp_proxy/front/hook_form.h"

#include <optional>
#include <set>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/text.h"

namespace lectern::proxy {
namespace {

std::optional<std::string> Decode(absl::string_view text) {
  std::optional<std::string> decoded = PercentDecode(absl::StrReplaceAll(text, {{"+", " "}}));
  auto is_control = [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); };
  if (!decoded || absl::c_any_of(*decoded, is_control)) return std::nullopt;
  return decoded;
}

}  // namespace

absl::StatusOr<HookForm> HookForm::Parse(absl::string_view body) {
  HookForm form;
  for (absl::string_view field : absl::StrSplit(body, '&', absl::SkipEmpty())) {
    std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(field, absl::MaxSplits('=', 1));
    std::optional<std::string> name = Decode(parts.first);
    std::optional<std::string> value = Decode(parts.second);
    if (!name || !value) return absl::InvalidArgumentError("a field is broken");
    if (form.fields_.size() == kMaxFields) return absl::InvalidArgumentError("too many fields");
    form.fields_.emplace_back(*std::move(name), *std::move(value));
  }
  return form;
}

absl::string_view HookForm::First(absl::string_view name) const {
  auto found = absl::c_find_if(fields_, [&](const auto& field) { return field.first == name; });
  return found == fields_.end() ? absl::string_view() : absl::string_view(found->second);
}

bool HookForm::HasDuplicates() const {
  std::set<absl::string_view> names;
  return !absl::c_all_of(fields_, [&](const auto& field) { return names.insert(field.first).second; });
}

absl::StatusOr<Knock> ReadKnock(const HookForm& form) {
  if (form.HasDuplicates()) return absl::InvalidArgumentError("a field comes twice");
  bool publishes = form.First("call") == "publish" && form.First("app") == "live";
  if (!publishes) return absl::InvalidArgumentError("not a publisher of \"live\"");
  Knock knock;
  knock.token = std::string(form.First("name"));
  knock.view = form.First("view").empty() ? "comb" : std::string(form.First("view"));
  knock.peer = std::string(form.First("addr"));
  knock.encoder = std::string(form.First("flashver"));
  if (!IsPersonalToken(knock.token)) return absl::InvalidArgumentError("the stream key is no personal token");
  if (knock.view != "comb" && knock.view != "cam" && knock.view != "pres") return absl::InvalidArgumentError("no such view");
  if (knock.peer.empty()) return absl::InvalidArgumentError("no address");
  return knock;
}

}  // namespace lectern::proxy
