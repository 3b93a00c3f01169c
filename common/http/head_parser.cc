#include "common/http/head_parser.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "common/base/text.h"

namespace lectern::http {
namespace {

using HeaderViews = std::vector<std::pair<absl::string_view, absl::string_view>>;

// RFC 9110 5.6.2.
constexpr std::array<bool, 256> TokenTable() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  for (char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) table[c] = true;
  return table;
}
constexpr std::array<bool, 256> kToken = TokenTable();

bool IsToken(absl::string_view text) {
  for (char c : text) {
    if (!kToken[static_cast<uint8_t>(c)]) return false;
  }
  return !text.empty();
}

bool IsFieldValue(absl::string_view text) {
  for (char c : text) {
    uint8_t byte = static_cast<uint8_t>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7F) return false;
  }
  return true;
}

bool IsTarget(absl::string_view text) {
  for (char c : text) {
    if (static_cast<uint8_t>(c) <= 0x20 || static_cast<uint8_t>(c) >= 0x7F) return false;
  }
  return !text.empty();
}

// White space around a value is no part of it; most values have exactly one space before them.
absl::string_view TrimSpace(absl::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Whether a comma-separated list holds the token.
bool ListHas(absl::string_view list, absl::string_view token) {
  for (absl::string_view item : absl::StrSplit(list, ',')) {
    if (absl::EqualsIgnoreCase(TrimSpace(item), token)) return true;
  }
  return false;
}

// Takes the line up to CRLF off `rest`. False for a line that ends otherwise.
bool TakeLine(absl::string_view& rest, absl::string_view& line) {
  size_t end = rest.find('\n');
  if (end == absl::string_view::npos || end == 0 || rest[end - 1] != '\r') return false;
  line = rest.substr(0, end - 1);
  rest.remove_prefix(end + 1);
  return true;
}

bool ParseFields(absl::string_view rest, HeaderViews& headers) {
  absl::string_view line;
  while (true) {
    if (!TakeLine(rest, line)) return false;
    if (line.empty()) return true;
    size_t colon = line.find(':');
    if (colon == absl::string_view::npos) return false;
    absl::string_view value = TrimSpace(line.substr(colon + 1));
    // A folded line starts with white space, which is no token character.
    if (!IsToken(line.substr(0, colon)) || !IsFieldValue(value)) return false;
    headers.emplace_back(line.substr(0, colon), value);
  }
}

// What the fields say about body and connection; `content_length` stays -1 where absent.
struct FieldFacts {
  int hosts = 0;
  int transfer_encodings = 0;
  int64_t content_length = -1;
};

ParseResult ApplyField(absl::string_view name, absl::string_view value, Framing& framing, FieldFacts& facts) {
  switch (name.size()) {
    case 4:
      if (absl::EqualsIgnoreCase(name, "Host")) ++facts.hosts;
      break;
    case 6:
      if (absl::EqualsIgnoreCase(name, "Expect")) {
        (absl::EqualsIgnoreCase(value, "100-continue") ? framing.expect_continue : framing.unknown_expectation) = true;
      }
      break;
    case 10:
      if (absl::EqualsIgnoreCase(name, "Connection")) {
        if (ListHas(value, "close")) framing.keep_alive = false;
        if (framing.http_1_0 && ListHas(value, "keep-alive")) framing.keep_alive = true;
      }
      break;
    case 14:
      if (absl::EqualsIgnoreCase(name, "Content-Length")) {
        std::optional<uint64_t> length = ParseDigits(value);
        if (!length || *length > uint64_t{1} << 62 || facts.content_length >= 0) return ParseResult::kBad;
        facts.content_length = static_cast<int64_t>(*length);
      }
      break;
    case 17:
      if (absl::EqualsIgnoreCase(name, "Transfer-Encoding")) {
        ++facts.transfer_encodings;
        if (!absl::EqualsIgnoreCase(value, "chunked")) return ParseResult::kUnsupported;
        framing.chunked = true;
      }
      break;
    default:
      break;
  }
  return ParseResult::kComplete;
}

ParseResult ApplyFields(const HeaderViews& headers, Framing& framing, FieldFacts& facts) {
  framing.keep_alive = !framing.http_1_0;
  for (const auto& [name, value] : headers) {
    ParseResult result = ApplyField(name, value, framing, facts);
    if (result != ParseResult::kComplete) return result;
  }
  bool smuggling = facts.transfer_encodings > 1 ||
                   (facts.transfer_encodings == 1 && (facts.content_length >= 0 || framing.http_1_0));
  return smuggling ? ParseResult::kBad : ParseResult::kComplete;
}

// "HTTP/1.1" and "HTTP/1.0".
ParseResult ParseVersion(absl::string_view text, Framing& framing) {
  if (text.size() != 8 || !absl::StartsWith(text, "HTTP/")) return ParseResult::kBad;
  if (text == "HTTP/1.1") return ParseResult::kComplete;
  framing.http_1_0 = text == "HTTP/1.0";
  return framing.http_1_0 ? ParseResult::kComplete : ParseResult::kBadVersion;
}

// Finds the end of the head. A bare LF would hide the end from this search, so it is looked for here as well.
ParseResult FindEnd(absl::string_view bytes, Framing& framing) {
  size_t end = bytes.find("\r\n\r\n");
  if (end != absl::string_view::npos) {
    framing.head_bytes = end + 4;
    return ParseResult::kComplete;
  }
  for (size_t at = bytes.find('\n'); at != absl::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (at == 0 || bytes[at - 1] != '\r') return ParseResult::kBad;
  }
  return ParseResult::kNeedMore;
}

ParseResult ParseRequestLine(absl::string_view line, RequestHead& head, Framing& framing) {
  size_t first = line.find(' ');
  size_t last = line.rfind(' ');
  if (first == absl::string_view::npos || last == first) return ParseResult::kBad;
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  if (!IsToken(head.method) || !IsTarget(head.target)) return ParseResult::kBad;
  if (head.target.front() != '/' && !(head.target == "*" && head.method == "OPTIONS")) return ParseResult::kBad;
  size_t question = head.target.find('?');
  head.path = head.target.substr(0, question);
  head.query = question == absl::string_view::npos ? "" : head.target.substr(question + 1);
  return ParseVersion(line.substr(last + 1), framing);
}

}  // namespace

