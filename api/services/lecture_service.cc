#include <google/protobuf/empty.pb.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/media_removal.h"
#include "api/services/services.h"
#include "api/services/vod_choice.h"
#include "common/base/status.h"
#include "lectern/v1/lectures.pb.h"

namespace lectern::api {
namespace {

using google::protobuf::Empty;

constexpr int kMaxTitle = 300;
constexpr char kNoHall[] = "-";
constexpr size_t kMaxFileNameBytes = 255;
constexpr size_t kMaxFingerprintBytes = 128;
constexpr int64_t kMaxBookmarkSeconds = 7 * 24 * 3600;

absl::Status CheckFile(const v1::CreateUploadRequest& request) {
  if (ViewWord(request.view()).empty()) return BadField("view", "", "write COMB, CAM or PRES");
  if (request.size_bytes() == 0) {
    return WithReason(absl::InvalidArgumentError("the file is empty; a recording has at least one byte"), "EMPTY_FILE");
  }
  if (request.size_bytes() < 0) return BadField("size_bytes", absl::StrCat(request.size_bytes()), "write the size of the file");
  const std::string& name = request.file_name();
  bool control = std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (name.empty() || name.size() > kMaxFileNameBytes || control) {
    return BadField("file_name", control ? "" : name, "write 1 to 255 bytes without control characters");
  }
  const std::string& print = request.fingerprint();
  bool hex = std::all_of(print.begin(), print.end(), [](unsigned char c) { return absl::ascii_isxdigit(c); });
  if (print.empty() || print.size() > kMaxFingerprintBytes || !hex) {
    return BadField("fingerprint", print, "write 1 to 128 hex digits, the same for the same file");
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> PositionMs(const v1::CreateBookmarkRequest& request) {
  const auto& position = request.position();
  bool valid = position.seconds() >= 0 && position.seconds() <= kMaxBookmarkSeconds && position.nanos() >= 0 &&
               position.nanos() <= 999'999'999;
  if (!valid) return BadField("position", absl::StrCat(position.seconds(), "s"), "write a time from the lecture's start");
  return position.seconds() * 1000 + position.nanos() / 1'000'000;
}

class LectureService {
 public:
  explicit LectureService(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status Create(CallContext&, const v1::CreateLectureRequest& request, v1::Lecture& lecture) {
    NewLecture row;
    ASSIGN_OR_RETURN(row.course_id, RequireName("course", request.course(), "courses"));
    ASSIGN_OR_RETURN(row.title, RequireText("title", request.title(), kMaxTitle));
    ASSIGN_OR_RETURN(row.starts_at, OptionalTime("start_time", request.has_start_time(), request.start_time()));
    ASSIGN_OR_RETURN(row.ends_at, OptionalTime("end_time", request.has_end_time(), request.end_time()));
    RETURN_IF_ERROR(CheckOrder(row.starts_at, row.ends_at));
    ASSIGN_OR_RETURN(row.hall_id, OptionalName("hall", request.hall(), "halls"));
    if (row.hall_id) RETURN_IF_ERROR(CheckHall(*row.hall_id, row.course_id));
    ASSIGN_OR_RETURN(LectureRow inserted, deps_.stores.lectures.Insert(row));
    ToProto(inserted, lecture);
    return absl::OkStatus();
  }

  absl::Status Get(CallContext&, const v1::GetLectureRequest& request, v1::Lecture& lecture) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "lectures"));
    ASSIGN_OR_RETURN(LectureRow row, deps_.stores.lectures.Get(id));
    ToProto(row, lecture);
    return absl::OkStatus();
  }

  absl::Status List(CallContext& call, const v1::ListLecturesRequest& request, v1::ListLecturesResponse& response) {
    ASSIGN_OR_RETURN(int64_t course, RequireName("course", request.course(), "courses"));
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 50, 200));
    ASSIGN_OR_RETURN(Page<LectureRow> lectures, deps_.stores.lectures.List(course, page, call.caller));
    for (const LectureRow& row : lectures.rows) ToProto(row, *response.add_lectures());
    response.set_next_page_token(lectures.next_token);
    return absl::OkStatus();
  }

