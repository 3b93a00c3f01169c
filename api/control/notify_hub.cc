#include "api/control/notify_hub.h"

#include <utility>
#include <vector>

#include "common/log/log.h"

namespace lectern::api {
namespace {

constexpr char kWorkChannel[] = "lectern_work";
constexpr char kDirectoryChannel[] = "lectern_directory";
constexpr char kPushChannel[] = "lectern_push";        // all instances; with "_<instance>": one
constexpr absl::Duration kCoalesce = absl::Milliseconds(5);

constexpr char kNotify[] = R"sql(select pg_notify(channel, '') from unnest($1::text[]) as channel)sql";

std::string PushChannel(const std::string& instance) {
  return instance.empty() ? kPushChannel : std::string(kPushChannel) + "_" + instance;
}

}  // namespace

NotifyHub::NotifyHub(Shared& shared, Handlers handlers) : shared_(shared), handlers_(std::move(handlers)) {}

void NotifyHub::Start() {
  auto heard = [this](absl::string_view channel, absl::string_view) {
    const bool any = channel.empty();   // just connected: hints may have been lost before
    if (any || channel == kWorkChannel) handlers_.work();
    if (any || channel == kDirectoryChannel) handlers_.directory();
    if (any || channel.substr(0, sizeof(kPushChannel) - 1) == kPushChannel) handlers_.push();
  };
  listener_ = std::make_unique<pg::Listener>(
      shared_.config.database_url,
      std::vector<std::string>{kWorkChannel, kDirectoryChannel, kPushChannel, PushChannel(shared_.config.instance)}, heard);
  sender_ = std::thread([this] { Send(); });
}

NotifyHub::~NotifyHub() {
  listener_.reset();
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  if (sender_.joinable()) sender_.join();
}

void NotifyHub::NotifyWork() { Notify(kWorkChannel); }

void NotifyHub::NotifyPush(const std::string& api_instance) { Notify(PushChannel(api_instance)); }

void NotifyHub::NotifyDirectory() { Notify(kDirectoryChannel); }

void NotifyHub::Notify(const std::string& channel) {
  absl::MutexLock lock(&mu_);
  channels_.insert(channel);
}

// The first hint goes out at once; those that come within the next moments go out together. A committed NOTIFY holds a lock of
// the whole database until it is durable, so one per job would stop all commits from scaling.
void NotifyHub::Send() {
  while (true) {
    std::vector<std::string> channels;
    {
      absl::MutexLock lock(&mu_);
      auto due = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return stopping_ || !channels_.empty(); };
      mu_.Await(absl::Condition(&due));
      if (channels_.empty()) return;
      channels.assign(channels_.begin(), channels_.end());
      channels_.clear();
    }
    const absl::Status sent =
        shared_.pool.Run({"notify", kNotify}, absl::Span<const std::string>(channels)).status();
    if (!sent.ok()) log::Debug("a hint was not sent", {{"error", sent.ToString()}});
    absl::MutexLock lock(&mu_);
    auto stopping = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return stopping_; };
    mu_.AwaitWithTimeout(absl::Condition(&stopping), kCoalesce);
  }
}

}  // namespace lectern::api
