// One publisher's connection: plays its stream from the front and hands it to the stream's feed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/rtmp/client.h"
#include "rtmp_proxy/sessions/held_media.h"
#include "rtmp_proxy/sessions/stream_feed.h"

namespace lectern::proxy {

struct PublisherFacts {
  std::string name;         // at the front
  std::string token;        // secret; empty: taken up by a restarted proxy
  std::string token_hash;
  std::string view;
  std::string peer;
};

struct SessionHandlers {
  std::function<absl::StatusOr<std::unique_ptr<rtmp::Player>>()> attach;
  std::function<absl::StatusOr<bool>()> present;                        // whether the front has the publisher
  // Another publisher has lost its stream to this one.
  std::function<void(const std::string& publisher)> on_takeover;
  // Last, on the session's thread; it may not be destroyed in it.
  std::function<void(const std::string& name)> on_end;
};

// Thread-safe.
class PublisherSession {
 public:
  PublisherSession(PublisherFacts facts, SessionHandlers handlers, Clock& clock);
  // Breaks and waits.
  ~PublisherSession();

  const PublisherFacts& facts() const { return facts_; }
  void Start(std::unique_ptr<rtmp::Player> player);

  // Hands everything to this feed: at once where there was none, else from the next key frame on. `session` as StreamFeed::Take.
  void Feed(std::shared_ptr<StreamFeed> feed, const std::string& session);
  // Without a feed: keeps what comes until there is one.
  void Hold(std::unique_ptr<HeldMedia> held);

  // Of which the last Feed spoke; null: none.
  std::shared_ptr<StreamFeed> feed() const;
  // The API's name of it; empty while it does not know of it.
  std::string session() const;
  void SetSession(const std::string& session);
  bool holding() const;
  // What it may keep on disk while it has no feed.
  int64_t held_limit() const;

  // The publisher is gone: what is still on its way is read, then it ends.
  void Gone() { gone_ = true; }
  // Ends it now.
  void Break();

 private:
  void Run();
  bool Attach();
  bool OnSilence(const absl::Status& status);
  void Deliver(const rtmp::MediaMessage& message);
  void Remember(const rtmp::MediaMessage& message);
  bool MaySwitch(const rtmp::MediaMessage& message) const;
  void Switch(std::shared_ptr<StreamFeed> next);
  void HandOn(HeldMedia& held);
  void Repeat(StreamFeed& feed);

  const PublisherFacts facts_;
  const SessionHandlers handlers_;
  Clock& clock_;
  std::atomic<bool> gone_ = false;
  std::atomic<bool> broken_ = false;
  // Of its thread.
  std::shared_ptr<StreamFeed> current_;
  rtmp::MediaMessage metadata_, video_header_, audio_header_;   // the newest; without payload: none
  absl::Duration waiting_since_ = absl::InfiniteDuration();     // to switch
  mutable absl::Mutex mu_;
  std::shared_ptr<StreamFeed> wanted_ ABSL_GUARDED_BY(mu_);
  std::string session_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<HeldMedia> held_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<rtmp::Player> player_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

}  // namespace lectern::proxy
