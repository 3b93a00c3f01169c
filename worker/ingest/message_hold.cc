#include "worker/ingest/message_hold.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/string_view.h"
#include "common/log/log.h"

namespace lectern::worker {
namespace {

constexpr size_t kMemoryBytes = 1 << 20;
constexpr size_t kReadBytes = 1 << 20;

}  // namespace

void MessageHold::Add(const rtmp::MediaMessage& message) {
  size_t before = tail_.size();
  rtmp::AppendFlvTag(message, tail_);
  ++count_;
  bytes_ += static_cast<int64_t>(tail_.size() - before);
  budget_.Add(static_cast<int64_t>(tail_.size() - before), false);
  if (tail_.size() > kMemoryBytes) WriteOut();
}

void MessageHold::WriteOut() {
  if (!file_.valid()) file_ = Fd(open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file_.valid()) return;
  absl::string_view rest = tail_;
  int64_t end = written_;
  while (!rest.empty()) {
    ssize_t wrote = pwrite(file_.get(), rest.data(), rest.size(), end);
    if (wrote < 0 && errno == EINTR) continue;
    // What is half on disk is written over the next time.
    if (wrote <= 0) return;
    end += wrote;
    rest.remove_prefix(static_cast<size_t>(wrote));
  }
  written_ = end;
  tail_.clear();
}

bool MessageHold::Refill() {
  if (read_ >= written_) {
    if (tail_.empty()) return false;
    bool fed = reader_.Feed(tail_).ok();
    tail_.clear();
    return fed;
  }
  std::string bytes(std::min<size_t>(kReadBytes, static_cast<size_t>(written_ - read_)), '\0');
  ssize_t got = pread(file_.get(), bytes.data(), bytes.size(), read_);
  if (got <= 0) return false;
  read_ += got;
  return reader_.Feed(absl::string_view(bytes).substr(0, static_cast<size_t>(got))).ok();
}

void MessageHold::Take(absl::Duration time, const std::function<void(const rtmp::MediaMessage&)>& sink) {
  if (!std::exchange(reading_, true)) reader_.Feed(rtmp::FlvHeader()).IgnoreError();
  absl::Duration until = clock_.Steady() + time;
  rtmp::MediaMessage message;
  while (count_ > 0 && clock_.Steady() < until) {
    if (reader_.Next(message)) {
      --count_;
      sink(message);
    } else if (!Refill()) {
      log::Error("messages that waited on disk are lost", {{"messages", count_}});
      count_ = 0;
    }
  }
  if (count_ == 0) Clear();
}

void MessageHold::Clear() {
  budget_.Add(-std::exchange(bytes_, 0), false);
  if (file_.valid()) unlink(path_.c_str());
  file_ = Fd();
  tail_.clear();
  count_ = written_ = read_ = 0;
  reader_ = rtmp::FlvReader();
  reading_ = false;
}

}  // namespace lectern::worker
