// From rows to messages.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/store/course_store.h"
#include "api/store/lecture_store.h"
#include "api/store/user_store.h"

namespace google::protobuf {
class Duration;
class Timestamp;
}  // namespace google::protobuf

namespace lectern::v1 {
enum LectureState : int;
enum Right : int;
enum Role : int;
enum View : int;
enum ViewState : int;
enum Visibility : int;
class Bookmark;
class Course;
class Lecture;
class LectureForMe;
class User;
class UserSettings;
}  // namespace lectern::v1

namespace lectern::api {

// "courses/12"; empty for 0.
std::string NameOf(absl::string_view collection, int64_t id);

void SetTime(absl::Time time, google::protobuf::Timestamp& message);
void SetDuration(absl::Duration duration, google::protobuf::Duration& message);

// Words of the database; unknown ones and UNSPECIFIED map to "" and UNSPECIFIED.
v1::View ViewOf(absl::string_view word);
std::string ViewWord(v1::View view);
v1::ViewState ViewStateOf(absl::string_view word);
v1::LectureState LectureStateOf(absl::string_view word);
v1::Role RoleOf(absl::string_view word);
std::string RoleWord(v1::Role role);
v1::Visibility VisibilityOf(absl::string_view word);
std::string VisibilityWord(v1::Visibility visibility);
v1::Right RightOf(Level level);

// JSON of the database. Error: kInternal.
absl::Status ParseSettings(absl::string_view json, v1::UserSettings& settings);

void ToProto(const UserRow& row, v1::User& user);
void ToProto(const CourseRow& row, v1::Course& course);
// Without its pictures (pictures.h).
void ToProto(const LectureRow& row, v1::Lecture& lecture);
void ToProto(const ProgressRow& row, v1::LectureForMe& me);
void ToProto(const BookmarkRow& row, v1::Bookmark& bookmark);

}  // namespace lectern::api
