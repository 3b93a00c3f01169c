// The part of PlaybackService that gives recordings as files.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/playback_claims.h"
#include "api/services/services.h"
#include "common/base/file_name.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "lectern/v1/playback.pb.h"

namespace lectern::api {
namespace {

// So that a name with its folder fits into 255 bytes, and into an address also where each byte is three characters there.
constexpr size_t kMaxCourseBytes = 60;
constexpr size_t kMaxLectureBytes = 80;
// What is watched alone: both pictures, else the slides.
constexpr absl::string_view kBestViews[] = {"comb", "pres", "cam"};

// The finaliser puts live recordings together as MP4.
std::string ExtensionOf(const FileRow& file) {
  if (file.from_live) return ".mp4";
  const std::string extension = FileExtension(file.file_name);
  return extension.empty() ? "" : absl::StrCat(".", extension);
}

// "Analysis I - Limits (CAM).mp4"
std::string FileNameOf(const LectureRow& lecture, const FileRow& file) {
  const std::string course = CleanFileName(lecture.course_title, kMaxCourseBytes);
  const std::string title = CleanFileName(lecture.title, kMaxLectureBytes);
  const absl::string_view between = course.empty() || title.empty() ? "" : " - ";
  return CleanFileName(absl::StrCat(course, between, title, " (", absl::AsciiStrToUpper(file.view), ")", ExtensionOf(file)),
                       kMaxCourseBytes + kMaxLectureBytes + 20);
}

absl::Status NotPlayable(int64_t lecture) {
  return WithReason(absl::FailedPreconditionError(absl::StrCat(NameOf("lectures", lecture), " has no recording of that view yet")),
                    "NOT_PLAYABLE_YET");
}

// Of the view that was asked for, else the best.
absl::StatusOr<FileRow> Choose(const std::vector<FileRow>& files, const std::string& view, int64_t lecture) {
  auto find = [&](absl::string_view wanted) {
    return std::find_if(files.begin(), files.end(), [&](const FileRow& file) { return file.view == wanted; });
  };
  auto chosen = files.end();
  if (!view.empty()) chosen = find(view);
  for (absl::string_view best : kBestViews) {
    if (view.empty() && chosen == files.end()) chosen = find(best);
  }
  if (chosen == files.end()) return NotPlayable(lecture);
  if (chosen->complete) return *chosen;
  return WithReason(
      absl::FailedPreconditionError("there is no file of this view: it is on air, or was not put together afterwards"), "NO_FILE");
}

class DownloadService {
 public:
  explicit DownloadService(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status Create(CallContext& call, const v1::CreateDownloadRequest& request, v1::Download& download) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("lecture", request.lecture(), "lectures"));
    const std::string view = ViewWord(request.view());
    if (view.empty() && request.view() != v1::VIEW_UNSPECIFIED) return BadField("view", "", "write COMB, CAM or PRES, or none");
    ASSIGN_OR_RETURN(LectureRow lecture, deps_.stores.lectures.Get(id, call.caller));
    if (!lecture.downloads_enabled && call.level < Level::kLecturer) {
      return WithReason(absl::PermissionDeniedError("this course does not offer its recordings as files; watch them here, or "
                                                    "ask its lecturers"),
                        "DOWNLOADS_OFF");
    }
    ASSIGN_OR_RETURN(std::vector<FileRow> files, deps_.stores.assets.ListFiles(id));
    ASSIGN_OR_RETURN(FileRow file, Choose(files, view, id));
    ASSIGN_OR_RETURN(std::string keeper, KeeperOf(file));
    Answer(call.caller, lecture, file, keeper, download);
    return absl::OkStatus();
  }

 private:
  // Address of the VOD service. Nobody else has the file.
  absl::StatusOr<std::string> KeeperOf(const FileRow& file) const {
    const absl::StatusOr<ResourceRow> keeper = deps_.stores.resources.Get(file.vod_resource_id);
    if (!keeper.ok() && !absl::IsNotFound(keeper.status())) return keeper.status();
    if (keeper.ok() && keeper->session_state == "alive" && keeper->silence <= deps_.suspect_after) return keeper->public_url;
    return WithReason(absl::UnavailableError("the VOD service that keeps this recording does not answer; try again in a moment"),
                      "NO_VOD_SERVICE");
  }

  void Answer(const Caller& caller, const LectureRow& lecture, const FileRow& file, absl::string_view keeper,
              v1::Download& download) const {
    Claims claims = PlaybackClaims(caller, lecture.id, file.vod_resource_id, file.view, 0, deps_.clock.Now());
    claims.upload = file.upload_id;
    claims.download = true;
    const std::string name = FileNameOf(lecture, file);
    const std::string token = deps_.keys.Sign(Audience::kPlayback, claims);
    download.set_url(absl::StrCat(absl::StripSuffix(keeper, "/"), "/p/", token, "/", lecture.id, "/", file.view, "/download/",
                                  PercentEncode(name)));
    download.set_file_name(name);
    download.set_size_bytes(file.size_bytes);
    SetTime(claims.expires_at, *download.mutable_expire_time());
  }

  const ServiceDeps deps_;
};

}  // namespace

void AddDownloads(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<DownloadService>(deps);
  registry.Add("lectern.v1.PlaybackService.CreateDownload", service, &DownloadService::Create);
}

}  // namespace lectern::api
