#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "api/domain/allocation.h"
#include "api/domain/task_graph.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/job_view.h"
#include "api/services/log_text.h"
#include "api/services/services.h"
#include "api/services/watched.h"
#include "api/store/link_store.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "lectern/v1/jobs.pb.h"

namespace lectern::api {
namespace {

constexpr char kPageName[] = "jobs";
constexpr int kMaxTestJobs = 10'000;
constexpr int kMaxTestDurationMs = 600'000;
constexpr int kMaxKey = 200;
constexpr int kMaxKinds = 50;
constexpr int kMaxWatched = 200;
constexpr absl::Duration kWatchInterval = absl::Seconds(1);

struct JobTraits {
  using Item = v1::Job;
  using Changes = v1::JobChanges;
  static google::protobuf::RepeatedPtrField<Item>* Items(Changes& changes) { return changes.mutable_jobs(); }
  static void Settle(const Item& sent, Item& now) { api::Settle(sent, now); }
};

struct WatchedJobs {
  Watched<JobTraits> watched;
  bool begun = false;
};

std::string AttemptLine(int number, const JobAttemptRow& attempt) {
  return absl::StrCat("attempt ", number, " on resources/", attempt.resource, " (", attempt.host, "): ",
                      attempt.outcome.empty() ? "under way" : attempt.outcome, attempt.error.empty() ? "" : ": ",
                      WithoutSecrets(attempt.error));
}

// What a job that is neither waiting for a resource nor for another job is about.
std::string SummaryOf(const JobRow& job) {
  const std::string name = absl::StrCat("resources/", job.resource);
  const std::string where = job.resource_host.empty() ? name : absl::StrCat(job.resource_host, " (", name, ")");
  switch (job.state) {
    case JobState::kBlocked: return absl::StrCat("It waits for ", job.waits_for.size(), " other jobs.");
    case JobState::kLeased: return absl::StrCat("It was given to ", where, " a moment ago, which has not answered yet.");
    case JobState::kRunning:
      // A live stream ends when its lecture does: it has no share of anything.
      return absl::StrFormat("It runs on %s, attempt %d of %d%s.", where, job.attempt, job.max_attempts,
                             job.kind == kLiveIngestKind ? "" : absl::StrFormat(", %.0f %% done", 100 * job.progress));
    case JobState::kCancelling: return absl::StrCat("It is being cancelled; ", where, " was asked to stop.");
    case JobState::kRetryWait:
      return absl::StrCat("It did not succeed (", job.error.empty() ? "given back" : job.error, ") and is tried again at ",
                          absl::FormatTime(absl::RFC3339_sec, job.run_at, absl::UTCTimeZone()), ".");
    case JobState::kDone: return "It has succeeded.";
    case JobState::kFailed: return absl::StrCat("It failed: ", job.error, ".");
    case JobState::kCancelled: return absl::StrCat("It was cancelled: ", job.error, ".");
    case JobState::kSkipped: return absl::StrCat("It was skipped: ", job.error, ".");
    case JobState::kExpired: return absl::StrCat("It expired: ", job.error, ".");
    case JobState::kReady: break;
  }
  return "It waits for a resource.";
}

class JobService {
 public:
  explicit JobService(const ServiceDeps& deps) : deps_(deps), jobs_(deps.stores.jobs), links_(deps.pool) {}

  absl::Status List(CallContext& call, const v1::ListJobsRequest& request, v1::ListJobsResponse& response) {
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 100, 500));
    ASSIGN_OR_RETURN(JobFilter filter, ReadFilter(call, request));
    ASSIGN_OR_RETURN(filter.before, DecodeIdToken(kPageName, page.token, 0));
    filter.limit = page.size + 1;
    ASSIGN_OR_RETURN(std::vector<JobRow> rows, jobs_.List(filter));
    const size_t shown = std::min(rows.size(), static_cast<size_t>(page.size));
    for (size_t i = 0; i < shown; ++i) ToProto(rows[i], *response.add_jobs());
    if (rows.size() > shown) response.set_next_page_token(EncodeIdToken(kPageName, rows[shown - 1].id));
    return absl::OkStatus();
  }

