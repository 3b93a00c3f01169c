#include "api/services/source_url.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::api {
namespace {

constexpr size_t kMaxUrlBytes = 2000;

absl::Status BadSource(absl::string_view why) {
  return WithReason(absl::InvalidArgumentError(absl::StrCat(
                        "field \"url\": ", why, "; write an address such as rtsp://user:password@10.0.0.7/stream1 (rtsp, "
                        "rtsps, rtmp or rtmps)")),
                    "BAD_SOURCE");
}

bool IsKnownScheme(absl::string_view scheme) {
  return scheme == "rtsp" || scheme == "rtsps" || scheme == "rtmp" || scheme == "rtmps";
}

// "10.0.0.7:554", "camera.example.org", "[2001:db8::7]:554"
bool IsHostAndPort(absl::string_view text) {
  size_t end = 0;
  if (!text.empty() && text[0] == '[') {
    end = text.find(']');
    if (end == absl::string_view::npos || end < 3) return false;
    for (char c : text.substr(1, end - 1)) {
      if (!absl::ascii_isxdigit(static_cast<unsigned char>(c)) && c != ':' && c != '.') return false;
    }
    ++end;
  } else {
    auto plain = [](unsigned char c) { return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_'; };
    end = static_cast<size_t>(std::find_if_not(text.begin(), text.end(), plain) - text.begin());
    if (end == 0 || text[0] == '-') return false;
  }
  if (end == text.size()) return true;
  if (text[end] != ':') return false;
  std::optional<uint64_t> port = ParseDigits(text.substr(end + 1));
  return port && *port >= 1 && *port <= 65535;
}

}  // namespace

absl::StatusOr<std::string> ShownSource(absl::string_view url) {
  if (url.size() > kMaxUrlBytes) return BadSource("the address is longer than 2000 bytes");
  if (std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7F || c == '\\' || c == '#'; })) {
    return BadSource("the address holds white space or another character that no address has");
  }
  const size_t scheme_end = url.find("://");
  if (scheme_end == absl::string_view::npos) return BadSource("this is no address");
  const std::string scheme = absl::AsciiStrToLower(url.substr(0, scheme_end));
  if (!IsKnownScheme(scheme)) return BadSource("this kind of address is not supported");
  absl::string_view rest = url.substr(scheme_end + 3);
  const size_t authority_end = std::min(rest.size(), rest.find_first_of("/?"));
  absl::string_view authority = rest.substr(0, authority_end);
  absl::string_view path = rest.substr(authority_end);
  // Else what stands before it could be part of a password, and would be shown.
  if (path.find('@') != absl::string_view::npos) return BadSource("the address has an @ behind a slash (in passwords / is %2F)");
  // The last one: a password may hold an @.
  const size_t at = authority.rfind('@');
  absl::string_view host = at == absl::string_view::npos ? authority : authority.substr(at + 1);
  if (!IsHostAndPort(host)) return BadSource("the address has no host, or a port that cannot be");
  const size_t query = path.find('?');
  return absl::StrCat(scheme, "://", at == absl::string_view::npos ? "" : "***@", host, path.substr(0, query),
                      query == absl::string_view::npos ? "" : "?***");
}

}  // namespace lectern::api
