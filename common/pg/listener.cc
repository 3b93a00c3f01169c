#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "common/pg/connection.h"
#include "common/pg/pool.h"

namespace lectern::pg {
namespace {

constexpr absl::Duration kFirstBackOff = absl::Milliseconds(50);
constexpr absl::Duration kLongestBackOff = absl::Seconds(2);
// A connection that died without a word (a firewall's, say) is noticed by asking.
constexpr absl::Duration kProbeAfter = absl::Seconds(15);
constexpr absl::Duration kAnswerTimeout = absl::Seconds(5);

}  // namespace

struct Listener::Impl {
  Impl(std::string url, std::vector<std::string> channels,
       std::function<void(absl::string_view, absl::string_view)> on_notify)
      : url(std::move(url)),
        channels(std::move(channels)),
        on_notify(std::move(on_notify)),
        wake(eventfd(0, EFD_CLOEXEC)) {
    thread = std::thread([this] { Loop(); });
  }

  ~Impl() {
    stopping = true;
    const uint64_t one = 1;
    (void)!write(wake.get(), &one, sizeof one);
    thread.join();
  }

  void Loop() {
    absl::BitGen random;
    absl::Duration back_off = kFirstBackOff;
    while (!stopping) {
      absl::StatusOr<std::unique_ptr<Connection>> connection = Connect();
      absl::Status status = connection.status();
      if (status.ok()) {
        back_off = kFirstBackOff;
        on_notify("", "");
        status = Serve(**connection);
      }
      if (stopping) return;
      log::Warn("database notifications interrupted", {{"error", std::string(status.message())}});
      Rest(back_off * absl::Uniform(random, 0.5, 1.0));
      back_off = std::min(back_off * 2, kLongestBackOff);
    }
  }

  absl::StatusOr<std::unique_ptr<Connection>> Connect() {
    ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connection::Open(url, kAnswerTimeout));
    for (const std::string& channel : channels) {
      char* quoted = PQescapeIdentifier(connection->get(), channel.data(), channel.size());
      if (quoted == nullptr) return absl::InvalidArgumentError(absl::StrCat("not a channel: ", channel));
      const std::string sql = absl::StrCat("listen ", quoted);
      PQfreemem(quoted);
      RETURN_IF_ERROR(connection->Execute(sql.c_str(), "listen").status());
    }
    return connection;
  }

  // Until the connection breaks (the error) or the listener stops (OK).
  absl::Status Serve(Connection& connection) {
    while (!stopping) {
      Deliver(connection);
      pollfd fds[] = {{PQsocket(connection.get()), POLLIN, 0}, {wake.get(), POLLIN, 0}};
      const int ready = poll(fds, 2, static_cast<int>(absl::ToInt64Milliseconds(kProbeAfter)));
      if (ready == 0) {
        RETURN_IF_ERROR(connection.Execute("select 1", "listener_probe").status());
      } else if (fds[0].revents != 0 &&
                 (PQconsumeInput(connection.get()) == 0 || PQstatus(connection.get()) != CONNECTION_OK)) {
        return absl::UnavailableError(PQerrorMessage(connection.get()));
      }
    }
    return absl::OkStatus();
  }

  void Deliver(Connection& connection) {
    while (!stopping) {
      std::unique_ptr<PGnotify, void (*)(void*)> notify(PQnotifies(connection.get()), PQfreemem);
      if (notify == nullptr) return;
      on_notify(notify->relname, notify->extra);
    }
  }

  void Rest(absl::Duration time) {
    pollfd fd{wake.get(), POLLIN, 0};
    poll(&fd, 1, static_cast<int>(absl::ToInt64Milliseconds(time)));
  }

  const std::string url;
  const std::vector<std::string> channels;
  const std::function<void(absl::string_view, absl::string_view)> on_notify;
  const Fd wake;
  std::atomic<bool> stopping{false};
  std::thread thread;
};

Listener::Listener(std::string url, std::vector<std::string> channels,
                   std::function<void(absl::string_view channel, absl::string_view payload)> on_notify)
    : impl_(std::make_unique<Impl>(std::move(url), std::move(channels), std::move(on_notify))) {}
Listener::~Listener() = default;

}  // namespace lectern::pg
