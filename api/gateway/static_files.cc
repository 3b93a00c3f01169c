#include "api/gateway/static_files.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/http/range.h"
#include "common/token/token.h"

namespace lectern::api {
namespace {

// Media comes from edges on other origins, and hls.js feeds it through blobs and a worker; everything else is our own.
constexpr char kPageHeaders[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src blob: http: https:; connect-src 'self' http: https:; worker-src blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cache-Control: no-cache\r\n";
constexpr char kAssetHeaders[] = "Cache-Control: public, max-age=31536000, immutable\r\n";

std::string HeadersOf(absl::string_view path, absl::string_view etag) {
  bool page = absl::EndsWith(path, ".html");
  return absl::StrCat("Content-Type: ", http::ContentTypeOf(path), page ? "; charset=utf-8" : "", "\r\nETag: ", etag,
                      "\r\nX-Content-Type-Options: nosniff\r\n", page ? kPageHeaders : kAssetHeaders);
}

absl::Status NotBuilt(const std::string& folder) {
  return absl::NotFoundError(absl::StrCat("no web pages in ", folder, "; build them with: npm ci && npm run build in api/web"));
}

}  // namespace

absl::StatusOr<StaticFiles> StaticFiles::Load(const std::string& folder) {
  StaticFiles files;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (!entry.is_regular_file()) continue;
    std::string path = absl::StrCat("/", std::filesystem::relative(entry.path(), folder).string());
    ASSIGN_OR_RETURN(std::string content, ReadFile(entry.path().string()));
    std::string etag = absl::StrCat("\"", HexEncode(Sha256(content)).substr(0, 32), "\"");
    auto headers = std::make_shared<const std::string>(HeadersOf(path, etag));
    absl::string_view url = absl::StripSuffix(path, ".html");
    files.files_[url] = File{std::move(content), std::move(etag), std::move(headers)};
  }
  if (error || !files.files_.contains("/watch")) return NotBuilt(folder);
  return files;
}

http::Response StaticFiles::Serve(const http::RequestHead& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response response = http::ErrorResponse(405, "UNIMPLEMENTED", "Pages answer GET and HEAD only.");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  if (request.path == "/") {
    http::Response response = http::TextResponse(303, "");
    response.headers.emplace_back("Location", "/watch");
    return response;
  }
  auto found = files_.find(request.path);
  if (found == files_.end()) return http::ErrorResponse(404, "NOT_FOUND", "There is no such page.", "PAGE_NOT_FOUND");
  const File& file = found->second;
  http::Response response;
  response.prepared_headers = file.headers;
  if (http::CheckPreconditions(request, {file.etag, absl::InfinitePast()}) == http::Precondition::kNotModified) {
    response.status = 304;
    return response;
  }
  response.body = file.content;
  return response;
}

}  // namespace lectern::api
