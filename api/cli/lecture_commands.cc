// lecture: create (one or a series), list, show, start, end, delete, and where to play it or get it. Uploading is in
// upload_commands.cc.
#include <CLI/CLI.hpp>

#include <memory>

#include "absl/strings/str_cat.h"
#include "api/cli/command.h"
#include "api/cli/connection.h"
#include "api/cli/fields.h"
#include "api/cli/lecture_text.h"
#include "common/base/status.h"
#include "lectern/v1/lectures.pb.h"
#include "lectern/v1/playback.pb.h"

namespace lectern::cli {
namespace {

const std::vector<Column> kLecture = {{"NAME", "name"},        {"TITLE", "title"},  {"STATE", "state"},
                                      {"START", "start_time"}, {"END", "end_time"}, {"COURSE", "course"}, {"HALL", "hall"}};
const Argument kName = {"lecture", "name", "Lecture", "lectures"};

std::string NameArgument(const std::string& given) {
  absl::StatusOr<std::string> name = FullName("lectures", given);
  if (!name.ok()) throw CLI::ValidationError("lecture", std::string(name.status().message()));
  return *name;
}

Run SetUpShow(CLI::App& app) {
  auto request = std::make_shared<v1::GetLectureRequest>();
  app.add_option_function<std::string>(
         "lecture", [request](const std::string& given) { request->set_name(NameArgument(given)); }, "Lecture")
      ->required();
  return [request](Connection& connection) -> absl::Status {
    v1::Lecture lecture;
    RETURN_IF_ERROR(connection.Call("LectureService/GetLecture", *request, &lecture));
    connection.Print(lecture, LectureText(lecture));
    return absl::OkStatus();
  };
}

struct UrlOptions {
  v1::CreatePlaybackRequest request;
  std::string view;
  bool page = false;
};

// The wanted view, or the first; null where the wanted one cannot be played.
const v1::ViewPlayback* FindView(const v1::Playback& playback, const std::string& wanted) {
  for (const v1::ViewPlayback& view : playback.views()) {
    if (!view.urls().empty() && (wanted.empty() || ViewWord(view.view()) == wanted)) return &view;
  }
  return nullptr;
}

absl::Status PrintUrl(Connection& connection, const UrlOptions& options) {
  v1::Playback playback;
  RETURN_IF_ERROR(connection.Call("PlaybackService/CreatePlayback", options.request, &playback));
  if (options.page) {
    // The page follows the lecture from its countdown on; what stands behind '#' reaches no server's log.
    const std::string id = playback.lecture().substr(playback.lecture().find('/') + 1);
    const std::string url = absl::StrCat(connection.GatewayUrl(), "/watch#lecture=", id, "&token=", playback.token());
    connection.Print(playback, absl::StrCat(url, "\n"));
    return absl::OkStatus();
  }
  const v1::ViewPlayback* view = FindView(playback, options.view);
  if (view == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat(options.request.lecture(), " has no playable view",
                     options.view.empty() ? "" : absl::StrCat(" '", options.view, "'")));
  }
  connection.Print(playback, absl::StrCat(view->urls(0), "\n"));
  return absl::OkStatus();
}

Run SetUpUrl(CLI::App& app) {
  auto options = std::make_shared<UrlOptions>();
  app.add_option_function<std::string>(
         "lecture", [options](const std::string& given) { options->request.set_lecture(NameArgument(given)); },
         "Lecture")
      ->required();
  app.add_option("--view", options->view, "View; the first playable one where absent")
      ->check(CLI::IsMember({"comb", "cam", "pres"}));
  app.add_flag("--page", options->page, "Print the address of a page that plays it, also before it has begun");
  return [options](Connection& connection) {
    options->request.set_wait(options->page);
    return PrintUrl(connection, *options);
  };
}

// An option that sets a field of the request, as Rpc's arguments do.
CLI::Option* AddField(CLI::App& app, const std::shared_ptr<v1::CreateLectureSeriesRequest>& request, const Argument& argument) {
  return app.add_option_function<std::string>(
      argument.flag,
      [request, argument](const std::string& given) {
        absl::StatusOr<std::string> text = argument.collection.empty() ? given : FullName(argument.collection, given);
        const absl::Status set = text.ok() ? SetField(*request, argument.field, *text) : text.status();
        if (!set.ok()) throw CLI::ValidationError(argument.flag, std::string(set.message()));
      },
      argument.help);
}

Run SetUpSeries(CLI::App& app) {
  auto request = std::make_shared<v1::CreateLectureSeriesRequest>();
  for (const Argument& argument : std::vector<Argument>{
           {"--course", "course", "Course", "courses", true},
           {"--title", "title", "Title; {n} is replaced by the number, from 1", "", true},
           {"--start", "start_time", "When the first starts", "", true},
           {"--end", "end_time", "When the first ends"},
           {"--until", "until_time", "The last begins before this", "", true},
           {"--every", "interval_weeks", "Weeks from one to the next (1)"},
           {"--zone", "time_zone", "Clocks by which the hour stays the same, such as Europe/Berlin (UTC)"},
           {"--hall", "hall", "Lecture hall from which they go live by their schedule", "halls"},
           {"--description", "description", "Description of each"}}) {
    AddField(app, request, argument)->required(argument.required);
  }
  return [request](Connection& connection) -> absl::Status {
    v1::CreateLectureSeriesResponse made;
    RETURN_IF_ERROR(connection.Call("LectureService/CreateLectureSeries", *request, &made));
    std::vector<std::string> titles;
    std::vector<std::vector<std::string>> rows;
    for (const Column& column : kLecture) titles.push_back(column.title);
    for (const v1::Lecture& lecture : made.lectures()) {
      std::vector<std::string>& row = rows.emplace_back();
      for (const Column& column : kLecture) row.push_back(FieldText(lecture, column.path, column.format));
    }
    connection.Print(made, TableText(titles, rows));
    return absl::OkStatus();
  };
}

Run SetUpDownload(CLI::App& app) {
  auto request = std::make_shared<v1::CreateDownloadRequest>();
  app.add_option_function<std::string>(
         "lecture", [request](const std::string& given) { request->set_lecture(NameArgument(given)); }, "Lecture")
      ->required();
  app.add_option_function<std::string>(
         "--view",
         [request](const std::string& given) {
           const absl::Status set = SetField(*request, "view", given);
           if (!set.ok()) throw CLI::ValidationError("--view", std::string(set.message()));
         },
         "View; the best one for watching alone where absent")
      ->check(CLI::IsMember({"comb", "cam", "pres"}));
  return [request](Connection& connection) -> absl::Status {
    v1::Download download;
    RETURN_IF_ERROR(connection.Call("PlaybackService/CreateDownload", *request, &download));
    connection.Print(download, absl::StrCat(download.url(), "\n"));
    return absl::OkStatus();
  };
}

}  // namespace

