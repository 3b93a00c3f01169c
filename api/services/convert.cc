#include "api/services/convert.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/services/log_text.h"
#include "api/services/ready_time.h"
#include "lectern/v1/courses.pb.h"
#include "lectern/v1/jobs.pb.h"
#include "lectern/v1/lectures.pb.h"
#include "lectern/v1/users.pb.h"

namespace lectern::api {
namespace {

// Seconds since 1970.
constexpr int64_t kYear1 = -62'135'596'800;
constexpr int64_t kYear10000 = 253'402'300'800;

template <typename Enum>
struct Word {
  Enum value;
  const char* word;
};

constexpr Word<v1::View> kViews[] = {{v1::COMB, "comb"}, {v1::CAM, "cam"}, {v1::PRES, "pres"}};
constexpr Word<v1::Role> kRoles[] = {
    {v1::STUDENT, "student"}, {v1::LECTURER_ROLE, "lecturer"}, {v1::ADMINISTRATOR_ROLE, "administrator"}};
constexpr Word<v1::Visibility> kVisibilities[] = {
    {v1::PUBLIC, "public"}, {v1::LOGGED_IN, "logged_in"}, {v1::ENROLLED, "enrolled"}, {v1::HIDDEN, "hidden"}};
constexpr Word<v1::LectureState> kLectureStates[] = {{v1::SCHEDULED, "scheduled"},
                                                     {v1::LIVE, "live"},
                                                     {v1::PROCESSING, "processing"},
                                                     {v1::RECORDED, "recorded"},
                                                     {v1::FAILED, "failed"}};
constexpr Word<v1::ViewState> kViewStates[] = {{v1::UPLOADING, "uploading"},
                                               {v1::VIEW_PROCESSING, "processing"},
                                               {v1::PLAYABLE, "playable"},
                                               {v1::COMPLETE, "complete"},
                                               {v1::VIEW_FAILED, "failed"},
                                               {v1::VIEW_LIVE, "live"},
                                               {v1::VIEW_INTERRUPTED, "interrupted"}};

template <typename Enum, size_t N>
Enum ValueOf(const Word<Enum> (&words)[N], absl::string_view word) {
  for (const Word<Enum>& entry : words) {
    if (word == entry.word) return entry.value;
  }
  return Enum();
}

template <typename Enum, size_t N>
std::string WordOf(const Word<Enum> (&words)[N], Enum value) {
  for (const Word<Enum>& entry : words) {
    if (value == entry.value) return entry.word;
  }
  return "";
}

void ToProto(const RenditionRow& row, v1::RenditionInfo& info) {
  info.set_label(row.label);
  info.set_width(row.width);
  info.set_height(row.height);
  info.set_bandwidth_bps(row.bandwidth_bps);
  info.set_codecs(row.codecs);
}

void ToProto(const StepRow& row, v1::ProcessingStep& step) {
  step.set_kind(row.kind);
  step.set_label(row.label);
  step.set_state(row.state);
  step.set_progress(row.progress);
  step.set_job(NameOf("jobs", row.job_id));
}

void ToProto(const ViewRow& row, v1::LectureView& view) {
  view.set_view(ViewOf(row.view));
  view.set_state(ViewStateOf(row.state));
  if (row.duration_ms) SetDuration(absl::Milliseconds(*row.duration_ms), *view.mutable_duration());
  for (const StepRow& step : row.steps) ToProto(step, *view.add_steps());
  // Whoever may watch the lecture reads it.
  view.set_error(WithoutSecrets(row.error));
  for (const RenditionRow& rendition : row.renditions) ToProto(rendition, *view.add_renditions());
  v1::SilenceResult silence;
  google::protobuf::util::JsonParseOptions newer;
  newer.ignore_unknown_fields = true;
  if (!row.silences_json.empty() &&
      google::protobuf::util::JsonStringToMessage(row.silences_json, &silence, newer).ok()) {
    view.mutable_silences()->Swap(silence.mutable_silences());
  }
  view.set_thumbnails(row.thumbnails_path);
  view.set_loudness_lufs(row.loudness_lufs);
  view.set_upload_size_bytes(row.upload_size_bytes);
  view.set_uploaded_bytes(row.uploaded_bytes);
}

}  // namespace

std::string NameOf(absl::string_view collection, int64_t id) { return id == 0 ? "" : absl::StrCat(collection, "/", id); }

void SetTime(absl::Time time, google::protobuf::Timestamp& message) {
  // What a Timestamp holds, so that one odd time does not keep a whole list from being written as JSON.
  const absl::Time latest = absl::FromUnixSeconds(kYear10000) - absl::Nanoseconds(1);
  const absl::Time shown = std::min(std::max(time, absl::FromUnixSeconds(kYear1)), latest);
  message.set_seconds(absl::ToUnixSeconds(shown));
  message.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(shown - absl::FromUnixSeconds(message.seconds()))));
}

void SetDuration(absl::Duration duration, google::protobuf::Duration& message) {
  absl::Duration rest;
  message.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  message.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
}

