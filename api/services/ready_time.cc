#include "api/services/ready_time.h"

#include <algorithm>
#include <string>

#include "api/domain/task_graph.h"

namespace lectern::api {
namespace {

// Before that a job's pace is that of its start.
constexpr double kTelling = 0.02;
// Packaging copies bytes beside the disk that they are on.
constexpr absl::Duration kPackage = absl::Seconds(5);

bool Blocks(const StepRow& step) {
  return step.job_class >= kInteractiveClass && step.job_class <= kFirstPublicationClass && step.state != "done";
}

// Sound and picture are made beside each other, and packaged one after the other.
std::optional<absl::Duration> Remaining(const ViewRow& view) {
  absl::Duration longest, after;
  bool planned = false;
  for (const StepRow& step : view.steps) {
    if (step.job_class == kFirstPublicationClass) planned = true;
    if (!Blocks(step)) continue;
    const bool running = step.state == "running" && step.progress >= kTelling;
    if (!running && step.kind == "package") {
      after += kPackage;
    } else if (!running) {
      return std::nullopt;
    } else {
      longest = std::max(longest, step.elapsed * ((1 - std::min(step.progress, 1.0)) / step.progress));
    }
  }
  if (!planned) return std::nullopt;
  return longest + after;
}

}  // namespace

std::optional<absl::Time> ReadyTime(const LectureRow& lecture) {
  if (lecture.state != "processing") return std::nullopt;
  std::optional<absl::Duration> first;
  for (const ViewRow& view : lecture.views) {
    if (view.state != "processing") continue;
    if (std::optional<absl::Duration> remaining = Remaining(view)) first = std::min(first.value_or(*remaining), *remaining);
  }
  if (!first) return std::nullopt;
  return lecture.read_at + *first;
}

}  // namespace lectern::api