std::vector<Command> LectureCommands() {
  Argument course = {"--course", "course", "Course", "courses", true};
  return {
      Rpc("lecture create", "Creates a lecture",
          {"LectureService/CreateLecture",
           {course,
            {"--title", "title", "Title", "", true},
            {"--start", "start_time", "When it starts"},
            {"--end", "end_time", "When it ends"},
            {"--hall", "hall", "Lecture hall from which it goes live by its schedule", "halls"},
            {"--description", "description", "Description"}},
           kLecture}),
      {"lecture series", "Creates the same lecture every week until a day", SetUpSeries},
      Rpc("lecture list", "Lists the lectures of a course", {"LectureService/ListLectures", {course}, kLecture}),
      {"lecture show", "Shows a lecture, what is playable and what is still coming", SetUpShow},
      Rpc("lecture update", "Changes a lecture",
          {"LectureService/UpdateLecture",
           {kName,
            {"--title", "title", "Title"},
            {"--start", "start_time", "When it starts"},
            {"--end", "end_time", "When it ends"},
            {"--hall", "hall", "Lecture hall (- for none any more)", "halls"},
            {"--description", "description", "Description"}},
           kLecture}),
      Rpc("lecture delete", "Deletes a lecture with its recordings",
          {.method = "LectureService/DeleteLecture", .arguments = {kName}, .done = "Deleted"}),
      Rpc("lecture start", "Makes a lecture due now, so that an encoder in a rehearsal comes to it",
          {"LectureService/StartLecture", {kName}, kLecture}),
      Rpc("lecture end", "Ends a lecture now", {"LectureService/EndLecture", {kName}, kLecture}),
      {"lecture url", "Prints an address that plays the lecture for a while", SetUpUrl},
      {"lecture download", "Prints an address that gives a recording as one file for a while", SetUpDownload},
  };
}

}  // namespace lectern::cli
