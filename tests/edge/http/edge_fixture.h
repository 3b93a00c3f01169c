// An edge in front of an origin that does as it is told, both in this process and on real sockets.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/http/server.h"
#include "common/metrics/metrics.h"
#include "common/token/token.h"
#include "edge/http/edge_server.h"
#include "tests/common/http/raw_client.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::edge {

// Serves objects by key ("12/comb/master.m3u8"), whatever the token.
class FakeOrigin {
 public:
  struct Object {
    std::string body;
    std::string etag = "\"v1\"";
    size_t stop_after = SIZE_MAX;  // bytes, then wait for `gate` (or, without one, break off)
    std::shared_ptr<absl::Notification> gate = nullptr;
    int status = 200;
    std::string denied_token = "";  // answered 403
    bool chunked = false;
    bool once = false;  // `stop_after` holds for the first answer only
    std::string caching = "";  // Cache-Control
  };
  struct Seen {
    std::string key;
    std::string token;
    std::string range;
    std::string if_none_match;
  };

  FakeOrigin() { Start(0); }

  void Start(uint16_t port) {
    http::ServerOptions options;
    options.port = port;
    auto server =
        http::Server::Start(options, [this](const http::RequestHead& head, http::BodyReader&) { return Answer(head); });
    ASSERT_OK(server);
    server_ = *std::move(server);
    port_ = server_->port();
  }
  void Stop() { server_.reset(); }

  void Set(const std::string& key, Object object) {
    absl::MutexLock lock(&mu_);
    objects_[key] = std::move(object);
  }
  void Drop(const std::string& key) {
    absl::MutexLock lock(&mu_);
    objects_.erase(key);
  }
  std::vector<Seen> seen() {
    absl::MutexLock lock(&mu_);
    return seen_;
  }
  uint16_t port() const { return port_; }
  std::string url() const { return absl::StrCat("http://127.0.0.1:", port_); }

 private:
  class Body final : public http::BodySource {
   public:
    Body(Object object, size_t from) : object_(std::move(object)), at_(from) {}
    http::Awaitable<absl::StatusOr<absl::string_view>> Next() override {
      size_t end = std::min(object_.stop_after, object_.body.size());
      if (at_ >= end && end < object_.body.size()) {
        if (!object_.gate) co_return absl::UnavailableError("on purpose");
        // Tests hold the gate for moments only; the origin has a thread of its own.
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
        while (!object_.gate->HasBeenNotified()) {
          timer.expires_after(std::chrono::milliseconds(2));
          co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        }
        end = object_.body.size();
        object_.stop_after = SIZE_MAX;
      }
      absl::string_view bytes(object_.body);
      bytes = bytes.substr(at_, std::min<size_t>(end - at_, 100'000));
      at_ += bytes.size();
      co_return bytes;
    }

   private:
    Object object_;
    size_t at_;
  };

  http::Awaitable<http::Response> Answer(const http::RequestHead& head) {
    absl::string_view rest = head.path;
    absl::ConsumePrefix(&rest, "/p/");
    std::string token(rest.substr(0, rest.find('/')));
    std::string key(rest.substr(std::min(rest.size(), token.size() + 1)));
    Object object;
    {
      absl::MutexLock lock(&mu_);
      seen_.push_back({key, token, std::string(head.Find("Range")), std::string(head.Find("If-None-Match"))});
      auto found = objects_.find(key);
      if (found == objects_.end()) co_return http::ErrorResponse(404, "NOT_FOUND", "no");
      object = found->second;
      if (found->second.once) found->second.stop_after = SIZE_MAX;
    }
    if (object.status != 200) co_return http::ErrorResponse(object.status, "X", "x");
    if (token == object.denied_token) co_return http::ErrorResponse(403, "PERMISSION_DENIED", "no");
    http::Response response;
    response.headers = {{"ETag", object.etag}, {"Last-Modified", "Tue, 14 Nov 2023 22:13:20 GMT"}};
    if (!object.caching.empty()) response.headers.emplace_back("Cache-Control", object.caching);
    if (head.Find("If-None-Match") == object.etag) {
      response.status = 304;
      co_return response;
    }
    size_t from = 0;
    if (absl::string_view range = head.Find("Range"); !range.empty() && head.Find("If-Range") == object.etag) {
      from = std::stoul(std::string(range.substr(6)));
      response.status = 206;
      response.headers.emplace_back("Content-Range",
                                    absl::StrCat("bytes ", from, "-", object.body.size() - 1, "/", object.body.size()));
    }
    if (!object.chunked) response.content_length = static_cast<int64_t>(object.body.size() - from);
    response.body = std::make_shared<Body>(std::move(object), from);
    co_return response;
  }

  absl::Mutex mu_;
  std::map<std::string, Object> objects_;
  std::vector<Seen> seen_;
  uint16_t port_ = 0;
  std::unique_ptr<http::Server> server_;
};

class EdgeTest : public ::testing::Test {
 protected:
  using Client = lectern::testing::RawClient;

  void SetUp() override { StartEdge(); }

  void StartEdge(int64_t cache_bytes = 64 << 20) {
    edge_.reset();
    EdgeOptions options;
    options.cache_dir = dir_ / "cache";
    options.cache_bytes = cache_bytes;
    options.origin_timeout = absl::Seconds(5);
    options.threads = 2;
    ASSERT_OK_AND_ASSIGN(edge_, EdgeServer::Start(options, clock_, metrics_));
    Publish({});
  }

  void Publish(std::vector<Revocation> revocations) {
    Directory directory;
    directory.keys = {{key_.key_id, key_.audience, key_.public_bytes}};
    directory.origins[3] = origin_.url();
    directory.revocations = std::move(revocations);
    edge_->SetDirectory(directory);
  }

  Claims GoodClaims() {
    Claims claims;
    claims.subject = "users/5";
    claims.issued_at = clock_.Now();
    claims.expires_at = clock_.Now() + absl::Hours(2);
    claims.lecture = 12;
    claims.resource = 3;
    return claims;
  }
  std::string Token() { return Sign(key_, GoodClaims()); }
  std::string Target(const std::string& token, const std::string& path) { return "/p/" + token + "/12/comb/" + path; }
  std::string Target(const std::string& path) { return Target(token_, path); }

  Client::Answer Get(const std::string& target, const std::string& headers = "", const std::string& method = "GET") {
    return Client(edge_->port()).Get(target, headers, method);
  }

  int OriginRequests(const std::string& path) {
    int count = 0;
    for (const FakeOrigin::Seen& seen : origin_.seen()) count += seen.key == "12/comb/" + path ? 1 : 0;
    return count;
  }

  // Bytes that do not repeat with any small period.
  static std::string Bytes(size_t size) {
    std::string bytes(size, '\0');
    uint32_t x = 12345;
    for (char& byte : bytes) {
      x = x * 1664525 + 1013904223;
      byte = static_cast<char>(x >> 24);
    }
    return bytes;
  }

  lectern::testing::TempDir dir_;
  lectern::testing::FakeClock clock_;
  Metrics metrics_;
  SigningKey key_ = GenerateKey(Audience::kPlayback);
  std::string token_ = Token();
  FakeOrigin origin_;
  std::unique_ptr<EdgeServer> edge_;
};

}  // namespace lectern::edge
