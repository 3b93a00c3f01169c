#include <google/protobuf/empty.pb.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/pictures.h"
#include "api/services/services.h"
#include "common/base/status.h"
#include "lectern/v1/lectures.pb.h"

namespace lectern::api {
namespace {

using google::protobuf::Empty;

constexpr int64_t kMaxPositionSeconds = 7 * 24 * 3600;

absl::StatusOr<int64_t> PositionMs(absl::string_view field, const google::protobuf::Duration& position) {
  bool valid = position.seconds() >= 0 && position.seconds() <= kMaxPositionSeconds && position.nanos() >= 0 &&
               position.nanos() <= 999'999'999;
  if (!valid) return BadField(field, absl::StrCat(position.seconds(), "s"), "write a time from the lecture's start");
  return position.seconds() * 1000 + position.nanos() / 1'000'000;
}

// What of a bookmark is to change: the fields in the mask; without one those that are set.
struct BookmarkChange {
  bool position = false;
  bool text = false;
};

absl::StatusOr<BookmarkChange> ChangeOf(const v1::UpdateBookmarkRequest& request) {
  BookmarkChange change;
  if (request.update_mask().paths().empty()) {
    change.position = request.bookmark().has_position();
    change.text = !request.bookmark().text().empty();
    return change;
  }
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "position") {
      change.position = true;
    } else if (path == "text") {
      change.text = true;
    } else {
      return BadField("update_mask", path, "of a bookmark position and text can be changed");
    }
  }
  return change;
}

class LectureService {
 public:
  explicit LectureService(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status Get(CallContext& call, const v1::GetLectureRequest& request, v1::Lecture& lecture) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "lectures"));
    ASSIGN_OR_RETURN(LectureRow row, deps_.stores.lectures.Get(id, call.caller));
    ToProto(row, lecture);
    return pictures_.AddOne(call.caller, row, lecture);
  }

  absl::Status List(CallContext& call, const v1::ListLecturesRequest& request, v1::ListLecturesResponse& response) {
    ASSIGN_OR_RETURN(int64_t course, RequireName("course", request.course(), "courses"));
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 50, 200));
    ASSIGN_OR_RETURN(Page<LectureRow> lectures, deps_.stores.lectures.List(course, page, call.caller));
    response.set_next_page_token(lectures.next_token);
    return pictures_.Answer(call.caller, lectures.rows, [&] { return response.add_lectures(); });
  }

  absl::Status SaveProgress(CallContext& call, const v1::SaveProgressRequest& request, v1::LectureForMe& me) {
    NewProgress progress;
    ASSIGN_OR_RETURN(progress.user_id, RequireSignedIn(call));
    ASSIGN_OR_RETURN(progress.lecture_id, RequireName("lecture", request.lecture(), "lectures"));
    ASSIGN_OR_RETURN(progress.position_ms, PositionMs("position", request.position()));
    if (request.has_watched()) progress.watched = request.watched();
    ASSIGN_OR_RETURN(std::optional<absl::Time> time, OptionalTime("time", request.has_time(), request.time()));
    // A clock that is ahead must not shut out what comes later from another device.
    const absl::Time now = deps_.clock.Now();
    progress.at = std::min(time.value_or(now), now);
    ASSIGN_OR_RETURN(ProgressRow row, deps_.stores.progress.Save(progress));
    ToProto(row, me);
    return absl::OkStatus();
  }

  absl::Status CreateBookmark(CallContext& call, const v1::CreateBookmarkRequest& request, v1::Bookmark& bookmark) {
    ASSIGN_OR_RETURN(int64_t user, RequireSignedIn(call));
    ASSIGN_OR_RETURN(int64_t id, RequireName("lecture", request.lecture(), "lectures"));
    ASSIGN_OR_RETURN(std::string text, RequireText("text", request.text(), 2000));
    ASSIGN_OR_RETURN(int64_t position_ms, PositionMs("position", request.position()));
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

  absl::Status UpdateBookmark(CallContext& call, const v1::UpdateBookmarkRequest& request, v1::Bookmark& bookmark) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("bookmark.name", request.bookmark().name(), "bookmarks"));
    ASSIGN_OR_RETURN(BookmarkChange change, ChangeOf(request));
    std::optional<int64_t> position_ms;
    std::optional<std::string> text;
    if (change.position) {
      ASSIGN_OR_RETURN(position_ms, PositionMs("bookmark.position", request.bookmark().position()));
    }
    if (change.text) {
      ASSIGN_OR_RETURN(text, RequireText("bookmark.text", request.bookmark().text(), 2000));
    }
    ASSIGN_OR_RETURN(BookmarkRow row, deps_.stores.lectures.UpdateBookmark(call.caller.user_id, id, position_ms, text));
    ToProto(row, bookmark);
    return absl::OkStatus();
  }

  absl::Status DeleteBookmark(CallContext& call, const v1::DeleteBookmarkRequest& request, Empty&) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "bookmarks"));
    return deps_.stores.lectures.DeleteBookmark(call.caller.user_id, id);
  }

 private:
  const ServiceDeps deps_;
  const Pictures pictures_{deps_};
};

}  // namespace

void AddLectureService(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<LectureService>(deps);
  registry.Add("lectern.v1.LectureService.GetLecture", service, &LectureService::Get);
  registry.Add("lectern.v1.LectureService.ListLectures", service, &LectureService::List);
  registry.Add("lectern.v1.LectureService.CreateBookmark", service, &LectureService::CreateBookmark);
  registry.Add("lectern.v1.LectureService.ListBookmarks", service, &LectureService::ListBookmarks);
  registry.Add("lectern.v1.LectureService.SaveProgress", service, &LectureService::SaveProgress);
  registry.Add("lectern.v1.LectureService.UpdateBookmark", service, &LectureService::UpdateBookmark);
  registry.Add("lectern.v1.LectureService.DeleteBookmark", service, &LectureService::DeleteBookmark);
}

}  // namespace lectern::api
