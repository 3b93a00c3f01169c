#include "rtmp_proxy/front/front.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/exec/periodic_loop.h"
#include "common/log/log.h"
#include "rtmp_proxy/front/hook_server.h"
#include "rtmp_proxy/front/nginx_config.h"
#include "rtmp_proxy/front/nginx_control.h"
#include "rtmp_proxy/front/nginx_process.h"

namespace lectern::proxy {
namespace {

constexpr absl::Duration kLookInterval = absl::Milliseconds(300);
// A front that has not answered for so long is frozen, and so are its publishers.
constexpr absl::Duration kFrozenAfter = absl::Seconds(5);
// From the answer to a hook until the publisher is in the list.
constexpr absl::Duration kArrival = absl::Seconds(5);
constexpr absl::Duration kEndGrace = absl::Seconds(2);
constexpr int kMaxOpenFiles = 16384;

// What a front that runs was told, and a later proxy must keep to.
struct Arrangement {
  uint16_t port = 0;
  uint16_t hook_port = 0;
  std::string secret;
};

std::optional<uint16_t> ReadPort(absl::string_view text) {
  std::optional<uint64_t> number = ParseDigits(text);
  if (!number || *number == 0 || *number > 65535) return std::nullopt;
  return static_cast<uint16_t>(*number);
}

std::optional<Arrangement> ReadArrangement(const std::string& file) {
  absl::StatusOr<std::string> text = ReadFile(file, 1024);
  if (!text.ok()) return std::nullopt;
  std::vector<std::string> words = absl::StrSplit(absl::StripAsciiWhitespace(*text), ' ');
  if (words.size() != 3) return std::nullopt;
  std::optional<uint16_t> port = ReadPort(words[0]), hook_port = ReadPort(words[1]);
  if (!port || !hook_port || words[2].size() != 32 || !HexDecode(words[2])) return std::nullopt;
  return Arrangement{*port, *hook_port, words[2]};
}

// The port itself, or a free one for 0. Errors: kUnavailable where another program has it.
absl::StatusOr<uint16_t> FreePort(const std::string& address, uint16_t port) {
  bool six = address == "::";
  Fd fd(socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return ErrnoStatus(errno, "socket");
  int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_storage storage{};
  socklen_t size = six ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  auto* four_address = reinterpret_cast<sockaddr_in*>(&storage);
  four_address->sin_family = six ? AF_INET6 : AF_INET;
  four_address->sin_port = htons(port);   // at the same place in both kinds
  if (!six) inet_pton(AF_INET, address.c_str(), &four_address->sin_addr);
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), size) != 0) {
    if (errno != EADDRINUSE) return ErrnoStatus(errno, absl::StrCat("listen on ", address, " port ", port));
    return absl::UnavailableError(absl::StrCat("port ", port, " on ", address, " is taken by another program"));
  }
  if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) return ErrnoStatus(errno, "getsockname");
  return ntohs(four_address->sin_port);
}

absl::StatusOr<std::string> FindModule() {
  for (const char* folder : {"/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/local/lib/nginx/modules"}) {
    std::string file = absl::StrCat(folder, "/ngx_rtmp_module.so");
    if (access(file.c_str(), R_OK) == 0) return file;
  }
  return absl::NotFoundError("nginx has no RTMP module: install libnginx-mod-rtmp");
}

int OpenFiles() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max > kMaxOpenFiles) return kMaxOpenFiles;
  return static_cast<int>(std::max<rlim_t>(limit.rlim_max, 64));
}

class NginxFront final : public Front {
 public:
  NginxFront(FrontOptions options, FrontHandlers handlers, std::string folder, NginxProcess process, Metrics& metrics)
      : options_(std::move(options)), handlers_(std::move(handlers)), folder_(std::move(folder)), process_(std::move(process)),
        control_(folder_), restarts_(metrics.Counter("lectern_rtmp_proxy_front_starts_total", "Starts of nginx").Add({})) {}

  ~NginxFront() override {
    // No starting again from here on; then no handler; then no nginx.
    if (loop_ != nullptr) loop_->Stop();
    hooks_.reset();
    if (begun_) process_.End(kEndGrace);
  }

