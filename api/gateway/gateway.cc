#include "api/gateway/gateway.h"

#include <boost/asio/post.hpp>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "api/gateway/call_handler.h"
#include "api/gateway/page_handler.h"
#include "api/gateway/page_table.h"
#include "api/gateway/route_table.h"
#include "api/gateway/session_handler.h"
#include "api/gateway/static_files.h"
#include "api/gateway/trusted_proxies.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/http/server.h"

namespace lectern::api {
namespace {

constexpr char kSession[] = "/session";

bool IsCall(absl::string_view path) { return path == "/v1" || absl::StartsWith(path, "/v1/"); }

class GatewayImpl final : public Gateway {
 public:
  GatewayImpl(RouteTable routes, SessionHandler sessions, TrustedProxies proxies, Invoker& invoker, ThreadPool& calls,
              absl::Duration heartbeat)
      : calls_(std::move(routes), invoker, calls, heartbeat, std::move(proxies)), sessions_(std::move(sessions)) {}

  absl::Status LoadPages(const std::string& folder, ThreadPool& calls, Metrics& metrics) {
    absl::StatusOr<std::string> listed = ReadFile(folder + "/pages.json");
    ASSIGN_OR_RETURN(files_, StaticFiles::Load(folder, /*with_pages=*/!listed.ok()));
    if (!listed.ok()) return absl::OkStatus();
    ASSIGN_OR_RETURN(PageTable table, PageTable::Parse(*listed));
    ASSIGN_OR_RETURN(pages_, PageHandler::Load(std::move(table), folder, calls_, calls, metrics));
    return absl::OkStatus();
  }

  void Add(const std::string& path, const std::string& content) { files_.Add(path, content); }

  absl::Status Listen(const std::string& address, uint16_t port) {
    http::ServerOptions options;
    options.address = address;
    options.port = port;
    options.threads = 1;   // as EventStreams needs it; the work is done on `calls`
    options.fast = [this](const http::RequestHead& head) -> std::optional<http::Response> {
      if (IsCall(head.path) || head.path == kSession || IsPage(head)) return std::nullopt;
      return files_.Serve(head);
    };
    auto handle = [this](const http::RequestHead& head, http::BodyReader& body) {
      if (IsCall(head.path)) return calls_.Handle(head, body);
      if (head.path == kSession) return sessions_.Handle(head, body);
      return IsPage(head) ? pages_->Handle(head) : RefuseBody(head);
    };
    ASSIGN_OR_RETURN(server_, http::Server::Start(std::move(options), handle));
    return absl::OkStatus();
  }

  uint16_t port() const override { return server_->port(); }
  void Stop(absl::Duration grace) override {
    boost::asio::post(server_->io(), [this] { calls_.EndStreams(); });
    server_->Stop(grace);
  }

 private:
  bool IsPage(const http::RequestHead& head) const { return pages_ != nullptr && !files_.Has(head.path) && pages_->Has(head); }

  // Requests with a body pass `fast` by.
  http::Awaitable<http::Response> RefuseBody(const http::RequestHead& head) { co_return files_.Serve(head); }

  StaticFiles files_;
  CallHandler calls_;
  SessionHandler sessions_;
  std::unique_ptr<PageHandler> pages_;   // null: the folder has plain pages only
  std::unique_ptr<http::Server> server_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(const GatewayOptions& options, const Registry& registry, Invoker& invoker,
                                                          ThreadPool& calls) {
  size_t colon = options.listen.rfind(':');
  std::optional<uint64_t> port;
  if (colon != std::string::npos) port = ParseDigits(absl::string_view(options.listen).substr(colon + 1));
  if (!port || *port > std::numeric_limits<uint16_t>::max()) {
    return absl::InvalidArgumentError(absl::StrCat("--gateway_listen=", options.listen, " is not HOST:PORT"));
  }
  ASSIGN_OR_RETURN(RouteTable routes, RouteTable::Build(registry));
  absl::StatusOr<TrustedProxies> proxies = TrustedProxies::Parse(options.trusted_proxies);
  if (!proxies.ok()) return absl::InvalidArgumentError(absl::StrCat("--trusted_proxies: ", proxies.status().message()));
  ASSIGN_OR_RETURN(SessionHandler sessions, SessionHandler::Make(registry, invoker, calls, *proxies));
  auto gateway =
      std::make_unique<GatewayImpl>(std::move(routes), std::move(sessions), *std::move(proxies), invoker, calls, options.heartbeat);
  absl::Status pages = gateway->LoadPages(options.web_dir, calls, invoker.metrics());
  if (!pages.ok()) return absl::InvalidArgumentError(absl::StrCat("--web_dir: ", pages.message()));
  if (!options.openapi.empty()) gateway->Add("/openapi.json", options.openapi);
  RETURN_IF_ERROR(gateway->Listen(options.listen.substr(0, colon), static_cast<uint16_t>(*port)));
  return gateway;
}

}  // namespace lectern::api
