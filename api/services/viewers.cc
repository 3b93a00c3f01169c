#include "api/services/viewers.h"

#include "common/log/log.h"

namespace lectern::api {
namespace {

// Beyond that the number says "many" anyway, and nobody can fill the memory by opening a lecture again and again.
constexpr size_t kMaxViewings = 100'000;

}  // namespace

void Viewers::Saw(int64_t lecture, int64_t viewing) {
  const absl::Duration now = clock_.Steady();
  absl::MutexLock lock(&mu_);
  Viewings& viewings = lectures_[lecture];
  if (auto known = viewings.find(viewing); known != viewings.end()) {
    known->second = now;
  } else if (viewings.size() < kMaxViewings) {
    viewings.emplace(viewing, now);
  }
}

std::vector<ViewerCount> Viewers::Count() {
  const absl::Duration oldest = clock_.Steady() - kViewingLasts;
  std::vector<ViewerCount> counts;
  absl::MutexLock lock(&mu_);
  for (auto lecture = lectures_.begin(); lecture != lectures_.end();) {
    Viewings& viewings = lecture->second;
    for (auto viewing = viewings.begin(); viewing != viewings.end();) {
      if (viewing->second < oldest) {
        viewings.erase(viewing++);
      } else {
        ++viewing;
      }
    }
    if (viewings.empty()) {
      lectures_.erase(lecture++);
    } else {
      counts.push_back({lecture->first, static_cast<int64_t>(viewings.size())});
      ++lecture;
    }
  }
  return counts;
}

void Viewers::Flush() {
  const std::vector<ViewerCount> counts = Count();
  if (counts.empty() && !written_) return;
  if (absl::Status status = store_.Replace(instance_, counts); !status.ok()) {
    log::Warn("viewers not written", {{"error", status.message()}});
    return;
  }
  written_ = !counts.empty();
}

}  // namespace lectern::api
