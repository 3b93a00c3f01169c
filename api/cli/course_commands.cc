// course: courses and enrolments.
#include "api/cli/command.h"
#include "lectern/v1/courses.pb.h"

namespace lectern::cli {
namespace {

const std::vector<Column> kCourse = {{"NAME", "name"},
                                     {"TITLE", "title"},
                                     {"TERM", "term"},
                                     {"VISIBILITY", "visibility"},
                                     {"ORGANIZATION", "organization"},
                                     {"LECTURES", "lecture_count"}};
const std::vector<Column> kEnrolment = {
    {"USER", "user"}, {"E-MAIL", "email"}, {"DISPLAY NAME", "display_name"}, {"ROLE", "role"}};
const Argument kName = {"course", "name", "Course", "courses"};
const Argument kUser = {"user", "user", "Person, as users/12 or e-mail address", "users"};
const Argument kOrganization = {"--org,--organization", "organization", "Organization", "organizations"};

}  // namespace

std::vector<Command> CourseCommands() {
  // The commands name their messages only as text; this keeps the types in the program.
  google::protobuf::LinkMessageReflection<v1::Course>();
  Argument owner = kOrganization;
  owner.required = true;
  return {
      Rpc("course create", "Creates a course",
          {"CourseService/CreateCourse",
           {owner,
            {"--title", "title", "Title", "", true},
            {"--term", "term", "Term, like 2026W"},
            {"--visibility", "visibility", "Who may watch; enrolled people where absent"},
            {"--description", "description", "Description"}},
           kCourse}),
      Rpc("course list", "Lists the courses that you may see",
          {"CourseService/ListCourses", {kOrganization, {"--term", "term", "Only of this term"}}, kCourse}),
      Rpc("course show", "Shows a course", {"CourseService/GetCourse", {kName}, kCourse}),
      Rpc("course update", "Changes a course",
          {"CourseService/UpdateCourse",
           {kName,
            {"--title", "title", "Title"},
            {"--visibility", "visibility", "Who may watch"},
            {"--description", "description", "Description"}},
           kCourse}),
      Rpc("course delete", "Deletes a course with its lectures and recordings",
          {.method = "CourseService/DeleteCourse", .arguments = {kName}, .done = "Deleted"}),
      Rpc("course enrol", "Enrols a person",
          {"CourseService/Enrol", {kName, kUser, {"--role", "role", "As what; student where absent"}}, kEnrolment}),
      Rpc("course unenrol", "Ends an enrolment",
          {.method = "CourseService/Unenrol", .arguments = {kName, kUser}, .done = "Unenrolled"}),
      Rpc("course enrolments", "Lists who is enrolled", {"CourseService/ListEnrolments", {kName}, kEnrolment}),
  };
}

}  // namespace lectern::cli
