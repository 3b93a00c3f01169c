#include "vod_service/http/download_handler.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/file_name.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/http/disposition.h"
#include "common/http/range.h"
#include "vod_service/http/errors.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {
namespace {

constexpr size_t kMaxPathBytes = 6000;
constexpr size_t kMaxNameBytes = 200;
constexpr size_t kParts = 5;   // "", token, lecture, view, "download", and the name
constexpr absl::string_view kWord = "download";

// Anything that is no picture or sound is bytes: what was uploaded is not trusted to be what its name says.
absl::string_view TypeOf(absl::string_view name) {
  static constexpr std::pair<absl::string_view, absl::string_view> kTypes[] = {
      {"mp4", "video/mp4"},  {"m4v", "video/mp4"},        {"mov", "video/quicktime"}, {"mkv", "video/x-matroska"},
      {"webm", "video/webm"}, {"ts", "video/mp2t"},       {"mpg", "video/mpeg"},      {"avi", "video/x-msvideo"},
      {"m4a", "audio/mp4"},  {"mp3", "audio/mpeg"},       {"ogg", "audio/ogg"},       {"wav", "audio/wav"}};
  const std::string extension = FileExtension(name);
  for (const auto& [known, type] : kTypes) {
    if (extension == known) return type;
  }
  return "application/octet-stream";
}

struct Wanted {
  absl::string_view token;
  int64_t lecture = 0;
  absl::string_view view;
  std::string name;   // clean
};

std::optional<Wanted> Parse(absl::string_view path) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  if (path.size() > kMaxPathBytes || parts.size() < kParts || parts.size() > kParts + 1 || parts[4] != kWord) return std::nullopt;
  const std::optional<uint64_t> lecture = ParseDigits(parts[2]);
  // A leading zero would be a second name of the same lecture.
  if (!lecture || *lecture > (uint64_t{1} << 62) || parts[2].front() == '0' || !IsView(parts[3])) return std::nullopt;
  Wanted wanted{parts[1], static_cast<int64_t>(*lecture), parts[3], ""};
  if (parts.size() > kParts) {
    const std::optional<std::string> name = PercentDecode(parts[5]);
    if (!name) return std::nullopt;
    wanted.name = CleanFileName(*name, kMaxNameBytes);
  }
  if (wanted.name.empty()) wanted.name = absl::StrCat("recording-", wanted.lecture, "-", wanted.view);
  return wanted;
}

}  // namespace

bool DownloadHandler::IsDownload(absl::string_view path) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, absl::MaxSplits('/', kParts));
  return parts.size() >= kParts && parts[4] == kWord;
}

http::Response DownloadHandler::Handle(const http::RequestHead& head, absl::string_view path) const {
  if (head.method != "GET" && head.method != "HEAD") return NotAllowed("GET, HEAD, OPTIONS");
  const std::optional<Wanted> wanted = Parse(path);
  if (!wanted) return UnknownPath();
  const absl::StatusOr<Claims> claims = access_.CheckDownload(wanted->token, wanted->lecture, wanted->view);
  if (!claims.ok()) return ErrorAnswer(claims.status());
  auto blob = blobs_.Open(RecordingKey(claims->upload));
  if (absl::IsNotFound(blob.status()) || absl::IsInvalidArgument(blob.status())) return UnknownPath();
  if (!blob.ok()) return ErrorAnswer(blob.status());
  auto headers = std::make_shared<const std::string>(
      absl::StrCat("Content-Type: ", TypeOf(wanted->name), "\r\nContent-Disposition: ", http::Attachment(wanted->name),
                   "\r\nETag: ", blob->info.etag, "\r\nLast-Modified: ", http::HttpDate(blob->info.modified),
                   // The address holds the right, so that nobody else's cache may answer for it; and the bytes stay as they are.
                   "\r\nCache-Control: private, no-cache, no-transform\r\nX-Content-Type-Options: nosniff\r\n"));
  const http::Validators validators{blob->info.etag, absl::FromUnixSeconds(absl::ToUnixSeconds(blob->info.modified))};
  return http::FileResponse(head, std::move(blob->file), blob->info.size_bytes, validators, std::move(headers));
}

}  // namespace lectern::vod
