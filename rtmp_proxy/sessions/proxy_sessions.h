// The one implementation of Sessions. Private to the room.
//
// sessions.cc: life of the whole, streams, bookkeeping. sessions_entry.cc: publishers that come, and those that an earlier process
// let in. sessions_orders.cc: reports to the API and what it says to them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/exec/periodic_loop.h"
#include "common/exec/thread_pool.h"
#include "rtmp_proxy/sessions/publisher_session.h"
#include "rtmp_proxy/sessions/saved_session.h"
#include "rtmp_proxy/sessions/sessions.h"
#include "rtmp_proxy/sessions/sessions_metrics.h"
#include "rtmp_proxy/sessions/stream_feed.h"

namespace lectern::proxy {

class ProxySessions final : public Sessions {
 public:
  ProxySessions(SessionsOptions options, LiveApi& api, TokenBook& tokens, Clock& clock, Metrics& metrics);
  ~ProxySessions() override;

  FrontHandlers Handlers() override;
  void Run(Front& front) override;
  SessionsCounts Counts() const override;
  void Drain(absl::Duration patience) override;

 private:
  using Publisher = std::shared_ptr<PublisherSession>;

  struct FeedEntry {
    std::shared_ptr<StreamFeed> feed;
    std::string token_hash;      // of the publisher that fed it last
    std::string view;
    int64_t disk_bytes = 0;      // of the spool, granted to it
  };

  // While it lives, orders about streams of this token are not obeyed: they may be about the connection before.
  struct OpenMark {
    OpenMark(ProxySessions& sessions, std::string token_hash);
    ~OpenMark();
    ProxySessions& sessions;
    const std::string token_hash;
  };

  // sessions_entry.cc
  absl::StatusOr<std::string> LetIn(const Knock& knock);
  absl::StatusOr<OpenedStream> Ask(const Knock& knock, const std::string& session);
  absl::Status Refuse(const std::string& token, const absl::Status& status);
  void LetInUnasked(PublisherSession& publisher);
  absl::StatusOr<std::unique_ptr<rtmp::Player>> Attach(Front& front, const std::string& name);
  Publisher MakeSession(PublisherFacts facts, Front& front);
  void Register(const Publisher& publisher);
  void Begin(PublisherSession& publisher, std::unique_ptr<rtmp::Player> player);
  void Save(const PublisherSession& publisher);
  void TakeUpAll(Front& front);
  bool TakeUp(Front& front, const std::string& name, const SavedSession& saved);
  void OpenUnasked();
  // Asks the API, on the pool, where the publisher belongs (now): by its token, or by `resume`, the stream that it has.
  void OpenLater(const Publisher& publisher, const std::string& resume);
  void OpenNow(PublisherSession& publisher, const std::string& resume);

  // sessions_orders.cc
  void Tick();
  void NoteApi(const absl::Status& status);
  void Obey(const StreamOrder& order, const std::vector<StreamHealth>& healths);
  void End(const StreamOrder& order, absl::Duration patience);
  void Evict(const std::string& name, absl::string_view reason);
  void DropStrays();
  void ForgetOld();

  // sessions.cc
  std::shared_ptr<StreamFeed> FeedFor(const OpenedStream& opened, const PublisherFacts& facts);
  int64_t GrantDisk() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Front* WaitForFront();
  Publisher Find(const std::string& name) const;
  Publisher PublisherOf(const StreamFeed& feed) const;
  std::vector<StreamHealth> Healths() const;
  void OnEnd(const std::string& name);
  void WakeReports();
  void JoinEnded();
  void JoinAll();
  void Stop();
  void FinishAll();

  const SessionsOptions options_;
  LiveApi& api_;
  TokenBook& tokens_;
  Clock& clock_;
  SessionsMetrics metrics_;
  const SessionFolder folder_;
  // Of the loop's thread.
  bool api_away_ = false;
  std::set<std::string> strays_;   // names at the front that nobody here knew at the last look
  mutable absl::Mutex mu_;
  Front* front_ ABSL_GUARDED_BY(mu_) = nullptr;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::map<std::string, Publisher> publishers_ ABSL_GUARDED_BY(mu_);     // by name at the front
  std::vector<Publisher> ended_ ABSL_GUARDED_BY(mu_);                    // whose threads are to be joined
  std::map<std::string, FeedEntry> feeds_ ABSL_GUARDED_BY(mu_);          // by stream
  std::multiset<std::string> opening_ ABSL_GUARDED_BY(mu_);              // hashes of tokens
  std::set<std::string> asking_ ABSL_GUARDED_BY(mu_);                    // names of publishers
  std::unique_ptr<PeriodicLoop> reports_ ABSL_GUARDED_BY(mu_);
  ThreadPool work_;
};

}  // namespace lectern::proxy
