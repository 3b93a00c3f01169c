#include "rtmp_proxy/sessions/sessions.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/exec/periodic_loop.h"
#include "common/exec/thread_pool.h"
#include "common/log/log.h"
#include "rtmp_proxy/sessions/publisher_session.h"
#include "rtmp_proxy/sessions/saved_session.h"
#include "rtmp_proxy/sessions/sessions_metrics.h"
#include "rtmp_proxy/sessions/stream_feed.h"

namespace lectern::proxy {
namespace {

// The front gives a hook ten seconds; what follows the question needs some too.
constexpr absl::Duration kOpenPatience = absl::Seconds(5);
constexpr absl::Duration kReportPatience = absl::Seconds(4);
constexpr absl::Duration kFrontPatience = absl::Seconds(5);
constexpr int kAttachAttempts = 3;
// What is pending of a stream that ends here.
constexpr absl::Duration kFinishPatience = absl::Seconds(5);
// A stream without a publisher of which the API says nothing, since it is away.
constexpr absl::Duration kForgetDelivered = absl::Hours(1);
constexpr absl::Duration kForgetPending = absl::Hours(24);
constexpr size_t kWorkThreads = 8;

class ProxySessions final : public Sessions {
 public:
  ProxySessions(SessionsOptions options, LiveApi& api, TokenBook& tokens, Clock& clock, Metrics& metrics)
      : options_(std::move(options)), api_(api), tokens_(tokens), clock_(clock), metrics_(metrics),
        folder_(options_.state_dir + "/sessions"), work_("sessions", kWorkThreads, 1000) {
    std::error_code ignored;
    for (const char* name : {"/spool", "/held"}) std::filesystem::remove_all(options_.state_dir + name, ignored);
    metrics.BeforeCollect([this] { metrics_.Set(Counts(), Healths()); });
  }

  ~ProxySessions() override {
    Stop();
    // A hook that was on its way while Stop ran.
    JoinAll();
  }

  FrontHandlers Handlers() override {
    FrontHandlers handlers;
    handlers.on_publish = [this](const Knock& knock) { return LetIn(knock); };
    handlers.on_publish_done = [this](const std::string& name) {
      if (std::shared_ptr<PublisherSession> session = Find(name)) session->Gone();
    };
    return handlers;
  }

  void Run(Front& front) override {
    {
      absl::MutexLock lock(&mu_);
      front_ = &front;
    }
    TakeUpAll(front);
    auto reports = std::make_unique<PeriodicLoop>("reports", options_.report_interval, [this] { Tick(); });
    absl::MutexLock lock(&mu_);
    reports_ = std::move(reports);
  }

  SessionsCounts Counts() const override {
    absl::MutexLock lock(&mu_);
    SessionsCounts counts;
    counts.publishers = static_cast<int>(publishers_.size());
    for (const auto& [name, session] : publishers_) counts.held += session->holding() ? 1 : 0;
    counts.streams = static_cast<int>(feeds_.size());
    return counts;
  }

  void Drain(absl::Duration patience) override {
    {
      absl::MutexLock lock(&mu_);
      draining_ = true;
      mu_.AwaitWithTimeout(absl::Condition(+[](ProxySessions* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mu_) {
                             return self->publishers_.empty();
                           }, this), patience);
    }
    Stop();
  }

 private:
  struct FeedEntry {
    std::shared_ptr<StreamFeed> feed;
    std::string token_hash;      // of the publisher that fed it last
    std::string view;
    int64_t disk_bytes = 0;      // of the spool, granted to it
  };

  // ---- publishers that come ----

