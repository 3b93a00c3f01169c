#include "rtmp_proxy/front/hook_server.h"

#include <atomic>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/text.h"
#include "common/exec/thread_pool.h"
#include "common/http/server.h"
#include "common/log/log.h"
#include "rtmp_proxy/front/hook_form.h"
#include "rtmp_proxy/front/knock_gate.h"

namespace lectern::proxy {
namespace {

constexpr size_t kMaxFormBytes = 16 << 10;
// Known tokens have threads of their own, so that guesses which wait for a slow API do not stand in their way.
constexpr size_t kKnownThreads = 16, kUnknownThreads = 8;
constexpr size_t kMaxKnownWaiting = 256, kMaxUnknownWaiting = 32;
// What a wrong token costs the one who guesses, while so many wait.
constexpr auto kWrongDelay = std::chrono::milliseconds(300);
constexpr int kMaxDelayed = 500;

http::Response Answer(int status) {
  http::Response response;
  response.status = status;
  // nginx-rtmp takes an answer only when the connection is closed.
  response.close = true;
  return response;
}

class Hooks final : public HookServer {
 public:
  Hooks(const std::string& secret, HookHandlers handlers, const TokenBook& tokens, Clock& clock, Metrics& metrics)
      : path_(absl::StrCat("/", secret, "/")), handlers_(std::move(handlers)), tokens_(tokens), clock_(clock), gate_(clock),
        answers_(metrics.Counter("lectern_rtmp_proxy_hook_answers_total", "Answers to publishers that asked to come in")),
        known_pool_("hook-known", kKnownThreads, kMaxKnownWaiting),
        unknown_pool_("hook-new", kUnknownThreads, kMaxUnknownWaiting) {}

  ~Hooks() override {
    closed_ = true;
    if (server_ != nullptr) server_->Stop(absl::Seconds(1));
    known_pool_.Stop();
    unknown_pool_.Stop();
    server_.reset();
  }

  absl::Status Listen(uint16_t port) {
    http::ServerOptions options;
    options.port = port;
    options.max_connections = 2000;
    options.body_timeout = absl::Seconds(10);
    absl::StatusOr<std::unique_ptr<http::Server>> server = http::Server::Start(
        options, [this](const http::RequestHead& head, http::BodyReader& body) { return Handle(head, body); });
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
    return absl::OkStatus();
  }

  uint16_t port() const override { return server_->port(); }
  void Close() override { closed_ = true; }

 private:
  struct Verdict {
    std::string name;                   // accepted under it
    const char* outcome = "accepted";   // for the metric
    bool delay = false;
  };

  http::Awaitable<http::Response> Handle(const http::RequestHead& head, http::BodyReader& body) {
    std::string path(head.path);
    bool ours = path.size() > path_.size() && ConstantTimeEquals(absl::string_view(path).substr(0, path_.size()), path_);
    if (!ours || head.method != "POST") co_return Answer(404);
    absl::StatusOr<std::string> text = co_await body.ReadAll(kMaxFormBytes);
    absl::StatusOr<HookForm> form = text.ok() ? HookForm::Parse(*text) : text.status();
    path.erase(0, path_.size());
    if (path == "publish_done") {
      if (form.ok()) handlers_.on_done(form->First("clientid"));
      co_return Answer(200);
    }
    Verdict verdict = path == "publish" ? co_await Judge(form) : Verdict{"", "malformed"};
    answers_.Add({{"outcome", verdict.outcome}}).Increment();
    if (verdict.delay) co_await Delay();
    if (verdict.name.empty()) co_return Answer(403);
    handlers_.on_accepted(form->First("clientid"), verdict.name);
    http::Response response = Answer(302);
    response.headers.emplace_back("Location", verdict.name);
    co_return response;
  }

  http::Awaitable<Verdict> Judge(const absl::StatusOr<HookForm>& form) {
    absl::StatusOr<Knock> read = form.ok() ? ReadKnock(*form) : form.status();
    if (!read.ok()) {
      LogRefusal(form.ok() ? form->First("addr") : "", read.status().message());
      co_return Verdict{"", "malformed", true};
    }
    Knock knock = *std::move(read);
    if (closed_) co_return Verdict{"", "closed"};
    knock.known = tokens_.Known(knock.token);
    std::string hash = HashToken(knock.token);
    switch (gate_.Look(hash, knock.peer, knock.known)) {
      case KnockGate::Verdict::kWrong:
        co_return Verdict{"", "wrong_again", true};
      case KnockGate::Verdict::kLater:
        co_return Verdict{"", "limited", true};
      case KnockGate::Verdict::kAsk:
        break;
    }
    ThreadPool& pool = knock.known ? known_pool_ : unknown_pool_;
    // Shared: when the server stops, this coroutine may go before the question is answered.
    auto name = std::make_shared<absl::StatusOr<std::string>>(absl::UnavailableError("not asked"));
    absl::Status asked = co_await http::RunBlocking(pool, [this, knock, name] {
      *name = handlers_.on_publish(knock);
      return name->status();
    });
    if (asked.ok()) co_return Verdict{**name, "accepted"};
    bool wrong = absl::IsUnauthenticated(asked) || absl::IsPermissionDenied(asked);
    if (wrong) gate_.Wrong(hash);
    LogRefusal(knock.peer, asked.message());
    co_return Verdict{"", wrong ? "wrong" : "refused", wrong};
  }

  // Not each of hundreds a second. On the server's one thread.
  void LogRefusal(absl::string_view peer, absl::string_view reason) {
    if (log_permits_.Take(clock_.Steady())) log::Info("publisher refused", {{"peer", peer}, {"reason", reason}});
  }

  http::Awaitable<void> Delay() {
    if (delayed_ >= kMaxDelayed) co_return;
    ++delayed_;
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    timer.expires_after(kWrongDelay);
    boost::system::error_code ignored;
    co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    --delayed_;
  }

  const std::string path_;
  const HookHandlers handlers_;
  const TokenBook& tokens_;
  Clock& clock_;
  KnockGate gate_;
  PermitBucket log_permits_{2, 20};
  prometheus::Family<prometheus::Counter>& answers_;
  std::atomic<bool> closed_ = false;
  std::atomic<int> delayed_ = 0;
  ThreadPool known_pool_;
  ThreadPool unknown_pool_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HookServer>> HookServer::Start(uint16_t port, const std::string& secret, HookHandlers handlers,
                                                              const TokenBook& tokens, Clock& clock, Metrics& metrics) {
  auto hooks = std::make_unique<Hooks>(secret, std::move(handlers), tokens, clock, metrics);
  absl::Status listening = hooks->Listen(port);
  if (!listening.ok()) return listening;
  return hooks;
}

}  // namespace lectern::proxy
