#include "api/gateway/static_files.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/gateway/compression.h"
#include "api/gateway/page_handler.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/http/range.h"
#include "common/token/token.h"

namespace lectern::api {
namespace {

constexpr int kGzipLevel = 9;
constexpr char kOpen[] = "Cache-Control: no-cache\r\nAccess-Control-Allow-Origin: *\r\n";
constexpr char kForADay[] = "Cache-Control: public, max-age=86400\r\n";
constexpr char kForEver[] = "Cache-Control: public, max-age=31536000, immutable\r\n";

std::string HeadersOf(absl::string_view path, absl::string_view etag, absl::string_view coding, bool has_others) {
  std::string headers = absl::StrCat("ETag: ", etag, "\r\n");
  if (absl::EndsWith(path, ".html")) {
    absl::StrAppend(&headers, *PageHeaders(), "Cache-Control: no-cache\r\n");
  } else {
    absl::StrAppend(&headers, "Content-Type: ", http::ContentTypeOf(path), "\r\nX-Content-Type-Options: nosniff\r\n",
                    absl::StartsWith(path, "/assets/") ? kForEver : absl::EndsWith(path, ".json") ? kOpen : kForADay);
  }
  if (!coding.empty()) absl::StrAppend(&headers, "Content-Encoding: ", coding, "\r\n");
  if (has_others) absl::StrAppend(&headers, "Vary: Accept-Encoding\r\n");
  return headers;
}

bool IsText(absl::string_view path) {
  absl::string_view type = http::ContentTypeOf(path);
  return absl::StartsWith(type, "text/") || type == "application/json" || type == "image/svg+xml";
}

bool IsCoded(absl::string_view path) { return absl::EndsWith(path, ".br") || absl::EndsWith(path, ".gz"); }

absl::Status NotBuilt(const std::string& folder) {
  return absl::NotFoundError(absl::StrCat("no web pages in ", folder, "; build them with: npm ci && npm run build in api/web"));
}

std::string Take(absl::flat_hash_map<std::string, std::string>& contents, const std::string& path) {
  auto found = contents.find(path);
  return found == contents.end() ? "" : std::move(found->second);
}

}  // namespace

StaticFiles::Form StaticFiles::MakeForm(const std::string& path, std::string content, absl::string_view coding, bool has_others) {
  std::string etag = absl::StrCat("\"", HexEncode(Sha256(content)).substr(0, 32), "\"");
  auto headers = std::make_shared<const std::string>(HeadersOf(path, etag, coding, has_others));
  return {std::make_shared<const std::string>(std::move(content)), std::move(etag), std::move(headers)};
}

StaticFiles::File StaticFiles::MakeFile(const std::string& path, absl::flat_hash_map<std::string, std::string>& contents) {
  std::string plain = Take(contents, path), gzip = Take(contents, path + ".gz"), brotli = Take(contents, path + ".br");
  if (gzip.empty() && IsText(path) && plain.size() > kWorthCompressing) gzip = Gzip(plain, kGzipLevel);
  bool several = !gzip.empty() || !brotli.empty();
  File file;
  if (!gzip.empty()) file.gzip = MakeForm(path, std::move(gzip), "gzip", several);
  if (!brotli.empty()) file.brotli = MakeForm(path, std::move(brotli), "br", several);
  file.plain = MakeForm(path, std::move(plain), "", several);
  return file;
}

absl::StatusOr<StaticFiles> StaticFiles::Load(const std::string& folder, bool with_pages) {
  absl::flat_hash_map<std::string, std::string> contents;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (!entry.is_regular_file()) continue;
    std::string path = absl::StrCat("/", std::filesystem::relative(entry.path(), folder).string());
    ASSIGN_OR_RETURN(contents[path], ReadFile(entry.path().string()));
  }
  if (error) return NotBuilt(folder);
  StaticFiles files;
  files.with_pages_ = with_pages;
  std::vector<std::string> paths;
  for (const auto& [path, content] : contents) paths.push_back(path);
  for (const std::string& path : paths) {
    bool page = absl::EndsWith(path, ".html");
    if (path == "/pages.json" || IsCoded(path) || (page && !with_pages)) continue;
    files.files_[absl::StripSuffix(path, ".html")] = MakeFile(path, contents);
  }
  if (with_pages && !files.files_.contains("/watch")) return NotBuilt(folder);
  return files;
}

void StaticFiles::Add(const std::string& path, std::string content) {
  absl::flat_hash_map<std::string, std::string> contents = {{path, std::move(content)}};
  files_[path] = MakeFile(path, contents);
}

http::Response StaticFiles::Serve(const http::RequestHead& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response response = http::ErrorResponse(405, "UNIMPLEMENTED", "Pages answer GET and HEAD only.");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  if (request.path == "/" && with_pages_) {
    http::Response response = http::TextResponse(303, "");
    response.headers.emplace_back("Location", "/watch");
    return response;
  }
  auto found = files_.find(request.path);
  if (found == files_.end()) return http::ErrorResponse(404, "NOT_FOUND", "There is no such page.", "PAGE_NOT_FOUND");
  const File& file = found->second;
  const Form* form = &file.plain;
  absl::string_view accepted = request.Find("Accept-Encoding");
  if (file.gzip.content && Accepts(accepted, "gzip")) form = &file.gzip;
  if (file.brotli.content && Accepts(accepted, "br")) form = &file.brotli;
  http::Response response;
  response.prepared_headers = form->headers;
  if (http::CheckPreconditions(request, {form->etag, absl::InfinitePast()}) == http::Precondition::kNotModified) {
    response.status = 304;
    return response;
  }
  response.body = http::SharedText{form->content, 0, form->content->size()};
  return response;
}

}  // namespace lectern::api