  absl::Status Update(CallContext&, const v1::UpdateLectureRequest& request, v1::Lecture& lecture) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "lectures"));
    LectureChange change;
    if (!request.title().empty()) {
      ASSIGN_OR_RETURN(change.title, RequireText("title", request.title(), kMaxTitle));
    }
    ASSIGN_OR_RETURN(change.starts_at, OptionalTime("start_time", request.has_start_time(), request.start_time()));
    ASSIGN_OR_RETURN(change.ends_at, OptionalTime("end_time", request.has_end_time(), request.end_time()));
    RETURN_IF_ERROR(CheckOrder(change.starts_at, change.ends_at));
    if (request.hall() == kNoHall) {
      change.hall_id = 0;
    } else if (!request.hall().empty()) {
      ASSIGN_OR_RETURN(change.hall_id, OptionalName("hall", request.hall(), "halls"));
      ASSIGN_OR_RETURN(LectureRow lecture_now, deps_.stores.lectures.Get(id));
      RETURN_IF_ERROR(CheckHall(*change.hall_id, lecture_now.course_id));
    }
    ASSIGN_OR_RETURN(LectureRow row, deps_.stores.lectures.Update(id, change));
    ToProto(row, lecture);
    return absl::OkStatus();
  }

  absl::Status Delete(CallContext& call, const v1::DeleteLectureRequest& request, Empty&) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "lectures"));
    RETURN_IF_ERROR(EndStreams(id, "the lecture was deleted"));
    std::vector<std::string> instances;
    RETURN_IF_ERROR(deps_.pool.Transaction([&](pg::Session& session) -> absl::Status {
      ASSIGN_OR_RETURN(std::vector<MediaRow> media, deps_.stores.assets.MediaOfLecture(session, id));
      ASSIGN_OR_RETURN(instances, RemoveMedia(session, deps_.stores.jobs, deps_.stores.revocations, media, call.caller.user_id));
      return deps_.stores.lectures.Delete(session, id);
    }));
    TellOfRemoval(deps_.hints, instances);
    return absl::OkStatus();
  }

  absl::Status End(CallContext&, const v1::EndLectureRequest& request, v1::Lecture& lecture) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "lectures"));
    // First, so that nobody takes a stream up again in between.
    RETURN_IF_ERROR(deps_.stores.lectures.End(id).status());
    RETURN_IF_ERROR(EndStreams(id, "the lecture was ended"));
    ASSIGN_OR_RETURN(LectureRow row, deps_.stores.lectures.Get(id));
    ToProto(row, lecture);
    return absl::OkStatus();
  }

  absl::Status CreateUpload(CallContext& call, const v1::CreateUploadRequest& request, v1::Upload& upload) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("lecture", request.lecture(), "lectures"));
    RETURN_IF_ERROR(CheckFile(request));
    ASSIGN_OR_RETURN(LectureRow lecture, deps_.stores.lectures.Get(id));
    ASSIGN_OR_RETURN(EligibleResource chosen, ChooseVodService(deps_.stores.resources, lecture.organization_id,
                                                               request.size_bytes(), deps_.suspect_after));
    NewUpload row;
    row.lecture_id = id;
    row.view = ViewWord(request.view());
    row.vod_resource_id = chosen.id;
    row.file_name = request.file_name();
    row.fingerprint = absl::AsciiStrToLower(request.fingerprint());
    row.size_bytes = request.size_bytes();
    row.created_by = call.caller.user_id;
    ASSIGN_OR_RETURN(OpenedUpload opened, deps_.stores.assets.OpenUpload(row));
    std::string url = chosen.public_url;
    if (opened.asset.vod_resource_id != chosen.id) {
      ASSIGN_OR_RETURN(ResourceRow keeper, deps_.stores.resources.Get(opened.asset.vod_resource_id));
      url = keeper.public_url;
    }
    Answer(call, opened.asset, id, url, upload);
    return absl::OkStatus();
  }

  absl::Status CreateBookmark(CallContext& call, const v1::CreateBookmarkRequest& request, v1::Bookmark& bookmark) {
    ASSIGN_OR_RETURN(int64_t user, RequireSignedIn(call));
    ASSIGN_OR_RETURN(int64_t id, RequireName("lecture", request.lecture(), "lectures"));
    ASSIGN_OR_RETURN(std::string text, RequireText("text", request.text(), 2000));
    ASSIGN_OR_RETURN(int64_t position_ms, PositionMs(request));
    ASSIGN_OR_RETURN(BookmarkRow row, deps_.stores.lectures.InsertBookmark(id, user, position_ms, text));
    ToProto(row, bookmark);
    return absl::OkStatus();
  }

  absl::Status ListBookmarks(CallContext& call, const v1::ListBookmarksRequest& request, v1::ListBookmarksResponse& response) {
    ASSIGN_OR_RETURN(int64_t user, RequireSignedIn(call));
    ASSIGN_OR_RETURN(int64_t id, RequireName("lecture", request.lecture(), "lectures"));
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 50, 200));
    ASSIGN_OR_RETURN(Page<BookmarkRow> bookmarks, deps_.stores.lectures.ListBookmarks(id, user, page));
    for (const BookmarkRow& row : bookmarks.rows) ToProto(row, *response.add_bookmarks());
    response.set_next_page_token(bookmarks.next_token);
    return absl::OkStatus();
  }

  absl::Status DeleteBookmark(CallContext& call, const v1::DeleteBookmarkRequest& request, Empty&) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "bookmarks"));
    return deps_.stores.lectures.DeleteBookmark(call.caller.user_id, id);
  }

 private:
  static absl::Status CheckOrder(std::optional<absl::Time> start, std::optional<absl::Time> end) {
    if (!start || !end || *end > *start) return absl::OkStatus();
    return BadField("end_time", absl::FormatTime(*end, absl::UTCTimeZone()), "write a time after start_time");
  }

  // Where the course's lectures can take place.
  absl::Status CheckHall(int64_t hall, int64_t course) {
    ASSIGN_OR_RETURN(bool serves, deps_.stores.halls.Serves(hall, course));
    if (serves) return absl::OkStatus();
    return WithReason(absl::NotFoundError(absl::StrCat(NameOf("halls", hall), " does not exist, or is neither of this course's "
                                                       "organization nor of one above it")),
                      "HALL_NOT_FOUND");
  }

  absl::Status EndStreams(int64_t lecture, absl::string_view reason) {
    ASSIGN_OR_RETURN(std::vector<int64_t> streams, deps_.stores.live.ListRunning(lecture));
    return streams.empty() ? absl::OkStatus() : deps_.live.End(streams, reason, true);
  }

  void Answer(const CallContext& call, const AssetRow& asset, int64_t lecture, absl::string_view url, v1::Upload& upload) {
    Claims claims;
    claims.subject = call.caller.Name();
    claims.issued_at = deps_.clock.Now();
    claims.expires_at = claims.issued_at + MaxLifetime(Audience::kUpload);
    claims.upload = asset.upload_id;
    claims.lecture = lecture;
    claims.view = asset.view;
    claims.size_bytes = asset.size_bytes;
    claims.resource = asset.vod_resource_id;
    url = absl::StripSuffix(url, "/");
    upload.set_upload_id(asset.upload_id);
    upload.set_create_url(absl::StrCat(url, "/uploads"));
    upload.set_upload_url(absl::StrCat(url, "/uploads/", asset.upload_id));
    upload.set_token(deps_.keys.Sign(Audience::kUpload, claims));
    SetTime(claims.expires_at, *upload.mutable_expire_time());
    upload.set_vod_service(NameOf("resources", asset.vod_resource_id));
  }

  const ServiceDeps deps_;
};

}  // namespace

void AddLectureService(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<LectureService>(deps);
  registry.Add("lectern.v1.LectureService.CreateLecture", service, &LectureService::Create);
  registry.Add("lectern.v1.LectureService.GetLecture", service, &LectureService::Get);
  registry.Add("lectern.v1.LectureService.ListLectures", service, &LectureService::List);
  registry.Add("lectern.v1.LectureService.UpdateLecture", service, &LectureService::Update);
  registry.Add("lectern.v1.LectureService.DeleteLecture", service, &LectureService::Delete);
  registry.Add("lectern.v1.LectureService.EndLecture", service, &LectureService::End);
  registry.Add("lectern.v1.LectureService.CreateUpload", service, &LectureService::CreateUpload);
  registry.Add("lectern.v1.LectureService.CreateBookmark", service, &LectureService::CreateBookmark);
  registry.Add("lectern.v1.LectureService.ListBookmarks", service, &LectureService::ListBookmarks);
  registry.Add("lectern.v1.LectureService.DeleteBookmark", service, &LectureService::DeleteBookmark);
}

}  // namespace lectern::api
