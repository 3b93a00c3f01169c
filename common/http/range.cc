#include "common/http/range.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/text.h"

namespace lectern::http {
namespace {

constexpr char kImfFixdate[] = "%a, %d %b %Y %H:%M:%S GMT";

bool IsWeak(absl::string_view etag) {
  return absl::StartsWith(etag, "W/");
}

absl::string_view Opaque(absl::string_view etag) {
  absl::ConsumePrefix(&etag, "W/");
  return etag;
}

// Whether a list of entity tags ("*" or "a", W/"b") holds `etag`. A comma inside a tag splits it, which only makes a
// match rarer.
bool ListMatches(absl::string_view list, absl::string_view etag, bool strong) {
  if (absl::StripAsciiWhitespace(list) == "*") return true;
  for (absl::string_view item : absl::StrSplit(list, ',')) {
    item = absl::StripAsciiWhitespace(item);
    if (strong && (IsWeak(item) || IsWeak(etag))) continue;
    if (Opaque(item) == Opaque(etag)) return true;
  }
  return false;
}

RangeDecision Unsatisfiable() {
  return {RangeDecision::kUnsatisfiable, {}};
}

// "-n": the last n bytes.
RangeDecision Suffix(absl::string_view digits, uint64_t size) {
  std::optional<uint64_t> count = ParseDigits(digits);
  if (!count || *count == 0 || size == 0) return Unsatisfiable();
  uint64_t length = std::min(*count, size);
  return {RangeDecision::kPartial, {size - length, length}};
}

void AddContentRange(Response& response, const ByteRange& range, uint64_t size) {
  response.headers.emplace_back("Content-Range",
                                absl::StrCat("bytes ", range.first, "-", range.first + range.length - 1, "/", size));
}

}  // namespace

RangeDecision DecideRange(absl::string_view range_header, uint64_t size) {
  absl::string_view spec = absl::StripAsciiWhitespace(range_header);
  if (!absl::StartsWithIgnoreCase(spec, "bytes=")) return {};
  spec = absl::StripAsciiWhitespace(spec.substr(6));
  if (absl::StrContains(spec, ",")) return {};
  size_t dash = spec.find('-');
  if (dash == absl::string_view::npos) return Unsatisfiable();
  if (dash == 0) return Suffix(spec.substr(1), size);
  std::optional<uint64_t> first = ParseDigits(spec.substr(0, dash));
  if (!first || *first >= size) return Unsatisfiable();
  uint64_t last = size - 1;
  if (dash + 1 < spec.size()) {
    std::optional<uint64_t> given = ParseDigits(spec.substr(dash + 1));
    if (!given || *given < *first) return Unsatisfiable();
    last = std::min(last, *given);
  }
  return {RangeDecision::kPartial, {*first, last - *first + 1}};
}

Precondition CheckPreconditions(const RequestHead& request, const Validators& validators) {
  absl::string_view if_match = request.Find("If-Match");
  absl::string_view if_none_match = request.Find("If-None-Match");
  if (!if_match.empty()) {
    if (!ListMatches(if_match, validators.etag, /*strong=*/true)) return Precondition::kFailed;
  } else if (std::optional<absl::Time> unless = ParseHttpDate(request.Find("If-Unmodified-Since"))) {
    if (validators.last_modified > *unless) return Precondition::kFailed;
  }
  if (!if_none_match.empty()) {
    return ListMatches(if_none_match, validators.etag, /*strong=*/false) ? Precondition::kNotModified
                                                                         : Precondition::kProceed;
  }
  if (std::optional<absl::Time> since = ParseHttpDate(request.Find("If-Modified-Since"))) {
    if (validators.last_modified <= *since) return Precondition::kNotModified;
  }
  return Precondition::kProceed;
}

bool IfRangeAllows(const RequestHead& request, const Validators& validators) {
  absl::string_view condition = request.Find("If-Range");
  if (condition.empty()) return true;
  if (absl::StartsWith(condition, "\"")) return condition == validators.etag && !IsWeak(validators.etag);
  std::optional<absl::Time> date = ParseHttpDate(condition);
  // A date is a strong validator only once no second version can have the same one (RFC 9110 8.8.2.2).
  return date && *date == validators.last_modified && absl::Now() - *date > absl::Seconds(1);
}

std::string HttpDate(absl::Time time) {
  return absl::FormatTime(kImfFixdate, time, absl::UTCTimeZone());
}

std::optional<absl::Time> ParseHttpDate(absl::string_view text) {
  absl::Time time;
  if (text.size() != 29 || !absl::ParseTime(kImfFixdate, text, absl::UTCTimeZone(), &time, nullptr))
    return std::nullopt;
  return time;
}

absl::string_view ContentTypeOf(absl::string_view path) {
  static constexpr std::pair<absl::string_view, absl::string_view> kTypes[] = {
      {".m4s", "video/iso.segment"},
      {".m3u8", "application/vnd.apple.mpegurl"},
      {".mp4", "video/mp4"},
      {".ts", "video/mp2t"},
      {".vtt", "text/vtt; charset=utf-8"},
      {".webp", "image/webp"},
      {".jpg", "image/jpeg"},
      {".png", "image/png"},
      {".svg", "image/svg+xml"},
      {".json", "application/json"},
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".txt", "text/plain; charset=utf-8"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
  };
  for (const auto& [ending, type] : kTypes) {
    if (absl::EndsWith(path, ending)) return type;
  }
  return "application/octet-stream";
}

Response FileResponse(const RequestHead& request, std::shared_ptr<const Fd> file, uint64_t size,
                      const Validators& validators, std::shared_ptr<const std::string> headers) {
  Response response;
  response.prepared_headers = std::move(headers);
  response.headers.emplace_back("Accept-Ranges", "bytes");
  Precondition precondition = CheckPreconditions(request, validators);
  if (precondition != Precondition::kProceed) {
    response.status = precondition == Precondition::kNotModified ? 304 : 412;
    return response;
  }
  RangeDecision decision;
  // Range is defined for GET only (RFC 9110 14.2); two Range fields have no meaning at all.
  if (request.method == "GET" && request.Count("Range") == 1 && IfRangeAllows(request, validators)) {
    decision = DecideRange(request.Find("Range"), size);
  }
  if (decision.kind == RangeDecision::kUnsatisfiable) {
    response.status = 416;
    response.headers.emplace_back("Content-Range", absl::StrCat("bytes */", size));
    return response;
  }
  ByteRange range{0, size};
  if (decision.kind == RangeDecision::kPartial) {
    response.status = 206;
    range = decision.range;
    AddContentRange(response, range, size);
  }
  response.body = FileBody{std::move(file), range.first, range.length};
  return response;
}

}  // namespace lectern::http