ParseResult ParseRequestHead(absl::string_view bytes, RequestHead& head, Framing& framing) {
  framing = Framing();
  ParseResult result = FindEnd(bytes, framing);
  if (result != ParseResult::kComplete) return result;
  absl::string_view rest = bytes.substr(0, framing.head_bytes);
  absl::string_view line;
  if (!TakeLine(rest, line)) return ParseResult::kBad;
  result = ParseRequestLine(line, head, framing);
  if (result != ParseResult::kComplete) return result;
  head.headers.clear();
  if (!ParseFields(rest, head.headers)) return ParseResult::kBad;
  FieldFacts facts;
  result = ApplyFields(head.headers, framing, facts);
  if (result != ParseResult::kComplete) return result;
  if (facts.hosts > 1 || (facts.hosts == 0 && !framing.http_1_0)) return ParseResult::kBad;
  head.content_length = facts.content_length;
  head.has_body = framing.chunked || facts.content_length > 0;
  return ParseResult::kComplete;
}

absl::string_view ResponseHead::Find(absl::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

ParseResult ParseResponseHead(absl::string_view bytes, ResponseHead& head, Framing& framing) {
  framing = Framing();
  ParseResult result = FindEnd(bytes, framing);
  if (result != ParseResult::kComplete) return result;
  absl::string_view rest = bytes.substr(0, framing.head_bytes);
  absl::string_view line;
  if (!TakeLine(rest, line) || line.size() < 12 || line[8] != ' ') return ParseResult::kBad;
  result = ParseVersion(line.substr(0, 8), framing);
  if (result != ParseResult::kComplete) return result;
  std::optional<uint64_t> status = ParseDigits(line.substr(9, 3));
  if (!status || *status < 100 || *status > 599) return ParseResult::kBad;
  head.status = static_cast<int>(*status);
  head.headers.clear();
  if (!ParseFields(rest, head.headers)) return ParseResult::kBad;
  FieldFacts facts;
  result = ApplyFields(head.headers, framing, facts);
  head.content_length = facts.content_length;
  return result;
}

}  // namespace lectern::http