  absl::Status Begin(const TokenBook& tokens, Clock& clock, Metrics& metrics) {
    std::optional<Arrangement> before = ReadArrangement(folder_ + "/arrangement");
    bool runs = !process_.Pids().empty();
    arrangement_ = before.value_or(Arrangement{options_.port, 0, RandomHex(16)});
    if (options_.port != 0) arrangement_.port = options_.port;
    RETURN_IF_ERROR(StartHooks(tokens, clock, metrics));
    if (runs && before && before->port == arrangement_.port && SameConfig()) {
      log::Info("took over the front that runs", {{"port", static_cast<int>(arrangement_.port)}});
    } else {
      // Also where it runs: it knows other hooks.
      process_.End(kEndGrace);
      absl::StatusOr<uint16_t> port = FreePort(options_.listen, arrangement_.port);
      if (!port.ok() && options_.port == 0) port = FreePort(options_.listen, 0);
      RETURN_IF_ERROR(port.status());
      arrangement_.port = *port;
      RETURN_IF_ERROR(StartNginx());
    }
    begun_ = true;
    answered_ = RealClock().Steady();
    loop_ = std::make_unique<PeriodicLoop>("front", kLookInterval, [this] { Look(); });
    return absl::OkStatus();
  }

  std::string NotReadyReason() const override {
    absl::MutexLock lock(&mu_);
    return closed_ ? "takes no new publishers" : trouble_;
  }

  uint16_t port() const override { return arrangement_.port; }

  rtmp::Target PlayTarget(absl::string_view name) const override {
    rtmp::Target target;
    target.host = "127.0.0.1";
    target.port = arrangement_.port;
    target.app = "live";
    target.name = std::string(name);
    return target;
  }

  absl::StatusOr<std::vector<std::string>> ListPublishers() override { return control_.ListPublishers(); }
  absl::Status Drop(absl::string_view name) override { return control_.Drop(name); }

  void Close() override {
    hooks_->Close();
    absl::MutexLock lock(&mu_);
    closed_ = true;
  }

 private:
  struct Guest {
    std::string client;      // nginx' number of the connection
    bool arrived = false;    // was in the list
    absl::Duration since;
  };

