#include "vod_service/upload/writers.h"

#include <utility>

namespace lectern::vod {

// The callback runs under the mutex: SetAbort(nullptr) returns only when it is over, so that it never reaches a body
// reader that is gone. It only posts to the connection's executor.
void Writer::SetAbort(std::function<void()> abort) {
  absl::MutexLock lock(&mu_);
  abort_ = std::move(abort);
  if (stopped_ && abort_ != nullptr) std::exchange(abort_, nullptr)();
}

void Writer::Stop() {
  absl::MutexLock lock(&mu_);
  stopped_ = true;
  if (abort_ != nullptr) std::exchange(abort_, nullptr)();
}

bool Writer::stopped() const {
  absl::MutexLock lock(&mu_);
  return stopped_;
}

WriterClaim Writers::TryClaim(absl::string_view upload) {
  auto writer = std::make_unique<Writer>(std::string(upload), clock_);
  absl::MutexLock lock(&mu_);
  if (closed_ || !held_.emplace(upload, writer.get()).second) return nullptr;
  return {writer.release(), [this](Writer* ended) { Release(ended); }};
}

bool Writers::WithHolder(absl::string_view upload, const std::function<void(Writer&)>& f) {
  absl::MutexLock lock(&mu_);
  auto it = held_.find(upload);
  if (it == held_.end()) return false;
  f(*it->second);
  return true;
}

bool Writers::IsHeld(absl::string_view upload) {
  absl::MutexLock lock(&mu_);
  return held_.contains(upload);
}

std::vector<std::string> Writers::Held() {
  absl::MutexLock lock(&mu_);
  std::vector<std::string> uploads;
  for (const auto& [upload, writer] : held_) uploads.push_back(upload);
  return uploads;
}

void Writers::Close() {
  absl::MutexLock lock(&mu_);
  closed_ = true;
  for (auto& [upload, writer] : held_) writer->Stop();
}

bool Writers::closed() {
  absl::MutexLock lock(&mu_);
  return closed_;
}

void Writers::Release(Writer* writer) {
  {
    absl::MutexLock lock(&mu_);
    held_.erase(writer->upload());
  }
  delete writer;
}

}  // namespace lectern::vod