  absl::StatusOr<std::string> LetIn(const Knock& knock) {
    Front* front = WaitForFront();
    if (front == nullptr) return absl::UnavailableError("the proxy starts or stops");
    PublisherFacts facts{RandomHex(16), knock.token, HashToken(knock.token), knock.view, knock.peer, knock.encoder};
    OpenMark mark(*this, facts.token_hash);
    std::string session = RandomHex(16);
    absl::StatusOr<OpenedStream> opened =
        api_.Open({.token = knock.token, .view = knock.view, .session = session, .peer = knock.peer}, kOpenPatience);
    if (opened.ok()) {
      tokens_.Remember(knock.token);
    } else if (!IsTrouble(opened.status())) {
      return Refuse(knock.token, opened.status());
    } else if (!knock.known) {
      return absl::UnavailableError("the API cannot be reached, and the token was not used here lately");
    }
    ASSIGN_OR_RETURN(std::unique_ptr<rtmp::Player> player, Attach(*front, facts.name));
    std::shared_ptr<PublisherSession> publisher = MakeSession(std::move(facts), *front);
    if (opened.ok()) {
      publisher->Feed(FeedFor(*opened, publisher->facts()), session);
    } else {
      LetInUnasked(*publisher);
    }
    Begin(publisher, std::move(player));
    log::Info("publisher let in", {{"publisher", publisher->facts().name}, {"peer", knock.peer},
                                   {"stream", opened.ok() ? opened->stream : ""}, {"api", opened.ok() ? "" : "away"}});
    return publisher->facts().name;
  }

  // Only what the API has said about the token counts as a wrong token: this proxy's own credential may be refused as well.
  absl::Status Refuse(const std::string& token, const absl::Status& status) {
    if (IsTokenRefused(status)) {
      tokens_.Forget(token);
      return status;
    }
    if (!absl::IsUnauthenticated(status)) return status;
    return absl::FailedPreconditionError(absl::StrCat("the API refuses this proxy: ", status.message()));
  }

  // The API is away and the token was good: goes on with the stream that it fed here, else the media is kept.
  void LetInUnasked(PublisherSession& publisher) {
    std::shared_ptr<StreamFeed> known;
    {
      absl::MutexLock lock(&mu_);
      for (const auto& [name, entry] : feeds_) {
        if (entry.token_hash == publisher.facts().token_hash && entry.view == publisher.facts().view) known = entry.feed;
      }
    }
    if (known != nullptr) return publisher.Feed(known, "");
    absl::StatusOr<std::unique_ptr<HeldMedia>> held =
        HeldMedia::Create(absl::StrCat(options_.state_dir, "/held/", publisher.facts().name), options_.spool_bytes / 8, clock_);
    if (held.ok()) return publisher.Hold(*std::move(held));
    log::Error("media is not kept while the API is away", {{"error", held.status().message()}});
  }

  absl::StatusOr<std::unique_ptr<rtmp::Player>> Attach(Front& front, const std::string& name) {
    rtmp::ClientOptions options;
    options.connect_timeout = absl::Seconds(1);
    absl::StatusOr<std::unique_ptr<rtmp::Player>> player = absl::UnavailableError("not tried");
    for (int i = 0; i < kAttachAttempts && !player.ok(); ++i) player = rtmp::Player::Open(front.PlayTarget(name), options);
    return player;
  }

