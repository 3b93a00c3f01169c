// A queue for tests: an organization tree (root - school - chair), workers with sessions, and tasks of noop jobs.
#pragma once

#include <gtest/gtest.h>

#include <list>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/store/job_store.h"
#include "api/store/link_store.h"
#include "tests/support/pg_fixture.h"
#include "tests/support/status_matchers.h"

namespace lectern::api {

class JobFixture : public ::testing::Test {
 protected:
  JobFixture() : pool_({.url = database_.url(), .connections = 6}), jobs_(pool_), links_(pool_) {
    database_.Execute(R"sql(
      insert into organizations (display_name) values ('root');
      insert into organizations (parent_id, display_name) values (1, 'school');
      insert into organizations (parent_id, display_name) values (2, 'chair');
      insert into organizations (display_name) values ('foreign'))sql");
  }

  // Joined and attached to `instance`.
  int64_t NewWorker(int64_t organization = 3, int slots = 2, const std::string& instance = "a") {
    const int64_t id = Join("worker", organization);
    Attach(id, "first", instance, slots);
    return id;
  }

  int64_t Join(const std::string& kind, int64_t organization, bool shared = false) {
    const std::string key = absl::StrCat("0123456789abcdef", ++joined_);
    return Number(absl::StrCat("insert into resources (organization_id, kind, instance_key, host, shared) values (",
                               organization, ", '", kind, "', '", key, "', 'host", joined_, "', ",
                               shared ? "true" : "false", ") returning id as n"));
  }

  Attached Attach(int64_t resource, const std::string& incarnation, const std::string& instance = "a", int slots = 2) {
    AttachRequest request;
    request.resource = resource;
    request.credential_serial = 1;
    request.incarnation = incarnation;
    request.api_instance = instance;
    request.slots = slots;
    absl::StatusOr<Attached> attached = links_.Attach(request, absl::Seconds(10));
    EXPECT_OK(attached);
    return attached.value_or(Attached());
  }

  int64_t Epoch(int64_t resource) {
    return Number(absl::StrCat("select epoch as n from resource_sessions where resource_id = ", resource));
  }
  int64_t Busy(int64_t resource) {
    return Number(absl::StrCat("select busy as n from resource_sessions where resource_id = ", resource));
  }

  static NewJob Noop(std::vector<int> needs = {}) {
    NewJob job;
    job.kind = "noop";
    job.spec_json = R"({"noop":{"durationMs":1}})";
    job.needs = std::move(needs);
    return job;
  }

  InsertedTask NewTaskOf(std::vector<NewJob> jobs, int64_t organization = 3, const std::string& key = "") {
    NewTask task;
    task.organization = organization;
    task.kind = "test";
    task.idempotency_key = key;
    task.jobs = std::move(jobs);
    absl::StatusOr<InsertedTask> inserted = jobs_.InsertTask(task);
    EXPECT_OK(inserted);
    return inserted.value_or(InsertedTask());
  }

  // Empty where the guard refused.
  std::vector<AssignedJob> Assign(int64_t job, int64_t resource, absl::Duration accept_timeout = absl::Seconds(5)) {
    const Assignment wish{job, resource, Epoch(resource)};
    absl::StatusOr<std::vector<AssignedJob>> assigned = jobs_.Assign(absl::MakeConstSpan(&wish, 1), accept_timeout);
    EXPECT_OK(assigned);
    return assigned.ok() ? *assigned : std::vector<AssignedJob>();
  }

  // Assigns and accepts; the token.
  int64_t Run(int64_t job, int64_t resource) {
    std::vector<AssignedJob> assigned = Assign(job, resource);
    if (assigned.empty()) {
      ADD_FAILURE() << "jobs/" << job << " was not assigned";
      return 0;
    }
    const HeldJob held{resource, job, assigned[0].token};
    EXPECT_OK(jobs_.Accept(absl::MakeConstSpan(&held, 1)));
    return assigned[0].token;
  }

  // False: fenced.
  bool End(int64_t resource, int64_t job, int64_t token, JobState state = JobState::kDone) {
    bool ended = false;
    EXPECT_OK(pool_.Transaction([&](pg::Session& session) -> absl::Status {
      ASSIGN_OR_RETURN(std::optional<LockedJob> locked, jobs_.Lock(session, resource, job, token));
      ended = locked.has_value();
      if (!ended) return absl::OkStatus();
      JobStore::Ending ending;
      ending.state = state;
      ending.attempt_outcome = state == JobState::kDone ? "done" : "failed";
      ending.error = state == JobState::kDone ? "" : "the lens cap was on";
      RETURN_IF_ERROR(jobs_.End(session, *locked, ending));
      return jobs_.EndTask(session, locked->task).status();
    }));
    return ended;
  }

  std::string State(int64_t job) { return Text(absl::StrCat("select state as t from all_jobs where id = ", job)); }
  std::string TaskState(int64_t task) { return Text(absl::StrCat("select state as t from tasks where id = ", task)); }

  std::string Text(const std::string& sql) {
    absl::StatusOr<pg::Rows> rows = Query(sql);
    EXPECT_OK(rows);
    return rows.ok() && !rows->empty() ? (*rows)[0].Text("t") : "";
  }
  int64_t Number(const std::string& sql) {
    absl::StatusOr<pg::Rows> rows = Query(sql);
    EXPECT_OK(rows);
    return rows.ok() && !rows->empty() ? (*rows)[0].Int("n") : -1;
  }
  absl::StatusOr<pg::Rows> Query(const std::string& sql) {
    kept_.push_back(absl::StrCat("test_", kept_.size()));
    const char* name = kept_.back().c_str();
    kept_.push_back(sql);
    return pool_.Run({name, kept_.back().c_str()});
  }

  testing::TestDatabase database_;
  std::list<std::string> kept_;  // statements live as long as the pool
  pg::Pool pool_;
  JobStore jobs_;
  LinkStore links_;
  int joined_ = 0;
};

}  // namespace lectern::api
