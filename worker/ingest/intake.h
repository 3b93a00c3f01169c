// What comes in for one live job: the messages of the newest connection of its proxy, or of a hall's source, in order and once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/rtmp/client.h"
#include "common/rtmp/server.h"
#include "worker/ingest/live_metrics.h"
#include "worker/ingest/message_hold.h"
#include "worker/ingest/pull_source.h"
#include "worker/ingest/replay_filter.h"
#include "worker/live/pipeline.h"

namespace lectern::worker {

struct IntakeState {
  bool receiving = false;                        // media came in during the last two seconds
  absl::Duration received_for;                   // without a break; 0: nothing comes in
  int64_t dropped = 0;                           // messages of a hall for which there was no room
  std::string reason;                            // of a hall's source, why nothing comes
  absl::Duration since_jump = absl::InfiniteDuration();
};

// Thread-safe.
class Intake {
 public:
  // While `budget` is full, a proxy is made to wait (it keeps everything), and what a hall sends is lost. `on_change`: there is
  // something to report. `scratch_dir` exists. Everything outlives the intake.
  Intake(const std::string& scratch_dir, SpoolBudget& budget, std::function<void()> on_change, Clock& clock, LiveMetrics& metrics);
  // After Close.
  ~Intake();

  // From now on messages go to `pipeline`, also those that came before. `stored_ms`: what is stored already; -1: nothing.
  void Open(Pipeline& pipeline, int64_t stored_ms);
  // Told to the proxy.
  void Confirm(int64_t stored_ms);

  // What to tell a publisher first. Waits a moment for Open; without it everything is asked for, and held back until then.
  // Errors: kFailedPrecondition where the intake is closed.
  absl::StatusOr<rtmp::Feedback> Greeting();
  // Takes messages from the connection until it ends, a newer one takes its place, or Close. A newer connection breaks the older
  // one and waits until that has let go.
  void Serve(rtmp::PublisherConnection& connection);
  // Fetches the stream of a hall. Once.
  void Pull(PullOptions options);

  // No more messages, after those that the connection has brought so far. Afterwards nothing is pushed any more; the connection
  // stays until Close, so that its proxy hears what is stored of them. Waits, about two seconds at most.
  void Drain();
  // No more messages and no connection; what was confirmed before is told still. Waits.
  void Close();

  // After Drain or Close: whether messages wait for Open still, and pushing them once it has come.
  bool holds() const { return !hold_.empty(); }
  void PushRest() { Pause(); }

  IntakeState state() const;

 private:
  enum class Phase { kRunning, kDraining, kClosed };

  bool TakeOver(rtmp::PublisherConnection& connection);
  bool Receive(rtmp::PublisherConnection& connection);
  void Linger(rtmp::PublisherConnection& connection);
  void Release();
  void OnPulled(const rtmp::MediaMessage& message);
  // By the pushing thread only: that of the current connection, the source's, or, when they are done, Drain's or Close's.
  void Push(const rtmp::MediaMessage& message);
  bool PushHeld(absl::Duration time);
  void Pause();
  Pipeline* pipeline() const;
  bool Draining() const;

  SpoolBudget& budget_;
  const std::function<void()> on_change_;
  Clock& clock_;
  LiveMetrics& metrics_;

  // Of the pushing thread.
  ReplayFilter filter_;
  MessageHold hold_;                             // before Open
  bool overflown_ = false;

  mutable absl::Mutex mu_;
  Phase phase_ ABSL_GUARDED_BY(mu_) = Phase::kRunning;
  absl::Duration drain_until_ ABSL_GUARDED_BY(mu_);
  bool lingers_ ABSL_GUARDED_BY(mu_) = false;    // the current connection pushes nothing any more
  Pipeline* pipeline_ ABSL_GUARDED_BY(mu_) = nullptr;
  rtmp::Feedback feedback_ ABSL_GUARDED_BY(mu_);
  rtmp::PublisherConnection* current_ ABSL_GUARDED_BY(mu_) = nullptr;
  int64_t arrivals_ ABSL_GUARDED_BY(mu_) = 0;    // connections so far: the newest one wins
  int serving_ ABSL_GUARDED_BY(mu_) = 0;         // calls of Serve
  int64_t greeted_ ABSL_GUARDED_BY(mu_) = 0;     // connections that were let in
  int64_t served_ ABSL_GUARDED_BY(mu_) = 0;      // of them, those that came to Serve
  absl::Duration received_since_ ABSL_GUARDED_BY(mu_);
  absl::Duration last_received_ ABSL_GUARDED_BY(mu_) = -absl::InfiniteDuration();
  absl::Duration last_jump_ ABSL_GUARDED_BY(mu_) = -absl::InfiniteDuration();
  int64_t dropped_ ABSL_GUARDED_BY(mu_) = 0;
  std::string reason_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<PullSource> source_;
};

}  // namespace lectern::worker
