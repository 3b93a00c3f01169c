#include "rtmp_proxy/sessions/proxy_sessions.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/text.h"
#include "common/log/log.h"

namespace lectern::proxy {
namespace {

constexpr absl::Duration kFrontPatience = absl::Seconds(5);
// For what is pending when the proxy stops.
constexpr absl::Duration kFinishPatience = absl::Seconds(5);
constexpr size_t kWorkThreads = 8, kMaxWork = 1000;

}  // namespace

ProxySessions::ProxySessions(SessionsOptions options, LiveApi& api, TokenBook& tokens, Clock& clock, Metrics& metrics)
    : options_(std::move(options)), api_(api), tokens_(tokens), clock_(clock), metrics_(metrics),
      folder_(options_.state_dir + "/sessions"), work_("sessions", kWorkThreads, kMaxWork) {
  std::error_code ignored;
  for (const char* name : {"/spool", "/held"}) std::filesystem::remove_all(options_.state_dir + name, ignored);
  metrics.BeforeCollect([this] { metrics_.Set(Counts(), Healths()); });
}

ProxySessions::~ProxySessions() {
  Stop();
  // A hook that was on its way while Stop ran.
  JoinAll();
}

FrontHandlers ProxySessions::Handlers() {
  FrontHandlers handlers;
  handlers.on_publish = [this](const Knock& knock) { return LetIn(knock); };
  handlers.on_publish_done = [this](const std::string& name) {
    if (Publisher session = Find(name)) session->Gone();
  };
  return handlers;
}

void ProxySessions::Run(Front& front) {
  {
    absl::MutexLock lock(&mu_);
    front_ = &front;
  }
  TakeUpAll(front);
  auto reports = std::make_unique<PeriodicLoop>("reports", options_.report_interval, [this] { Tick(); });
  absl::MutexLock lock(&mu_);
  reports_ = std::move(reports);
}

SessionsCounts ProxySessions::Counts() const {
  absl::MutexLock lock(&mu_);
  SessionsCounts counts;
  counts.publishers = static_cast<int>(publishers_.size());
  for (const auto& [name, session] : publishers_) counts.held += session->holding() ? 1 : 0;
  counts.streams = static_cast<int>(feeds_.size());
  return counts;
}

void ProxySessions::Drain(absl::Duration patience) {
  {
    absl::MutexLock lock(&mu_);
    mu_.AwaitWithTimeout(absl::Condition(+[](ProxySessions* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mu_) {
                           return self->publishers_.empty();
                         }, this), patience);
  }
  Stop();
}

std::shared_ptr<StreamFeed> ProxySessions::FeedFor(const OpenedStream& opened, const PublisherFacts& facts) {
  absl::MutexLock lock(&mu_);
  FeedEntry& entry = feeds_[opened.stream];
  if (entry.feed == nullptr) {
    entry.disk_bytes = GrantDisk();
    RingLimits ring;
    ring.memory_bytes = options_.ring_bytes;
    ring.disk_bytes = entry.disk_bytes;
    // Its own, since one of the same stream may still be delivering what it has.
    ring.spool_dir = absl::StrCat(options_.state_dir, "/spool/", RandomHex(8));
    entry.feed = std::make_shared<StreamFeed>(opened, ring, api_, clock_);
  }
  entry.token_hash = facts.token_hash;
  entry.view = facts.view;
  return entry.feed;
}

// A quarter of what is left, and never more than an eighth of all: the first ones must not have everything.
int64_t ProxySessions::GrantDisk() {
  int64_t granted = 0;
  for (const auto& [name, entry] : feeds_) granted += entry.disk_bytes;
  for (const auto& [name, publisher] : publishers_) granted += publisher->held_limit();
  return std::min(options_.spool_bytes / 8, std::max<int64_t>(0, options_.spool_bytes - granted) / 4);
}

Front* ProxySessions::WaitForFront() {
  absl::MutexLock lock(&mu_);
  mu_.AwaitWithTimeout(absl::Condition(+[](ProxySessions* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mu_) {
                         return self->front_ != nullptr || self->stopped_;
                       }, this), kFrontPatience);
  return stopped_ ? nullptr : front_;
}

ProxySessions::Publisher ProxySessions::Find(const std::string& name) const {
  absl::MutexLock lock(&mu_);
  auto found = publishers_.find(name);
  return found == publishers_.end() ? nullptr : found->second;
}

ProxySessions::Publisher ProxySessions::PublisherOf(const StreamFeed& feed) const {
  absl::MutexLock lock(&mu_);
  for (const auto& [name, publisher] : publishers_) {
    if (feed.OwnedBy(name) && publisher->feed().get() == &feed) return publisher;
  }
  return nullptr;
}

std::vector<StreamHealth> ProxySessions::Healths() const {
  std::vector<std::shared_ptr<StreamFeed>> feeds;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [name, entry] : feeds_) feeds.push_back(entry.feed);
  }
  std::vector<StreamHealth> healths;
  for (const std::shared_ptr<StreamFeed>& feed : feeds) healths.push_back(feed->Health());
  return healths;
}

void ProxySessions::OnEnd(const std::string& name) {
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

void ProxySessions::WakeReports() {
  absl::MutexLock lock(&mu_);
  if (reports_ != nullptr) reports_->Wake();
}

// Outside of their own threads.
void ProxySessions::JoinEnded() {
  std::vector<Publisher> ended;
  absl::MutexLock lock(&mu_);
  ended.swap(ended_);
  // The lock goes first: their threads may still want it.
}

void ProxySessions::JoinAll() {
  std::map<std::string, Publisher> publishers;
  {
    absl::MutexLock lock(&mu_);
    publishers.swap(publishers_);
  }
  publishers.clear();
  JoinEnded();
}

void ProxySessions::Stop() {
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
void ProxySessions::FinishAll() {
  std::vector<std::shared_ptr<StreamFeed>> feeds;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [name, entry] : feeds_) feeds.push_back(entry.feed);
  }
  for (const std::shared_ptr<StreamFeed>& feed : feeds) {
    work_.TryRun([feed] { feed->Finish(kFinishPatience); });
  }
}

std::unique_ptr<Sessions> Sessions::Create(SessionsOptions options, LiveApi& api, TokenBook& tokens, Clock& clock,
                                           Metrics& metrics) {
  return std::make_unique<ProxySessions>(std::move(options), api, tokens, clock, metrics);
}

}  // namespace lectern::proxy