  absl::Status Watch(CallContext& call, const v1::WatchJobsRequest& request, WatchedJobs& state,
                     std::vector<v1::JobChanges>& events) {
    ASSIGN_OR_RETURN(JobFilter filter, ReadFilter(call, request));
    filter.limit = kMaxWatched;
    if (!state.begun) {
      ASSIGN_OR_RETURN(std::vector<JobRow> rows, jobs_.List(filter));
      for (const JobRow& row : rows) Put(row, state.watched);
    } else {
      RETURN_IF_ERROR(LookAgain(filter, state.watched));
    }
    state.begun = true;
    state.watched.Flush(events);
    return absl::OkStatus();
  }

  absl::Status Get(CallContext&, const v1::GetJobRequest& request, v1::Job& job) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "jobs"));
    return Fill(id, job);
  }

  absl::Status Retry(CallContext&, const v1::RetryJobRequest& request, v1::Job& job) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "jobs"));
    RETURN_IF_ERROR(jobs_.Retry(id));
    deps_.hints.work();
    return Fill(id, job);
  }

  absl::Status Cancel(CallContext&, const v1::CancelJobRequest& request, v1::Job& job) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "jobs"));
    ASSIGN_OR_RETURN(CancelRequest cancelled, jobs_.RequestCancel(id));
    if (!cancelled.api_instance.empty()) deps_.hints.push(cancelled.api_instance);
    return Fill(id, job);
  }

  absl::Status ExplainJob(CallContext&, const v1::ExplainJobRequest& request, v1::ExplainJobResponse& response) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "jobs"));
    ASSIGN_OR_RETURN(JobRow job, jobs_.Get(id));
    if (job.state == JobState::kReady) return ExplainReady(job, response);
    job.error = WithoutSecrets(job.error);
    response.set_summary(SummaryOf(job));
    for (const std::string& parent : job.waits_for) response.add_details(absl::StrCat("needs ", parent));
    ASSIGN_OR_RETURN(std::vector<JobAttemptRow> attempts, jobs_.ListAttempts(id));
    for (size_t i = 0; i < attempts.size(); ++i) response.add_details(AttemptLine(static_cast<int>(i) + 1, attempts[i]));
    return absl::OkStatus();
  }

  absl::Status CreateTestTask(CallContext& call, const v1::CreateTestTaskRequest& request, v1::CreateTestTaskResponse& response) {
    ASSIGN_OR_RETURN(NewTask task, TestTask(request));
    task.created_by = call.caller.user_id;
    ASSIGN_OR_RETURN(InsertedTask inserted, jobs_.InsertTask(task));
    deps_.hints.work();
    response.set_task(NameOf("tasks", inserted.task));
    for (const int64_t job : inserted.jobs) response.add_jobs(NameOf("jobs", job));
    return absl::OkStatus();
  }

 private:
  template <typename Request>
  static absl::StatusOr<JobFilter> ReadFilter(const CallContext& call, const Request& request) {
    JobFilter filter;
    ASSIGN_OR_RETURN(std::optional<int64_t> lecture, OptionalName("lecture", request.lecture(), "lectures"));
    ASSIGN_OR_RETURN(std::optional<int64_t> organization, OptionalName("organization", request.organization(), "organizations"));
    for (const int state : request.states()) {
      if (!v1::JobState_IsValid(state) || state == v1::JOB_STATE_UNSPECIFIED) {
        return BadField("states", absl::StrCat(state), "give states of jobs");
      }
      filter.states.push_back(static_cast<JobState>(state - 1));
    }
    if (request.kinds_size() > kMaxKinds) return BadField("kinds", absl::StrCat(request.kinds_size(), " words"), "give at most 50");
    for (const std::string& kind : request.kinds()) {
      ASSIGN_OR_RETURN(filter.kinds.emplace_back(), RequireText("kinds", kind, 100));
    }
    filter.lecture = lecture.value_or(0);
    filter.organization = organization.value_or(0);
    filter.user = call.caller.is_administrator() ? 0 : call.caller.user_id;
    return filter;
  }

  static void Put(const JobRow& row, Watched<JobTraits>& watched) {
    v1::Job job;
    ToProto(row, job);
    watched.Put(std::move(job));
  }

  absl::Status LookAgain(const JobFilter& filter, Watched<JobTraits>& watched) {
    std::vector<int64_t> ids;
    for (const auto& [name, job] : watched.sent()) ids.push_back(ParseName(name, "jobs").value_or(0));
    ASSIGN_OR_RETURN(JobNews news, jobs_.ListNews(filter, ids));
    for (const int64_t id : news.gone) watched.Remove(NameOf("jobs", id));
    // Those that the newer ones push out of what is watched are not sent at all.
    std::vector<int64_t> all(ids);
    for (const JobRow& row : news.jobs) all.push_back(row.id);
    std::sort(all.begin(), all.end(), std::greater<>());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    const int64_t oldest = all.size() <= kMaxWatched ? 0 : all[kMaxWatched - 1];
    for (const JobRow& row : news.jobs) {
      if (row.id >= oldest) Put(row, watched);
    }
    for (const int64_t id : ids) {
      if (id < oldest) watched.Remove(NameOf("jobs", id));
    }
    return absl::OkStatus();
  }

  absl::Status Fill(int64_t id, v1::Job& job) {
    ASSIGN_OR_RETURN(JobRow row, jobs_.Get(id));
    ToProto(row, job);
    ASSIGN_OR_RETURN(std::vector<JobAttemptRow> attempts, jobs_.ListAttempts(id));
    for (size_t i = 0; i < attempts.size(); ++i) ToProto(attempts[i], static_cast<int>(i) + 1, *job.add_attempts());
    return absl::OkStatus();
  }

  absl::Status ExplainReady(const JobRow& job, v1::ExplainJobResponse& response) {
    LinkTimes times;
    times.suspect_after = deps_.suspect_after;
    ASSIGN_OR_RETURN(std::vector<CandidateResource> resources, links_.ListCandidates(times));
    ASSIGN_OR_RETURN(OrganizationTree tree, links_.LoadTree());
    const Explanation explanation = Explain(job.waiting, {{}, std::move(resources), &tree});
    response.set_summary(explanation.summary);
    for (const std::string& line : explanation.details) response.add_details(line);
    return absl::OkStatus();
  }

  static absl::StatusOr<NewTask> TestTask(const v1::CreateTestTaskRequest& request) {
    NewTask task;
    ASSIGN_OR_RETURN(task.organization, RequireName("organization", request.organization(), "organizations"));
    if (request.count() < 1 || request.count() > kMaxTestJobs) {
      return BadField("count", absl::StrCat(request.count()), "give 1 to 10000");
    }
    if (request.duration_ms() < 0 || request.duration_ms() > kMaxTestDurationMs) {
      return BadField("duration_ms", absl::StrCat(request.duration_ms()), "give 0 to 600000");
    }
    ASSIGN_OR_RETURN(std::string key, OptionalText("idempotency_key", request.idempotency_key(), kMaxKey));
    // Keys of different callers must not meet.
    if (!key.empty()) task.idempotency_key = absl::StrCat("test/", task.organization, "/", key);
    task.kind = "test";
    v1::JobSpec spec;
    spec.mutable_noop()->set_duration_ms(request.duration_ms());
    NewJob job;
    job.kind = "noop";
    job.job_class = kImprovementClass;
    job.run_limit_seconds += request.duration_ms() / 1000;
    job.stall_seconds += request.duration_ms() / 1000;   // it makes no progress, it only takes its time
    if (!google::protobuf::util::MessageToJsonString(spec, &job.spec_json).ok()) return absl::InternalError("no JSON");
    task.jobs.assign(request.count(), job);
    return task;
  }

  const ServiceDeps deps_;
  JobStore& jobs_;
  LinkStore links_;
};

}  // namespace

void AddJobService(Registry& registry, const ServiceDeps& deps) {
  using Service = JobService;
  auto service = std::make_shared<Service>(deps);
  registry.Add("lectern.v1.JobService.ListJobs", service, &Service::List);
  registry.AddWatch("lectern.v1.JobService.WatchJobs", kWatchInterval, service, &Service::Watch);
  registry.Add("lectern.v1.JobService.GetJob", service, &Service::Get);
  registry.Add("lectern.v1.JobService.RetryJob", service, &Service::Retry);
  registry.Add("lectern.v1.JobService.CancelJob", service, &Service::Cancel);
  registry.Add("lectern.v1.JobService.ExplainJob", service, &Service::ExplainJob);
  registry.Add("lectern.v1.JobService.CreateTestTask", service, &Service::CreateTestTask);
}

}  // namespace lectern::api
