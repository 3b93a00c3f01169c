// job: what the system works on, why it waits, and trying again.
#include <CLI/CLI.hpp>

#include <memory>

#include "absl/strings/str_cat.h"
#include "api/cli/command.h"
#include "api/cli/connection.h"
#include "api/cli/fields.h"
#include "common/base/status.h"
#include "lectern/v1/jobs.pb.h"

namespace lectern::cli {
namespace {

const std::vector<Column> kJob = {{"NAME", "name"},
                                  {"KIND", "kind"},
                                  {"LABEL", "label"},
                                  {"STATE", "state"},
                                  {"PROGRESS", "progress", Format::kPercent},
                                  {"ATTEMPT", "attempt/max_attempts"},
                                  {"LECTURE", "lecture"},
                                  {"VIEW", "view"},
                                  {"RESOURCE", "resource"},
                                  {"CREATED", "create_time"},
                                  {"ERROR", "error"}};
const Argument kName = {"job", "name", "Job", "jobs"};

const std::vector<Column> kAttempt = {{"ATTEMPT", "number"}, {"RESOURCE", "resource"}, {"STARTED", "start_time"},
                                      {"ENDED", "end_time"}, {"OUTCOME", "outcome"},   {"CLASS", "failure_class"},
                                      {"ERROR", "error"}};

std::string JobText(const v1::Job& job) {
  std::string text = MessageTable(job, kJob);
  if (job.attempts_size() == 0) return text;
  std::vector<std::string> titles;
  for (const Column& column : kAttempt) titles.push_back(column.title);
  std::vector<std::vector<std::string>> rows;
  for (const v1::JobAttempt& attempt : job.attempts()) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const Column& column : kAttempt) row.push_back(FieldText(attempt, column.path, column.format));
  }
  absl::StrAppend(&text, "\n", TableText(titles, rows));
  for (const v1::JobAttempt& attempt : job.attempts()) {
    if (attempt.log().empty()) continue;
    absl::StrAppend(&text, "\nWhat attempt ", attempt.number(), " wrote last:\n", attempt.log(), "\n");
  }
  return text;
}

std::string ExplanationText(const v1::ExplainJobResponse& response) {
  std::string text = absl::StrCat(response.summary(), "\n");
  for (const std::string& detail : response.details()) absl::StrAppend(&text, "  ", detail, "\n");
  return text;
}

// A command on one job whose answer is shown by `show`.
template <typename Request, typename Response>
Command OnJob(std::string path, std::string help, std::string method, std::string (*show)(const Response&)) {
  return {std::move(path), std::move(help), [method, show](CLI::App& app) -> Run {
            auto request = std::make_shared<Request>();
            app.add_option_function<std::string>(
                   "job",
                   [request](const std::string& given) {
                     absl::StatusOr<std::string> name = FullName("jobs", given);
                     if (!name.ok()) throw CLI::ValidationError("job", std::string(name.status().message()));
                     request->set_name(*name);
                   },
                   "Job")
                ->required();
            return [request, method, show](Connection& connection) -> absl::Status {
              Response response;
              RETURN_IF_ERROR(connection.Call(method, *request, &response));
              connection.Print(response, show(response));
              return absl::OkStatus();
            };
          }};
}

}  // namespace

std::vector<Command> JobCommands() {
  return {
      Rpc("job list", "Lists jobs, newest first",
          {"JobService/ListJobs",
           {{"--state", "states", "Only in these states"},
            {"--lecture", "lecture", "Only of this lecture", "lectures"},
            {"--org,--organization", "organization", "Only of this organization and those below it", "organizations"}},
           kJob}),
      OnJob<v1::GetJobRequest>("job show", "Shows a job with its attempts", "JobService/GetJob", JobText),
      Rpc("job retry", "Runs a failed, cancelled or skipped job again", {"JobService/RetryJob", {kName}, kJob}),
      Rpc("job cancel", "Cancels a job", {"JobService/CancelJob", {kName}, kJob}),
      OnJob<v1::ExplainJobRequest>("job explain", "Says why a job waits, or why it ended as it did",
                                   "JobService/ExplainJob", ExplanationText),
      Rpc("job test", "Puts jobs into the queue that do nothing for a while, to see that workers take work",
          {"JobService/CreateTestTask",
           {{"organization", "organization", "Organization", "organizations"},
            {"--count", "count", "How many", "", true},
            {"--duration-ms", "duration_ms", "How long each takes, in milliseconds"}},
           {{"TASK", "task"}, {"JOBS", "jobs"}}}),
  };
}

}  // namespace lectern::cli
