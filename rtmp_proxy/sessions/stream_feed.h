// One live stream at this proxy: its timeline, its relay, and which publisher feeds it. It outlives a publisher's connection.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/rtmp/message.h"
#include "common/rtmp/timeline.h"
#include "rtmp_proxy/relay/relay.h"
#include "rtmp_proxy/sessions/live_api.h"

namespace lectern::proxy {

// Thread-safe.
class StreamFeed {
 public:
  StreamFeed(OpenedStream stream, RingLimits ring, LiveApi& api, Clock& clock);

  const OpenedStream& stream() const { return stream_; }
  const std::string& name() const { return stream_.stream; }
  // Milliseconds of the timeline now.
  int64_t NowMs() const;

  // From now on only this publisher's messages count; `session` is its name at the API, empty while the API does not know it yet
  // (the one before it goes on being used). Returns the publisher before it; empty: none.
  std::string Take(const std::string& publisher, const std::string& session);
  // The API has learned of the publisher. Without effect where another has taken over.
  void SetSession(const std::string& publisher, const std::string& session);
  // Empty: none yet.
  std::string session() const;
  bool OwnedBy(const std::string& publisher) const;

  // With the publisher's own timestamps, in order. Dropped where another has taken over.
  void Push(const std::string& publisher, const rtmp::MediaMessage& message);
  // The same with a position on the timeline, for what was kept before the stream had a name.
  void PushAt(const std::string& publisher, const rtmp::MediaMessage& message, int64_t position_ms);
  // The publisher is gone. False where another has taken over.
  bool Leave(const std::string& publisher);

  void Reacquire(absl::string_view reason) { relay_->Reacquire(reason); }
  void Finish(absl::Duration patience) { relay_->Finish(patience); }

  StreamHealth Health() const;
  // Since when nobody feeds it; InfiniteDuration where somebody does. By Clock::Steady.
  absl::Duration idle_since() const;

 private:
  absl::StatusOr<IngestAddress> Acquire(int64_t failed_epoch, absl::string_view reason);
  int64_t Place(const rtmp::MediaMessage& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Forward(rtmp::MediaMessage message, int64_t position_ms) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const OpenedStream stream_;
  LiveApi& api_;
  Clock& clock_;
  mutable absl::Mutex mu_;
  std::string publisher_ ABSL_GUARDED_BY(mu_);
  std::string session_ ABSL_GUARDED_BY(mu_);
  std::string encoder_ ABSL_GUARDED_BY(mu_);
  bool placed_ ABSL_GUARDED_BY(mu_) = false;        // this publisher's first frame has come
  rtmp::Timeline timeline_ ABSL_GUARDED_BY(mu_);
  absl::Duration fed_ ABSL_GUARDED_BY(mu_) = -absl::InfiniteDuration();     // when the last message came
  absl::Duration idle_since_ ABSL_GUARDED_BY(mu_);
  std::deque<absl::Duration> contests_ ABSL_GUARDED_BY(mu_);                // takeovers from a publisher that was still sending
  const std::unique_ptr<Relay> relay_;   // last: its thread calls Acquire
};

}  // namespace lectern::proxy
