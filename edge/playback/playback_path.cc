#include "edge/playback/playback_path.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::edge {
namespace {

constexpr size_t kMaxKeyBytes = 512;

absl::Status Unknown() {
  return WithReason(absl::NotFoundError("There is nothing at this address."), "NOT_FOUND");
}

// Splits the part before the next '/' off; absent '/' takes all.
absl::string_view TakeSegment(absl::string_view& rest) {
  size_t slash = rest.find('/');
  absl::string_view segment = rest.substr(0, slash);
  rest = slash == absl::string_view::npos ? "" : rest.substr(slash + 1);
  return segment;
}

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
}

bool ArePathSegments(absl::string_view path) {
  bool at_start = true;
  for (char c : path) {
    if (at_start ? !absl::ascii_isalnum(static_cast<unsigned char>(c)) : c != '/' && !IsNameCharacter(c)) return false;
    at_start = c == '/';
  }
  return !at_start;
}

// A JWT has exactly two dots.
bool LooksLikeToken(absl::string_view text) {
  return std::count(text.begin(), text.end(), '.') == 2;
}

}  // namespace

absl::StatusOr<PlaybackPath> ParsePlaybackPath(absl::string_view path) {
  PlaybackPath parsed;
  absl::string_view rest = path;
  if (!absl::ConsumePrefix(&rest, "/p/")) return Unknown();
  parsed.token = TakeSegment(rest);
  if (!LooksLikeToken(parsed.token)) {
    return WithReason(absl::UnauthenticatedError("A playback token is needed: open the lecture's page again."),
                      "TOKEN_MISSING");
  }
  parsed.key = rest;
  absl::string_view lecture = TakeSegment(rest);
  std::optional<uint64_t> id = ParseDigits(lecture);
  // A leading zero would be a second name of the same lecture.
  if (!id || *id == 0 || *id > INT64_MAX || lecture.front() == '0') return Unknown();
  parsed.lecture = static_cast<int64_t>(*id);
  parsed.view = TakeSegment(rest);
  parsed.path = rest;
  bool view = parsed.view == "comb" || parsed.view == "cam" || parsed.view == "pres";
  if (!view || parsed.key.size() > kMaxKeyBytes || !ArePathSegments(parsed.path)) return Unknown();
  // Whole recordings come from the VOD service itself: they would only push out of the cache what people watch.
  if (parsed.path == "download" || absl::StartsWith(parsed.path, "download/")) return Unknown();
  return parsed;
}

}  // namespace lectern::edge