  absl::Status StartHooks(const TokenBook& tokens, Clock& clock, Metrics& metrics) {
    HookHandlers handlers;
    handlers.on_publish = handlers_.on_publish;
    handlers.on_accepted = [this](absl::string_view client, const std::string& name) {
      absl::MutexLock lock(&mu_);
      guests_[name] = Guest{std::string(client), false, RealClock().Steady()};
    };
    handlers.on_done = [this](absl::string_view client) { Gone(client); };
    absl::StatusOr<std::unique_ptr<HookServer>> hooks =
        HookServer::Start(arrangement_.hook_port, arrangement_.secret, handlers, tokens, clock, metrics);
    if (!hooks.ok() && arrangement_.hook_port != 0) {
      log::Warn("the port of the hooks is taken, choosing another", {{"port", static_cast<int>(arrangement_.hook_port)}});
      hooks = HookServer::Start(0, arrangement_.secret, handlers, tokens, clock, metrics);
    }
    RETURN_IF_ERROR(hooks.status());
    hooks_ = *std::move(hooks);
    arrangement_.hook_port = hooks_->port();
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Config() const {
    NginxSettings settings;
    ASSIGN_OR_RETURN(settings.module, FindModule());
    settings.listen = options_.listen;
    settings.port = arrangement_.port;
    settings.hook_port = arrangement_.hook_port;
    settings.hook_secret = arrangement_.secret;
    settings.idle_publisher = options_.idle_publisher;
    settings.max_message_bytes = options_.max_message_bytes;
    settings.open_files = OpenFiles();
    return NginxConfig(settings);
  }

  bool SameConfig() const {
    absl::StatusOr<std::string> wanted = Config();
    absl::StatusOr<std::string> present = ReadFile(absl::StrCat(folder_, "/", kConfigFile));
    return wanted.ok() && present.ok() && *wanted == *present;
  }

  absl::Status StartNginx() {
    ASSIGN_OR_RETURN(std::string config, Config());
    RETURN_IF_ERROR(MakeDirectories(folder_ + "/temp", 0700));
    RETURN_IF_ERROR(WriteFileAtomically(absl::StrCat(folder_, "/", kConfigFile), config, 0600));
    std::string words = absl::StrCat(arrangement_.port, " ", arrangement_.hook_port, " ", arrangement_.secret, "\n");
    RETURN_IF_ERROR(WriteFileAtomically(folder_ + "/arrangement", words, 0600));
    // A killed nginx leaves it behind and then cannot take it.
    unlink(absl::StrCat(folder_, "/", kControlSocket).c_str());
    RETURN_IF_ERROR(process_.Start(kConfigFile));
    restarts_.Increment();
    log::Info("front started", {{"address", options_.listen}, {"port", static_cast<int>(arrangement_.port)}});
    return absl::OkStatus();
  }

  // One look at nginx: does it run, and who is there.
  void Look() {
    absl::Duration asked = RealClock().Steady();
    absl::StatusOr<std::vector<std::string>> names = control_.ListPublishers();
    absl::Duration now = RealClock().Steady();
    if (names.ok()) {
      answered_ = now;
      SetTrouble("");
      return Compare(*names, asked);
    }
    SetTrouble(absl::StrCat("the front: ", names.status().message()));
    bool gone = process_.Pids().empty();
    if (!gone && now - answered_ < kFrozenAfter) return;
    log::Warn("the front has died, starting it again", {{"frozen", !gone}, {"error", names.status().message()}});
    process_.End(gone ? kEndGrace : absl::ZeroDuration());
    absl::Status started = StartNginx();
    if (!started.ok()) {
      SetTrouble(started.message());
      return log::Error("the front does not start", {{"error", started.message()}});
    }
    answered_ = RealClock().Steady();
    SetTrouble("");
    Compare({}, RealClock().Steady() + kArrival);
  }

  void SetTrouble(absl::string_view trouble) {
    absl::MutexLock lock(&mu_);
    trouble_ = std::string(trouble);
  }

  // Tells of those that are not in the list (any more). Hooks get lost: the list is the truth.
  void Compare(const std::vector<std::string>& names, absl::Duration asked) {
    std::set<std::string> present(names.begin(), names.end());
    std::vector<std::string> gone;
    {
      absl::MutexLock lock(&mu_);
      // Those of an earlier proxy that this one has taken up.
      for (const std::string& name : names) guests_[name].arrived = true;
      for (auto guest = guests_.begin(); guest != guests_.end();) {
        bool expected = !guest->second.arrived && asked - guest->second.since < kArrival;
        if (expected || present.contains(guest->first)) {
          ++guest;
          continue;
        }
        gone.push_back(guest->first);
        guest = guests_.erase(guest);
      }
    }
    for (const std::string& name : gone) handlers_.on_publish_done(name);
  }

  void Gone(absl::string_view client) {
    std::string name;
    {
      absl::MutexLock lock(&mu_);
      auto found = absl::c_find_if(guests_, [&](const auto& guest) { return !client.empty() && guest.second.client == client; });
      if (found == guests_.end()) return;
      name = found->first;
      guests_.erase(found);
    }
    handlers_.on_publish_done(name);
  }

  const FrontOptions options_;
  const FrontHandlers handlers_;
  const std::string folder_;
  const NginxProcess process_;
  const NginxControl control_;
  prometheus::Counter& restarts_;
  Arrangement arrangement_;
  bool begun_ = false;
  absl::Duration answered_;   // of the loop's thread
  mutable absl::Mutex mu_;
  std::string trouble_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  std::map<std::string, Guest> guests_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<HookServer> hooks_;
  std::unique_ptr<PeriodicLoop> loop_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Front>> Front::Start(FrontOptions options, FrontHandlers handlers, const TokenBook& tokens,
                                                    Clock& clock, Metrics& metrics) {
  std::string folder = options.state_dir + "/front";
  RETURN_IF_ERROR(MakeDirectories(folder, 0700));
  std::error_code error;
  folder = std::filesystem::canonical(folder, error).string();
  if (error) return absl::InternalError(absl::StrCat("the front's folder: ", error.message()));
  ASSIGN_OR_RETURN(NginxProcess process, NginxProcess::Find(options.nginx, folder));
  auto front = std::make_unique<NginxFront>(std::move(options), std::move(handlers), folder, std::move(process), metrics);
  RETURN_IF_ERROR(front->Begin(tokens, clock, metrics));
  return front;
}

}  // namespace lectern::proxy
