#include "worker/steps/http_head.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace lectern::worker {
namespace {

void ReadCredentials(absl::string_view value, ProxyRequest& request) {
  std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(value, absl::MaxSplits(' ', 1));
  std::string decoded;
  if (!absl::EqualsIgnoreCase(parts.first, "Basic") || !absl::Base64Unescape(parts.second, &decoded)) return;
  std::pair<std::string, std::string> pair = absl::StrSplit(decoded, absl::MaxSplits(':', 1));
  request.user = pair.first;
  request.secret = pair.second;
}

bool ReadTarget(absl::string_view target, ProxyRequest& request) {
  if (!absl::ConsumePrefix(&target, "http://")) return false;
  size_t slash = target.find('/');
  request.host = absl::AsciiStrToLower(absl::StripSuffix(target.substr(0, slash), ":80"));
  request.path = slash == absl::string_view::npos ? "/" : std::string(target.substr(slash));
  return !request.host.empty();
}

}  // namespace

std::optional<ProxyRequest> ParseProxyRequest(absl::string_view head) {
  std::vector<absl::string_view> lines = absl::StrSplit(head, "\r\n");
  std::vector<absl::string_view> words = absl::StrSplit(lines[0], ' ');
  ProxyRequest request;
  if (words.size() != 3 || !absl::StartsWith(words[2], "HTTP/1.") || !ReadTarget(words[1], request)) return std::nullopt;
  request.method = std::string(words[0]);
  for (size_t i = 1; i < lines.size() && !lines[i].empty(); ++i) {
    std::pair<absl::string_view, absl::string_view> field = absl::StrSplit(lines[i], absl::MaxSplits(':', 1));
    absl::string_view value = absl::StripAsciiWhitespace(field.second);
    if (absl::EqualsIgnoreCase(field.first, "Range")) request.range = std::string(value);
    if (absl::EqualsIgnoreCase(field.first, "Proxy-Authorization")) ReadCredentials(value, request);
  }
  return request;
}

}  // namespace lectern::worker
