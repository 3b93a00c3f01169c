// Tasks and jobs as they are put into the queue.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/domain/task_graph.h"

namespace lectern::api {

struct NewJob {
  int64_t id = 0;                  // from AllocateIds; 0: given by the database
  std::string kind;
  std::string label;
  int job_class = 3;
  int priority = 0;
  std::string capability;
  int64_t pinned_resource = 0;     // 0: any worker
  int max_attempts = 5;
  int run_limit_seconds = 600;
  int stall_seconds = 60;
  absl::Duration start_within = absl::InfiniteDuration();   // expires if not started by then
  std::string spec_json;           // JobSpec
  std::vector<int> needs;          // indices in the same list
};

// A planned job as a row. `ids`: of all jobs of its plan; `id`: its own, 0: given by the database.
NewJob ToNewJob(const PlannedJob& planned, absl::Span<const int64_t> ids, int64_t id, int64_t vod_resource);

struct NewTask {
  int64_t organization = 0;
  std::string kind;                // "publish_recording", "delete_media", "live", "test"
  int64_t lecture = 0;             // 0: none
  int64_t asset = 0;
  int64_t created_by = 0;
  std::string idempotency_key;     // empty: none
  std::vector<NewJob> jobs;        // ids as the database gives them
};

struct InsertedTask {
  int64_t task = 0;
  std::vector<int64_t> jobs;       // in the order of NewTask.jobs
  bool existed = false;            // the idempotency key was known: nothing was inserted
};

}  // namespace lectern::api
