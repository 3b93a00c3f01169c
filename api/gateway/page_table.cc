#include "api/gateway/page_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/gateway/json_value.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

using Kind = JsonValue::Kind;

bool IsWordByte(unsigned char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; }

bool IsWord(absl::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsWordByte); }

absl::Status Bad(absl::string_view why) { return absl::InvalidArgumentError(absl::StrCat("pages.json: ", why)); }

const JsonValue* MemberOf(const JsonValue& object, absl::string_view name) {
  for (const JsonMember& member : object.members) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

std::string TextOf(const JsonValue& object, absl::string_view name) {
  const JsonValue* value = MemberOf(object, name);
  return value != nullptr && value->kind == Kind::kString ? value->text : "";
}

absl::Status ReadData(const JsonValue& entry, WebPage& page) {
  const JsonValue* data = MemberOf(entry, "data");
  if (data == nullptr) return absl::OkStatus();
  for (const auto& [name, value] : data->members) {
    if (!IsWord(name) || value.kind != Kind::kString) return Bad(absl::StrCat(page.path, ": broken datum \"", name, "\""));
    ASSIGN_OR_RETURN(DataAddress address, DataAddress::Parse(value.text));
    page.data.push_back({name, std::move(address)});
  }
  return absl::OkStatus();
}

absl::StatusOr<WebPage> ReadPage(const JsonValue& entry) {
  WebPage page;
  page.path = TextOf(entry, "path");
  page.file = TextOf(entry, "file");
  if (page.path.empty() || page.file.empty() || absl::StrContains(page.file, "/")) {
    return Bad(absl::StrCat("an entry needs \"path\" and \"file\": \"", page.path, "\""));
  }
  page.segments = absl::StrSplit(page.path.substr(1), '/');
  RETURN_IF_ERROR(ReadData(entry, page));
  const std::string status = TextOf(entry, "status");
  auto named = std::find_if(page.data.begin(), page.data.end(), [&](const PageDatum& datum) { return datum.name == status; });
  if (!status.empty() && named == page.data.end()) return Bad(absl::StrCat(page.path, ": no datum \"", status, "\""));
  if (!status.empty()) page.status_datum = static_cast<int>(named - page.data.begin());
  return page;
}

bool Fits(const WebPage& page, const std::vector<absl::string_view>& segments, absl::string_view& wildcard) {
  if (page.segments.size() != segments.size()) return false;
  wildcard = "";
  for (size_t i = 0; i < segments.size(); ++i) {
    bool any = page.segments[i] == "*";
    if (any ? !IsWord(segments[i]) : page.segments[i] != segments[i]) return false;
    if (any && wildcard.empty()) wildcard = segments[i];
  }
  return true;
}

// The parameter's value as sent. A character that could end it cannot be in it: it came out of a query.
std::optional<absl::string_view> ParameterOf(absl::string_view query, absl::string_view name) {
  for (absl::string_view pair : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    if (parts.first == name) return parts.second;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<DataAddress> DataAddress::Parse(absl::string_view text) {
  if (!absl::StartsWith(text, "/v1/")) return Bad(absl::StrCat("\"", text, "\" is no address of the API"));
  DataAddress address;
  std::string literal;
  auto end_literal = [&] {
    if (!literal.empty()) address.pieces_.push_back({Piece::Kind::kText, std::exchange(literal, "")});
  };
  while (!text.empty()) {
    bool wildcard = absl::StartsWith(text, "$1");
    bool parameter = absl::StartsWith(text, "=?");
    literal.append(text.data(), wildcard ? 0 : 1);
    text.remove_prefix(wildcard || parameter ? 2 : 1);
    if (wildcard || parameter) end_literal();
    if (wildcard) address.pieces_.push_back({Piece::Kind::kWildcard, ""});
    if (!parameter) continue;
    size_t length = std::min(text.find('&'), text.size());
    address.pieces_.push_back({Piece::Kind::kParameter, std::string(text.substr(0, length))});
    text.remove_prefix(length);
  }
  end_literal();
  return address;
}

std::optional<std::string> DataAddress::Fill(absl::string_view wildcard, absl::string_view query) const {
  std::string address;
  for (const Piece& piece : pieces_) {
    if (piece.kind == Piece::Kind::kParameter) {
      std::optional<absl::string_view> value = ParameterOf(query, piece.text);
      if (!value || value->empty()) return std::nullopt;
      absl::StrAppend(&address, *value);
    } else {
      absl::StrAppend(&address, piece.kind == Piece::Kind::kWildcard ? wildcard : absl::string_view(piece.text));
    }
  }
  return address;
}

absl::StatusOr<PageTable> PageTable::Parse(absl::string_view json) {
  ASSIGN_OR_RETURN(JsonValue list, ParseJson(json));
  if (list.kind != Kind::kArray) return Bad("it must be a list");
  PageTable table;
  for (const JsonValue& entry : list.items) {
    ASSIGN_OR_RETURN(WebPage page, ReadPage(entry));
    if (page.path == "*" || page.path == "/404") {
      table.not_found_ = static_cast<int>(table.pages_.size());
    } else if (page.path[0] != '/') {
      return Bad(absl::StrCat("\"", page.path, "\" is no path"));
    }
    table.pages_.push_back(std::move(page));
  }
  return table;
}

const WebPage* PageTable::Find(absl::string_view path, absl::string_view& wildcard) const {
  if (path.empty() || path[0] != '/') return nullptr;
  std::vector<absl::string_view> segments = absl::StrSplit(path.substr(1), '/');
  for (const WebPage& page : pages_) {
    if (page.path != "*" && Fits(page, segments, wildcard)) return &page;
  }
  return nullptr;
}

}  // namespace lectern::api
