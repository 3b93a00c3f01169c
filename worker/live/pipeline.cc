#include "worker/live/pipeline.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "worker/live/live_stream.h"
#include "worker/live/sampler.h"

namespace lectern::worker {
namespace {

// Beyond it, messages are lost: something has hung for long.
constexpr size_t kMostQueuedBytes = 64 << 20;
// Beyond it, the publisher waits a little with every message: it sends faster than we can encode.
constexpr size_t kBusyBytes = 8 << 20;
constexpr absl::Duration kPushPatience = absl::Milliseconds(100);
constexpr absl::Duration kTick = absl::Seconds(1);

class LivePipeline final : public Pipeline {
 public:
  LivePipeline(PipelineOptions options, OnSet on_set)
      : on_set_(std::move(on_set)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), stream_(std::move(options)) {}

  ~LivePipeline() override {
    {
      absl::MutexLock lock(&mu_);
      stopping_ = true;
    }
    Wake();
    if (thread_.joinable()) thread_.join();
  }

  void Push(const rtmp::MediaMessage& message) override {
    if (message.payload == nullptr) return;
    if (!thread_.joinable()) Start();
    {
      absl::MutexLock lock(&mu_);
      auto room = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return queued_bytes_ < kBusyBytes || stopping_; };
      mu_.AwaitWithTimeout(absl::Condition(&room), kPushPatience);
      if (finishing_) return;
      sampler_.Note(message);
      if (queued_bytes_ + message.size() > kMostQueuedBytes) {
        lost_ = true;
        return;
      }
      queued_bytes_ += message.size();
      queue_.push_back({Item::kMessage, message, absl::Now(), std::exchange(lost_, false)});
    }
    Wake();
  }

  void Pause() override {
    absl::MutexLock lock(&mu_);
    queue_.push_back({Item::kPause, {}, absl::Now(), false});
    Wake();
  }

  void Finish(absl::Duration patience) override {
    if (!thread_.joinable()) return;
    {
      absl::MutexLock lock(&mu_);
      finishing_ = true;
      finish_patience_ = patience * 0.8;   // what is left is for the last sets
    }
    Wake();
    absl::MutexLock lock(&mu_);
    mu_.AwaitWithTimeout(absl::Condition(&done_), patience);
    stopping_ = true;
    Wake();
  }

  PipelineFacts facts() const override {
    absl::MutexLock lock(&mu_);
    return facts_;
  }

  std::string Sample() const override {
    absl::MutexLock lock(&mu_);
    return sampler_.Flv();
  }

 private:
  struct Item {
    enum Kind { kMessage, kPause };
    Kind kind = kMessage;
    rtmp::MediaMessage message;
    absl::Time arrived;
    bool after_loss = false;
  };

  void Start() {
    thread_ = std::thread([this] { Run(); });
    pthread_setname_np(thread_.native_handle(), "live-pipeline");
  }

  void Wake() {
    uint64_t one = 1;
    if (write(wake_.get(), &one, sizeof one) < 0) return;
  }

  void Run() {
    bool more = true;
    while (more) {
      WaitForWork();
      stream_.Pump();
      more = Work();
      for (SegmentSet& set : stream_.TakeSets()) {
        if (!stopping()) on_set_(std::move(set));
      }
      absl::MutexLock lock(&mu_);
      facts_ = stream_.facts();
    }
    absl::MutexLock lock(&mu_);
    done_ = true;
  }

  void WaitForWork() {
    std::vector<pollfd> fds = {{wake_.get(), POLLIN, 0}};
    stream_.AddPollFds(fds);
    absl::Duration wait = std::clamp(stream_.next_deadline() - RealClock().Steady(), absl::ZeroDuration(), kTick);
    poll(fds.data(), fds.size(), static_cast<int>(absl::ToInt64Milliseconds(wait)) + 1);
    uint64_t ignored;
    if (read(wake_.get(), &ignored, sizeof ignored) < 0) return;
  }

  bool stopping() const {
    absl::MutexLock lock(&mu_);
    return stopping_;
  }

  // False: it is over.
  bool Work() {
    std::deque<Item> items;
    absl::Duration patience;
    bool finish = false;
    {
      absl::MutexLock lock(&mu_);
      if (stopping_) return false;
      // What cannot be worked on stays where the publisher feels it.
      if (stream_.overloaded() && !finishing_) return true;
      size_t bytes = 0;
      while (!queue_.empty() && (bytes < kBusyBytes || finishing_)) {
        bytes += queue_.front().message.payload == nullptr ? 0 : queue_.front().message.size();
        items.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
      queued_bytes_ -= bytes;
      finish = finishing_;
      patience = finish_patience_;
      if (!queue_.empty()) Wake();
    }
    for (const Item& item : items) {
      if (item.kind == Item::kPause) {
        stream_.Pause();
        continue;
      }
      if (item.after_loss) stream_.NoteLoss();
      stream_.Take(item.message, item.arrived);
    }
    if (finish) stream_.Finish(patience);
    return !finish;
  }

  const OnSet on_set_;
  const Fd wake_;
  LiveStream stream_;             // the thread's
  std::thread thread_;
  mutable absl::Mutex mu_;
  std::deque<Item> queue_ ABSL_GUARDED_BY(mu_);
  size_t queued_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  bool lost_ ABSL_GUARDED_BY(mu_) = false;
  bool finishing_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool done_ ABSL_GUARDED_BY(mu_) = false;
  absl::Duration finish_patience_ ABSL_GUARDED_BY(mu_);
  PipelineFacts facts_ ABSL_GUARDED_BY(mu_);
  Sampler sampler_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

std::unique_ptr<Pipeline> Pipeline::Create(PipelineOptions options, OnSet on_set) {
  return std::make_unique<LivePipeline>(std::move(options), std::move(on_set));
}

}  // namespace lectern::worker