v1::View ViewOf(absl::string_view word) { return ValueOf(kViews, word); }
std::string ViewWord(v1::View view) { return WordOf(kViews, view); }
v1::ViewState ViewStateOf(absl::string_view word) { return ValueOf(kViewStates, word); }
v1::LectureState LectureStateOf(absl::string_view word) { return ValueOf(kLectureStates, word); }
v1::Role RoleOf(absl::string_view word) { return ValueOf(kRoles, word); }
std::string RoleWord(v1::Role role) { return WordOf(kRoles, role); }
v1::Visibility VisibilityOf(absl::string_view word) { return ValueOf(kVisibilities, word); }
std::string VisibilityWord(v1::Visibility visibility) { return WordOf(kVisibilities, visibility); }

v1::Right RightOf(Level level) {
  switch (level) {
    case Level::kNone:
      return v1::RIGHT_UNSPECIFIED;
    case Level::kViewer:
      return v1::WATCH;
    case Level::kLecturer:
      return v1::TEACH;
    case Level::kMaintainer:
      return v1::MAINTAIN;
    case Level::kAdministrator:
      return v1::ADMINISTER;
  }
  return v1::RIGHT_UNSPECIFIED;
}

absl::Status ParseSettings(absl::string_view json, v1::UserSettings& settings) {
  google::protobuf::util::JsonParseOptions newer;
  newer.ignore_unknown_fields = true;
  if (google::protobuf::util::JsonStringToMessage({json.data(), json.size()}, &settings, newer).ok()) return absl::OkStatus();
  return absl::InternalError("the person's settings cannot be read");
}

void ToProto(const UserRow& row, v1::User& user) {
  user.set_name(NameOf("users", row.id));
  user.set_email(row.email);
  user.set_display_name(row.display_name);
  user.set_role(RoleOf(row.role));
  SetTime(row.created_at, *user.mutable_create_time());
  user.set_disabled(row.disabled);
}

void ToProto(const CourseRow& row, v1::Course& course) {
  course.set_name(NameOf("courses", row.id));
  course.set_organization(NameOf("organizations", row.organization_id));
  course.set_title(row.title);
  course.set_term(row.term);
  course.set_visibility(VisibilityOf(row.visibility));
  course.set_description(row.description);
  SetTime(row.created_at, *course.mutable_create_time());
  course.set_lecture_count(row.lecture_count);
  course.set_organization_name(row.organization_name);
  course.set_downloads_enabled(row.downloads_enabled);
  course.set_chat_enabled(row.chat_enabled);
  course.set_right(RightOf(row.level));
  if (!row.for_person) return;
  v1::CourseForMe& me = *course.mutable_me();
  me.set_pinned(row.pinned);
  me.set_enrolled(row.enrolled);
  if (row.visited_at) SetTime(*row.visited_at, *me.mutable_visit_time());
  me.set_new_lectures(row.new_lectures);
}

void ToProto(const ProgressRow& row, v1::LectureForMe& me) {
  SetDuration(absl::Milliseconds(row.position_ms), *me.mutable_position());
  me.set_watched(row.watched);
  SetTime(row.updated_at, *me.mutable_update_time());
}

void ToProto(const LectureRow& row, v1::Lecture& lecture) {
  lecture.set_name(NameOf("lectures", row.id));
  lecture.set_course(NameOf("courses", row.course_id));
  lecture.set_title(row.title);
  if (row.starts_at) SetTime(*row.starts_at, *lecture.mutable_start_time());
  if (row.ends_at) SetTime(*row.ends_at, *lecture.mutable_end_time());
  lecture.set_state(LectureStateOf(row.state));
  for (const ViewRow& view : row.views) ToProto(view, *lecture.add_views());
  SetTime(row.created_at, *lecture.mutable_create_time());
  lecture.set_hall(NameOf("halls", row.hall_id));
  lecture.set_rehearsal(row.rehearsal_of != 0);
  lecture.set_description(row.description);
  lecture.set_course_title(row.course_title);
  lecture.set_viewers(row.viewers);
  lecture.set_series(row.series);
  lecture.set_right(RightOf(row.level));
  lecture.set_downloads_enabled(row.downloads_enabled);
  int64_t longest_ms = 0;
  for (const ViewRow& view : row.views) longest_ms = std::max(longest_ms, view.playable() ? view.duration_ms.value_or(0) : 0);
  if (longest_ms > 0) SetDuration(absl::Milliseconds(longest_ms), *lecture.mutable_duration());
  if (std::optional<absl::Time> ready = ReadyTime(row)) SetTime(*ready, *lecture.mutable_ready_time());
  if (!row.for_person) return;
  v1::LectureForMe& me = *lecture.mutable_me();
  if (row.progress) ToProto(*row.progress, me);
}

void ToProto(const BookmarkRow& row, v1::Bookmark& bookmark) {
  bookmark.set_name(NameOf("bookmarks", row.id));
  bookmark.set_lecture(NameOf("lectures", row.lecture_id));
  SetDuration(absl::Milliseconds(row.position_ms), *bookmark.mutable_position());
  bookmark.set_text(row.text);
  SetTime(row.created_at, *bookmark.mutable_create_time());
}

}  // namespace lectern::api