  std::shared_ptr<PublisherSession> MakeSession(PublisherFacts facts, Front& front) {
    SessionHandlers handlers;
    std::string name = facts.name;
    handlers.attach = [this, &front, name] { return Attach(front, name); };
    handlers.present = [&front, name]() -> absl::StatusOr<bool> {
      ASSIGN_OR_RETURN(std::vector<std::string> names, front.ListPublishers());
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    handlers.on_takeover = [this](const std::string& other) { Evict(other, "a newer connection with the same token has come"); };
    handlers.on_end = [this](const std::string& ended) { OnEnd(ended); };
    return std::make_shared<PublisherSession>(std::move(facts), std::move(handlers), clock_);
  }

  void Begin(const std::shared_ptr<PublisherSession>& publisher, std::unique_ptr<rtmp::Player> player) {
    {
      absl::MutexLock lock(&mu_);
      publishers_[publisher->facts().name] = publisher;
    }
    Save(*publisher);
    publisher->Start(std::move(player));
    WakeReports();
  }

  void Save(const PublisherSession& publisher) {
    const PublisherFacts& facts = publisher.facts();
    SavedSession saved;
    saved.view = facts.view;
    saved.token_hash = facts.token_hash;
    saved.peer = facts.peer;
    saved.encoder = facts.encoder;
    if (std::shared_ptr<StreamFeed> feed = publisher.feed()) {
      saved.stream = feed->name();
      saved.lecture = feed->stream().lecture;
      saved.start_ms = feed->stream().start_ms;
      saved.api_ahead_ms = absl::ToInt64Milliseconds(clock_.Steady() + feed->stream().api_ahead) - absl::ToUnixMillis(clock_.Now());
    }
    absl::Status written = folder_.Save(facts.name, saved);
    if (!written.ok()) log::Error("a publisher is not saved for a restart", {{"error", written.message()}});
  }

  std::shared_ptr<StreamFeed> FeedFor(const OpenedStream& opened, const PublisherFacts& facts) {
    absl::MutexLock lock(&mu_);
    FeedEntry& entry = feeds_[opened.stream];
    if (entry.feed == nullptr) {
      int64_t granted = 0;
      for (const auto& [name, other] : feeds_) granted += other.disk_bytes;
      // Each gets a quarter of what is left, and never more than an eighth of all: the first ones must not have everything.
      entry.disk_bytes = std::min(options_.spool_bytes / 8, std::max<int64_t>(0, options_.spool_bytes - granted) / 4);
      RingLimits ring;
      ring.memory_bytes = options_.ring_bytes;
      ring.disk_bytes = entry.disk_bytes;
      ring.spool_dir = absl::StrCat(options_.state_dir, "/spool/", ParseName(opened.stream, "liveStreams").value_or(0));
      entry.feed = std::make_shared<StreamFeed>(opened, ring, api_, clock_);
    }
    entry.token_hash = facts.token_hash;
    entry.view = facts.view;
    return entry.feed;
  }

  // ---- after a restart ----

  void TakeUpAll(Front& front) {
    std::map<std::string, SavedSession> saved = folder_.LoadAll();
    absl::StatusOr<std::vector<std::string>> names = front.ListPublishers();
    absl::Duration end = clock_.Steady() + kFrontPatience;
    while (!names.ok() && clock_.Steady() < end) {
      absl::SleepFor(absl::Milliseconds(100));
      names = front.ListPublishers();
    }
    if (!names.ok()) log::Error("who publishes is not known", {{"error", names.status().message()}});
    for (const std::string& name : names.value_or(std::vector<std::string>{})) {
      // Let in by this process a moment ago.
      if (Find(name) != nullptr) {
        saved.erase(name);
        continue;
      }
      auto found = saved.find(name);
      bool known = found != saved.end() && TakeUp(front, name, found->second);
      if (known) {
        saved.erase(found);
      } else if (absl::Status dropped = front.Drop(name); dropped.ok()) {
        log::Info("dropped a publisher that nobody knows", {{"publisher", name}});
      }
    }
    for (const auto& [name, session] : saved) {
      if (Find(name) == nullptr) folder_.Remove(name);
    }
  }

  bool TakeUp(Front& front, const std::string& name, const SavedSession& saved) {
    // Without the token and without a stream there is nothing that the API could be asked by.
    if (saved.stream.empty()) return false;
    absl::StatusOr<std::unique_ptr<rtmp::Player>> player = Attach(front, name);
    if (!player.ok()) return false;
    PublisherFacts facts{name, "", saved.token_hash, saved.view, saved.peer, saved.encoder};
    std::shared_ptr<PublisherSession> publisher = MakeSession(facts, front);
    OpenedStream stream;
    stream.stream = saved.stream;
    stream.lecture = saved.lecture;
    stream.start_ms = saved.start_ms;
    stream.api_ahead = absl::Milliseconds(absl::ToUnixMillis(clock_.Now()) + saved.api_ahead_ms) - clock_.Steady();
    publisher->Feed(FeedFor(stream, facts), "");
    Begin(publisher, *std::move(player));
    log::Info("took up a publisher", {{"publisher", name}, {"stream", saved.stream}});
    return true;
  }

  // ---- the API's say ----

  void Tick() {
    JoinEnded();
    OpenUnasked();
    std::vector<StreamHealth> healths = Healths();
    // Those of which the API does not know yet.
    std::erase_if(healths, [](const StreamHealth& health) { return health.session.empty(); });
    if (!healths.empty()) {
      absl::StatusOr<std::vector<StreamOrder>> orders = api_.Report(healths, kReportPatience);
      SetApiAway(!orders.ok(), orders.status());
      if (orders.ok()) {
        for (const StreamOrder& order : *orders) Obey(order, healths);
      }
    }
    ForgetOld();
  }

  void SetApiAway(bool away, const absl::Status& status) {
    if (std::exchange(api_away_, away) == away) return;
    if (away) {
      log::Warn("the API does not take reports; streams go on", {{"error", status.message()}});
    } else {
      log::Info("the API takes reports again");
    }
  }

  void Obey(const StreamOrder& order, const std::vector<StreamHealth>& healths) {
    std::optional<FeedEntry> entry;
    bool opening = false;
    {
      absl::MutexLock lock(&mu_);
      auto found = feeds_.find(order.stream);
      if (found == feeds_.end()) return;
      entry = found->second;
      opening = opening_.contains(entry->token_hash);
    }
    auto said = std::find_if(healths.begin(), healths.end(), [&](const StreamHealth& h) { return h.stream == order.stream; });
    // The answer is about a connection that another has followed meanwhile, or is just about to.
    bool stale = said == healths.end() || said->session != entry->feed->session() || opening;
    switch (order.kind) {
      case StreamOrder::kKeep:
        return;
      case StreamOrder::kReacquire:
        return entry->feed->Reacquire(order.reason);
      case StreamOrder::kSuperseded:
        if (!stale) End(order, absl::ZeroDuration());
        return;
      case StreamOrder::kEnd:
        if (!stale) End(order, kFinishPatience);
        return;
      case StreamOrder::kReopen:
        if (std::shared_ptr<PublisherSession> publisher = PublisherOf(*entry->feed)) OpenLater(publisher, entry->feed->name());
        return;
    }
  }

  std::shared_ptr<PublisherSession> PublisherOf(const StreamFeed& feed) const {
    absl::MutexLock lock(&mu_);
    for (const auto& [name, publisher] : publishers_) {
      if (feed.OwnedBy(name) && publisher->feed().get() == &feed) return publisher;
    }
    return nullptr;
  }

  void End(const StreamOrder& order, absl::Duration patience) {
    log::Info("stream ends here", {{"stream", order.stream}, {"reason", order.reason}});
    std::shared_ptr<StreamFeed> feed;
    std::vector<std::string> names;
    {
      absl::MutexLock lock(&mu_);
      auto found = feeds_.find(order.stream);
      if (found == feeds_.end()) return;
      feed = found->second.feed;
      feeds_.erase(found);
      for (const auto& [name, publisher] : publishers_) {
        if (publisher->feed() == feed) names.push_back(name);
      }
    }
    for (const std::string& name : names) Evict(name, order.reason);
    work_.TryRun([feed, patience] {
      if (patience > absl::ZeroDuration()) feed->Finish(patience);
    });
  }

  void Evict(const std::string& name, absl::string_view reason) {
    std::shared_ptr<PublisherSession> publisher = Find(name);
    if (publisher == nullptr) return;
    log::Info("publisher dropped", {{"publisher", name}, {"peer", publisher->facts().peer}, {"reason", reason}});
    publisher->Gone();
    publisher->Break();
    Front* front = WaitForFront();
    absl::Status dropped = front == nullptr ? absl::OkStatus() : front->Drop(name);
    if (!dropped.ok() && !absl::IsNotFound(dropped)) log::Warn("not dropped at the front", {{"error", dropped.message()}});
  }

  // Those that were let in while the API was away.
  void OpenUnasked() {
    std::vector<std::shared_ptr<PublisherSession>> unasked;
    {
      absl::MutexLock lock(&mu_);
      for (const auto& [name, publisher] : publishers_) {
        if (publisher->session().empty()) unasked.push_back(publisher);
      }
    }
    for (const std::shared_ptr<PublisherSession>& publisher : unasked) {
      std::shared_ptr<StreamFeed> feed = publisher->feed();
      bool by_token = !publisher->facts().token.empty();
      if (by_token || feed != nullptr) OpenLater(publisher, by_token ? "" : feed->name());
    }
  }

  // Asks the API where the publisher belongs (now), by its token or by the stream that it has.
  void OpenLater(const std::shared_ptr<PublisherSession>& publisher, const std::string& resume) {
    const std::string& name = publisher->facts().name;
    {
      absl::MutexLock lock(&mu_);
      if (!asking_.insert(name).second) return;
    }
    bool taken = work_.TryRun([this, publisher, resume] {
      OpenNow(*publisher, resume);
      absl::MutexLock lock(&mu_);
      asking_.erase(publisher->facts().name);
    });
    if (taken) return;
    absl::MutexLock lock(&mu_);
    asking_.erase(name);
  }

  void OpenNow(PublisherSession& publisher, const std::string& resume) {
    const PublisherFacts& facts = publisher.facts();
    OpenMark mark(*this, facts.token_hash);
    std::string session = RandomHex(16);
    absl::StatusOr<OpenedStream> opened = api_.Open(
        {.token = facts.token, .resume = resume, .view = facts.view, .session = session, .peer = facts.peer}, kOpenPatience);
    if (!opened.ok() && IsTrouble(opened.status())) return;
    if (!opened.ok()) return Evict(facts.name, Refuse(facts.token, opened.status()).message());
    if (!facts.token.empty()) tokens_.Remember(facts.token);
    std::shared_ptr<StreamFeed> feed = publisher.feed();
    if (feed != nullptr && feed->name() == opened->stream) {
      publisher.SetSession(session);
    } else {
      log::Info("publisher belongs to another stream", {{"publisher", facts.name}, {"stream", opened->stream}});
      publisher.Feed(FeedFor(*opened, facts), session);
    }
    Save(publisher);
    WakeReports();
  }

  // ---- bookkeeping ----

  // While it lives, an order about streams of this token is not obeyed: it may be about the connection before.
  struct OpenMark {
    OpenMark(ProxySessions& sessions, std::string token_hash) : sessions(sessions), token_hash(std::move(token_hash)) {
      absl::MutexLock lock(&sessions.mu_);
      sessions.opening_.insert(this->token_hash);
    }
    ~OpenMark() {
      absl::MutexLock lock(&sessions.mu_);
      sessions.opening_.erase(sessions.opening_.find(token_hash));
    }
    ProxySessions& sessions;
    const std::string token_hash;
  };

  Front* WaitForFront() {
    absl::MutexLock lock(&mu_);
    mu_.AwaitWithTimeout(absl::Condition(+[](ProxySessions* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mu_) {
                           return self->front_ != nullptr || self->stopped_;
                         }, this), kFrontPatience);
    return stopped_ ? nullptr : front_;
  }

  std::shared_ptr<PublisherSession> Find(const std::string& name) const {
    absl::MutexLock lock(&mu_);
    auto found = publishers_.find(name);
    return found == publishers_.end() ? nullptr : found->second;
  }

  void OnEnd(const std::string& name) {
    folder_.Remove(name);
    {
      absl::MutexLock lock(&mu_);
      auto found = publishers_.find(name);
      if (found == publishers_.end()) return;
      ended_.push_back(std::move(found->second));
      publishers_.erase(found);
    }
    log::Info("publisher gone", {{"publisher", name}});
    WakeReports();
  }

  // Outside of their own threads.
  void JoinEnded() {
    std::vector<std::shared_ptr<PublisherSession>> ended;
    absl::MutexLock lock(&mu_);
    ended.swap(ended_);
    // The lock goes first: their threads may still want it.
  }

  void JoinAll() {
    std::map<std::string, std::shared_ptr<PublisherSession>> publishers;
    {
      absl::MutexLock lock(&mu_);
      publishers.swap(publishers_);
    }
    publishers.clear();
    JoinEnded();
  }

  std::vector<StreamHealth> Healths() const {
    std::vector<std::shared_ptr<StreamFeed>> feeds;
    {
      absl::MutexLock lock(&mu_);
      for (const auto& [name, entry] : feeds_) feeds.push_back(entry.feed);
    }
    std::vector<StreamHealth> healths;
    for (const std::shared_ptr<StreamFeed>& feed : feeds) healths.push_back(feed->Health());
    return healths;
  }

  void ForgetOld() {
    std::vector<std::shared_ptr<StreamFeed>> old;
    absl::MutexLock lock(&mu_);
    for (auto entry = feeds_.begin(); entry != feeds_.end();) {
      absl::Duration idle = clock_.Steady() - entry->second.feed->idle_since();
      bool over = idle > kForgetPending || (idle > kForgetDelivered && entry->second.feed->Health().relay.pending_bytes == 0);
      if (over) old.push_back(entry->second.feed);
      entry = over ? feeds_.erase(entry) : std::next(entry);
    }
    // Their threads end in the pool.
    for (const std::shared_ptr<StreamFeed>& feed : old) work_.TryRun([feed] {});
  }

  void WakeReports() {
    absl::MutexLock lock(&mu_);
    if (reports_ != nullptr) reports_->Wake();
  }

  void Stop() {
    std::vector<std::string> names;
    {
      absl::MutexLock lock(&mu_);
      if (std::exchange(stopping_, true)) return;
      for (const auto& [name, publisher] : publishers_) names.push_back(name);
    }
    for (const std::string& name : names) Evict(name, "the proxy stops");
    std::unique_ptr<PeriodicLoop> reports;
    {
      absl::MutexLock lock(&mu_);
      reports.swap(reports_);
    }
    reports.reset();
    FinishAll();
    work_.Stop();
    JoinAll();
    std::map<std::string, FeedEntry> feeds;
    absl::MutexLock lock(&mu_);
    stopped_ = true;
    feeds.swap(feeds_);
  }

  // All at once, since each may wait for its worker.
  void FinishAll() {
    std::vector<std::shared_ptr<StreamFeed>> feeds;
    {
      absl::MutexLock lock(&mu_);
      for (const auto& [name, entry] : feeds_) feeds.push_back(entry.feed);
    }
    for (const std::shared_ptr<StreamFeed>& feed : feeds) {
      work_.TryRun([feed] { feed->Finish(kFinishPatience); });
    }
  }

  const SessionsOptions options_;
  LiveApi& api_;
  TokenBook& tokens_;
  Clock& clock_;
  SessionsMetrics metrics_;
  const SessionFolder folder_;
  bool api_away_ = false;   // of the loop's thread
  mutable absl::Mutex mu_;
  Front* front_ ABSL_GUARDED_BY(mu_) = nullptr;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::map<std::string, std::shared_ptr<PublisherSession>> publishers_ ABSL_GUARDED_BY(mu_);
  std::vector<std::shared_ptr<PublisherSession>> ended_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, FeedEntry> feeds_ ABSL_GUARDED_BY(mu_);
  std::multiset<std::string> opening_ ABSL_GUARDED_BY(mu_);   // hashes of tokens
  std::set<std::string> asking_ ABSL_GUARDED_BY(mu_);         // names of publishers
  ThreadPool work_;
  std::unique_ptr<PeriodicLoop> reports_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

std::unique_ptr<Sessions> Sessions::Create(SessionsOptions options, LiveApi& api, TokenBook& tokens, Clock& clock,
                                           Metrics& metrics) {
  return std::make_unique<ProxySessions>(std::move(options), api, tokens, clock, metrics);
}

}  // namespace lectern::proxy
