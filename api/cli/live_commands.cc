// live: the streams that are on air, for IT and for lecturers.
#include <CLI/CLI.hpp>

#include <memory>

#include "absl/time/clock.h"
#include "api/cli/command.h"
#include "api/cli/connection.h"
#include "api/cli/fields.h"
#include "api/cli/live_text.h"
#include "common/base/status.h"
#include "lectern/v1/live.pb.h"

namespace lectern::cli {
namespace {

std::string NameArgument(const std::string& collection, const std::string& given) {
  absl::StatusOr<std::string> name = FullName(collection, given);
  if (!name.ok()) throw CLI::ValidationError(collection, std::string(name.status().message()));
  return *name;
}

absl::Status PrintList(Connection& connection, v1::ListLiveStreamsRequest request) {
  v1::ListLiveStreamsResponse all;
  do {
    v1::ListLiveStreamsResponse page;
    RETURN_IF_ERROR(connection.Call("LiveService/ListLiveStreams", request, &page));
    request.set_page_token(page.next_page_token());
    page.clear_next_page_token();
    all.MergeFrom(page);
  } while (!request.page_token().empty());
  connection.Print(all, LiveTable(all, absl::Now()));
  return absl::OkStatus();
}

Run SetUpList(CLI::App& app) {
  auto request = std::make_shared<v1::ListLiveStreamsRequest>();
  app.add_flag_callback(
      "--all", [request] { request->set_include_ended(true); }, "Also those that have ended");
  app.add_option_function<std::string>(
      "--org,--organization",
      [request](const std::string& given) { request->set_organization(NameArgument("organizations", given)); },
      "Only of this organization and those below it");
  app.add_option_function<std::string>(
      "--lecture", [request](const std::string& given) { request->set_lecture(NameArgument("lectures", given)); },
      "Only of this lecture");
  return [request](Connection& connection) { return PrintList(connection, *request); };
}

// One call with the stream's name, whose answer is the stream.
template <typename Request>
std::function<Run(CLI::App&)> OneStream(const std::string& method) {
  return [method](CLI::App& app) -> Run {
    auto request = std::make_shared<Request>();
    app.add_option_function<std::string>(
           "stream,--stream", [request](const std::string& given) { request->set_name(NameArgument("liveStreams", given)); },
           "Live stream, as in `live list`")
        ->required();
    return [method, request](Connection& connection) -> absl::Status {
      v1::LiveStream stream;
      RETURN_IF_ERROR(connection.Call(method, *request, &stream));
      connection.Print(stream, LiveText(stream, absl::Now()));
      return absl::OkStatus();
    };
  };
}

}  // namespace

std::vector<Command> LiveCommands() {
  return {
      {"live list", "Lists the live streams", SetUpList},
      {"live show", "Shows one stream: what comes in, where it goes, and what is wrong with it",
       OneStream<v1::GetLiveStreamRequest>("LiveService/GetLiveStream")},
      {"live end", "Ends one view of a lecture; `lecture end` ends all of them",
       OneStream<v1::EndLiveStreamRequest>("LiveService/EndLiveStream")},
      {"live move", "Hands the stream to another worker, without a gap",
       OneStream<v1::MoveLiveStreamRequest>("LiveService/MoveLiveStream")},
  };
}

}  // namespace lectern::cli
