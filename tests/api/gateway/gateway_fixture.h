// A gateway over an API instance on a test's database, and ways to ask it over HTTP.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/gateway/gateway.h"
#include "common/http/client.h"
#include "tests/api/support/api_instance.h"
#include "tests/api/support/world.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::testing {

class GatewayFixture : public ::testing::Test {
 protected:
  struct Answer {
    int status = 0;
    nlohmann::json body;
    http::ClientResponse http;

    std::string reason() const {
      return body.is_object() ? body.value(nlohmann::json::json_pointer("/error/reason"), std::string()) : "";
    }
    std::string header(absl::string_view name) const { return std::string(http.Find(name)); }
  };

  GatewayFixture() { WriteFile("watch.html", "<!doctype html>"); }

  void SetUp() override { Restart(api_); }

  // Serves `api` with what the pages' folder holds now.
  void Restart(ApiInstance& api) {
    gateway_.reset();
    api::GatewayOptions options;
    options.listen = "127.0.0.1:0";
    options.web_dir = web_.path();
    ASSERT_OK_AND_ASSIGN(gateway_, api::Gateway::Start(options, api.registry(), api.invoker(), api.calls()));
  }

  void WriteFile(const std::string& name, const std::string& content) { std::ofstream(web_ / name) << content; }

  std::string Url(const std::string& path) const { return absl::StrCat("http://127.0.0.1:", gateway_->port(), path); }
  std::string Host() const { return absl::StrCat("127.0.0.1:", gateway_->port()); }

  // `request.url` is the path.
  Answer Send(http::ClientRequest request) {
    request.url = Url(request.url);
    absl::StatusOr<http::ClientResponse> response = http::Client().Send(request);
    EXPECT_OK(response);
    if (!response.ok()) return {};
    return {response->status, nlohmann::json::parse(response->body, nullptr, false), *response};
  }

  Answer Ask(const std::string& verb, const std::string& path, std::vector<http::Header> headers, const std::string& body = "") {
    http::ClientRequest request;
    request.method = verb;
    request.url = path;
    request.headers = std::move(headers);
    request.body = body;
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    return Send(std::move(request));
  }

  Answer Call(const std::string& verb, const std::string& path, const std::string& token = "", const std::string& body = "",
              const std::string& type = "application/json") {
    http::ClientRequest request;
    request.method = verb;
    request.url = path;
    request.body = body;
    if (!body.empty()) request.headers.emplace_back("Content-Type", type);
    if (!token.empty()) request.headers.emplace_back("Authorization", absl::StrCat("Bearer ", token));
    return Send(std::move(request));
  }

  // Lecturers of the course are such by their enrolment, too.
  void RemoveEnrolments(int64_t course) {
    EXPECT_OK(world_.pool.Transaction([&](pg::Session& session) {
      return session.Execute(absl::StrCat("delete from enrolments where course_id = ", course));
    }));
  }

  std::string Token(const std::string& who) { return api_.Login(Email(who), kTestPassword); }

  TestDatabase database_;
  World world_{database_};
  ApiInstance api_{database_.url()};
  TempDir web_;
  std::unique_ptr<api::Gateway> gateway_;
};

}  // namespace lectern::testing
