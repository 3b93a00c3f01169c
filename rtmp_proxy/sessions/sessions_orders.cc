#include "rtmp_proxy/sessions/proxy_sessions.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/log/log.h"

namespace lectern::proxy {
namespace {

constexpr absl::Duration kReportPatience = absl::Seconds(4);
// For what is pending of a stream that ends.
constexpr absl::Duration kFinishPatience = absl::Seconds(5);
// A stream without a publisher of which the API says nothing, since it is away.
constexpr absl::Duration kForgetDelivered = absl::Hours(1);
constexpr absl::Duration kForgetPending = absl::Hours(24);

}  // namespace

void ProxySessions::Tick() {
  JoinEnded();
  OpenUnasked();
  std::vector<StreamHealth> healths = Healths();
  // Those of which the API does not know yet.
  std::erase_if(healths, [](const StreamHealth& health) { return health.session.empty(); });
  if (!healths.empty()) {
    absl::StatusOr<std::vector<StreamOrder>> orders = api_.Report(healths, kReportPatience);
    NoteApi(orders.status());
    for (const StreamOrder& order : orders.value_or(std::vector<StreamOrder>{})) Obey(order, healths);
  }
  DropStrays();
  ForgetOld();
}

void ProxySessions::NoteApi(const absl::Status& status) {
  if (std::exchange(api_away_, !status.ok()) == !status.ok()) return;
  if (!status.ok()) {
    log::Warn("the API does not take reports; streams go on", {{"error", status.message()}});
  } else {
    log::Info("the API takes reports again");
  }
}

void ProxySessions::Obey(const StreamOrder& order, const std::vector<StreamHealth>& healths) {
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
      if (Publisher publisher = PublisherOf(*entry->feed)) OpenLater(publisher, entry->feed->name());
      return;
  }
}

void ProxySessions::End(const StreamOrder& order, absl::Duration patience) {
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

void ProxySessions::Evict(const std::string& name, absl::string_view reason) {
  Publisher publisher = Find(name);
  if (publisher == nullptr) return;
  log::Info("publisher dropped", {{"publisher", name}, {"peer", publisher->facts().peer}, {"reason", reason}});
  publisher->Gone();
  publisher->Break();
  Front* front = WaitForFront();
  absl::Status dropped = front == nullptr ? absl::OkStatus() : front->Drop(name);
  if (!dropped.ok() && !absl::IsNotFound(dropped)) log::Warn("not dropped at the front", {{"error", dropped.message()}});
}

// Publishers that were dropped before the front had let them in, and whatever else the front has and nobody here plays.
void ProxySessions::DropStrays() {
  Front* front = WaitForFront();
  absl::StatusOr<std::vector<std::string>> names = absl::UnavailableError("no front");
  if (front != nullptr) names = front->ListPublishers();
  if (!names.ok()) return;
  std::set<std::string> strays;
  for (const std::string& name : *names) {
    if (Find(name) == nullptr) strays.insert(name);
  }
  for (const std::string& name : strays) {
    // Seen twice: one that has just ended is still in the list.
    if (!strays_.contains(name)) continue;
    log::Info("dropped a publisher that nobody knows", {{"publisher", name}, {"status", front->Drop(name).ToString()}});
  }
  strays_ = std::move(strays);
}

void ProxySessions::ForgetOld() {
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

}  // namespace lectern::proxy
