#include "api/services/job_view.h"

#include <cmath>

#include "api/services/convert.h"
#include "api/services/log_text.h"
#include "lectern/v1/jobs.pb.h"

namespace lectern::api {
namespace {

// As much as workers send of a log.
constexpr size_t kMaxLogBytes = 4096;

// The enumerations of the domain and of the protocol have the same order; the protocol's starts with UNSPECIFIED.
v1::JobState StateOf(JobState state) { return static_cast<v1::JobState>(static_cast<int>(state) + 1); }
static_assert(static_cast<int>(JobState::kExpired) + 1 == v1::EXPIRED);
v1::FailureClass ClassOf(FailureClass failure) { return static_cast<v1::FailureClass>(failure); }
static_assert(static_cast<int>(FailureClass::kRejectedInput) == v1::REJECTED_INPUT);

}  // namespace

void ToProto(const JobRow& row, v1::Job& job) {
  job.set_name(NameOf("jobs", row.id));
  job.set_task(NameOf("tasks", row.task));
  job.set_organization(NameOf("organizations", row.organization));
  job.set_organization_name(row.organization_name);
  job.set_lecture(NameOf("lectures", row.lecture));
  job.set_lecture_title(row.lecture_title);
  job.set_view(ViewOf(row.view));
  job.set_kind(row.kind);
  job.set_label(row.label);
  job.set_state(StateOf(row.state));
  job.set_progress(row.progress);
  job.set_attempt(row.attempt);
  job.set_max_attempts(row.max_attempts);
  job.set_resource(NameOf("resources", row.resource));
  job.set_resource_host(row.resource_host);
  job.set_failure_class(ClassOf(row.failure));
  job.set_error(WithoutSecrets(row.error));
  SetTime(row.created_at, *job.mutable_create_time());
  if (row.started_at != absl::InfinitePast()) SetTime(row.started_at, *job.mutable_start_time());
  if (row.ended_at != absl::InfinitePast()) SetTime(row.ended_at, *job.mutable_end_time());
  if (row.run_at != absl::InfinitePast()) SetTime(row.run_at, *job.mutable_run_time());
}

void ToProto(const JobAttemptRow& row, int number, v1::JobAttempt& attempt) {
  attempt.set_number(number);
  attempt.set_resource(NameOf("resources", row.resource));
  attempt.set_resource_host(row.host);
  SetTime(row.started_at, *attempt.mutable_start_time());
  if (row.ended_at != absl::InfinitePast()) SetTime(row.ended_at, *attempt.mutable_end_time());
  attempt.set_outcome(row.outcome);
  attempt.set_failure_class(ClassOf(row.failure));
  attempt.set_error(WithoutSecrets(row.error));
  attempt.set_log(LogWithoutSecrets(row.log, kMaxLogBytes));
}

void Settle(const v1::Job& sent, v1::Job& now) {
  if (std::abs(now.progress() - sent.progress()) < 0.01) now.set_progress(sent.progress());
}

}  // namespace lectern::api
