#include "rtmp_proxy/sessions/proxy_sessions.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/log/log.h"

namespace lectern::proxy {
namespace {

// The front gives a hook ten seconds; what follows the question needs some too.
constexpr absl::Duration kOpenPatience = absl::Seconds(5);
constexpr absl::Duration kAskPause = absl::Milliseconds(250);
constexpr absl::Duration kFrontPatience = absl::Seconds(5);
constexpr int kAttachAttempts = 3;

}  // namespace

ProxySessions::OpenMark::OpenMark(ProxySessions& sessions, std::string token_hash)
    : sessions(sessions), token_hash(std::move(token_hash)) {
  absl::MutexLock lock(&sessions.mu_);
  sessions.opening_.insert(this->token_hash);
}

ProxySessions::OpenMark::~OpenMark() {
  absl::MutexLock lock(&sessions.mu_);
  sessions.opening_.erase(sessions.opening_.find(token_hash));
}

absl::StatusOr<std::string> ProxySessions::LetIn(const Knock& knock) {
  Front* front = WaitForFront();
  if (front == nullptr) return absl::UnavailableError("the proxy starts or stops");
  PublisherFacts facts{RandomHex(16), knock.token, HashToken(knock.token), knock.view, knock.peer};
  OpenMark mark(*this, facts.token_hash);
  std::string session = RandomHex(16);
  absl::StatusOr<OpenedStream> opened = Ask(knock, session);
  if (opened.ok()) {
    tokens_.Remember(knock.token);
  } else if (!IsTrouble(opened.status())) {
    return Refuse(knock.token, opened.status());
  } else if (!knock.known) {
    return absl::UnavailableError("the API cannot be reached, and the token was not used here lately");
  }
  ASSIGN_OR_RETURN(std::unique_ptr<rtmp::Player> player, Attach(*front, facts.name));
  Publisher publisher = MakeSession(std::move(facts), *front);
  if (opened.ok()) {
    publisher->SetSession(session);
    // Before it feeds: the next one that takes over must find it.
    Register(publisher);
    publisher->Feed(FeedFor(*opened, publisher->facts()), session);
  } else {
    LetInUnasked(*publisher);
    Register(publisher);
  }
  Begin(*publisher, std::move(player));
  log::Info("publisher let in", {{"publisher", publisher->facts().name}, {"peer", knock.peer},
                                 {"stream", opened.ok() ? opened->stream : ""}, {"api", opened.ok() ? "" : "away"}});
  return publisher->facts().name;
}

// A token that was good before need not wait for an API that is away; for another one it is asked again while the front waits.
absl::StatusOr<OpenedStream> ProxySessions::Ask(const Knock& knock, const std::string& session) {
  OpenCall call{.token = knock.token, .view = knock.view, .session = session, .peer = knock.peer};
  absl::Duration deadline = clock_.Steady() + kOpenPatience;
  while (true) {
    absl::StatusOr<OpenedStream> opened = api_.Open(call, deadline - clock_.Steady());
    bool over = knock.known || clock_.Steady() + kAskPause > deadline;
    if (opened.ok() || !IsTrouble(opened.status()) || over) return opened;
    absl::SleepFor(kAskPause);
  }
}

// Only what the API has said about the token counts as a wrong token: this proxy's own credential may be refused as well.
absl::Status ProxySessions::Refuse(const std::string& token, const absl::Status& status) {
  if (IsTokenRefused(status)) {
    tokens_.Forget(token);
    return status;
  }
  if (!absl::IsUnauthenticated(status)) return status;
  return absl::FailedPreconditionError(absl::StrCat("the API refuses this proxy: ", status.message()));
}

// The API is away and the token was good: goes on with the stream that it fed here, else the media is kept.
void ProxySessions::LetInUnasked(PublisherSession& publisher) {
  std::shared_ptr<StreamFeed> known;
  int64_t disk_bytes = 0;
  {
    absl::MutexLock lock(&mu_);
    disk_bytes = GrantDisk();
    for (const auto& [name, entry] : feeds_) {
      if (entry.token_hash != publisher.facts().token_hash || entry.view != publisher.facts().view) continue;
      if (known == nullptr || entry.feed->idle_since() > known->idle_since()) known = entry.feed;
    }
  }
  if (known != nullptr) return publisher.Feed(known, "");
  absl::StatusOr<std::unique_ptr<HeldMedia>> held =
      HeldMedia::Create(absl::StrCat(options_.state_dir, "/held/", publisher.facts().name), disk_bytes, clock_);
  if (held.ok()) return publisher.Hold(*std::move(held));
  log::Error("media is not kept while the API is away", {{"error", held.status().message()}});
}

absl::StatusOr<std::unique_ptr<rtmp::Player>> ProxySessions::Attach(Front& front, const std::string& name) {
  rtmp::ClientOptions options;
  options.connect_timeout = absl::Seconds(1);
  absl::StatusOr<std::unique_ptr<rtmp::Player>> player = absl::UnavailableError("not tried");
  for (int i = 0; i < kAttachAttempts && !player.ok(); ++i) player = rtmp::Player::Open(front.PlayTarget(name), options);
  return player;
}

ProxySessions::Publisher ProxySessions::MakeSession(PublisherFacts facts, Front& front) {
  SessionHandlers handlers;
  std::string name = facts.name;
  handlers.attach = [this, &front, name] { return Attach(front, name); };
  handlers.present = [&front, name]() -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(std::vector<std::string> names, front.ListPublishers());
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  handlers.on_takeover = [this](const std::string& other) { Evict(other, "a newer connection for the same view has come"); };
  handlers.on_end = [this](const std::string& ended) { OnEnd(ended); };
  return std::make_shared<PublisherSession>(std::move(facts), std::move(handlers), clock_);
}

void ProxySessions::Register(const Publisher& publisher) {
  absl::MutexLock lock(&mu_);
  publishers_[publisher->facts().name] = publisher;
}

void ProxySessions::Begin(PublisherSession& publisher, std::unique_ptr<rtmp::Player> player) {
  Save(publisher);
  publisher.Start(std::move(player));
  WakeReports();
}

void ProxySessions::Save(const PublisherSession& publisher) {
  const PublisherFacts& facts = publisher.facts();
  SavedSession saved;
  saved.view = facts.view;
  saved.token_hash = facts.token_hash;
  saved.peer = facts.peer;
  if (std::shared_ptr<StreamFeed> feed = publisher.feed()) {
    saved.stream = feed->name();
    saved.lecture = feed->stream().lecture;
    saved.start_ms = feed->stream().start_ms;
    saved.api_ahead_ms = absl::ToInt64Milliseconds(clock_.Steady() + feed->stream().api_ahead) - absl::ToUnixMillis(clock_.Now());
  }
  absl::Status written = folder_.Save(facts.name, saved);
  if (!written.ok()) log::Error("a publisher is not saved for a restart", {{"error", written.message()}});
}

void ProxySessions::TakeUpAll(Front& front) {
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

bool ProxySessions::TakeUp(Front& front, const std::string& name, const SavedSession& saved) {
  // Without the token and without a stream there is nothing that the API could be asked by.
  if (saved.stream.empty()) return false;
  absl::StatusOr<std::unique_ptr<rtmp::Player>> player = Attach(front, name);
  if (!player.ok()) return false;
  PublisherFacts facts{name, "", saved.token_hash, saved.view, saved.peer};
  Publisher publisher = MakeSession(facts, front);
  OpenedStream stream;
  stream.stream = saved.stream;
  stream.lecture = saved.lecture;
  stream.start_ms = saved.start_ms;
  stream.api_ahead = absl::Milliseconds(absl::ToUnixMillis(clock_.Now()) + saved.api_ahead_ms) - clock_.Steady();
  publisher->Feed(FeedFor(stream, facts), "");
  Register(publisher);
  Begin(*publisher, *std::move(player));
  log::Info("took up a publisher", {{"publisher", name}, {"stream", saved.stream}});
  return true;
}

// Those that were let in while the API was away.
void ProxySessions::OpenUnasked() {
  std::vector<Publisher> unasked;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [name, publisher] : publishers_) {
      if (publisher->session().empty()) unasked.push_back(publisher);
    }
  }
  for (const Publisher& publisher : unasked) {
    std::shared_ptr<StreamFeed> feed = publisher->feed();
    bool by_token = !publisher->facts().token.empty();
    if (by_token || feed != nullptr) OpenLater(publisher, by_token ? "" : feed->name());
  }
}

// Asks the API where the publisher belongs (now), by its token or by the stream that it has.
void ProxySessions::OpenLater(const Publisher& publisher, const std::string& resume) {
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

void ProxySessions::OpenNow(PublisherSession& publisher, const std::string& resume) {
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

}  // namespace lectern::proxy
