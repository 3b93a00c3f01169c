#include "common/app/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/http/client.h"
#include "tests/support/status_matchers.h"

namespace lectern {
namespace {

using ::testing::HasSubstr;

// A port that was free just now.
int FreePort() {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length) != 0) return 0;
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

// Runs `body` in an App in this process with the given arguments.
int RunApp(std::vector<std::string> arguments, const std::function<absl::Status(App&)>& body) {
  App app("lectern-test", "A test.");
  arguments.insert(arguments.begin(), "lectern-test");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  return app.Run(static_cast<int>(argv.size()), argv.data(), [&] { return body(app); });
}

std::string Get(int port, const std::string& path, int expected_status) {
  http::Client client;
  http::ClientRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(port) + path;
  absl::StatusOr<http::ClientResponse> response = client.Send(request);
  if (!response.ok()) return response.status().ToString();
  EXPECT_EQ(response->status, expected_status);
  return response->body;
}

TEST(AppTest, ServesHealthReadinessAndMetrics) {
  int port = FreePort();
  int code = RunApp({"--admin_port", std::to_string(port)}, [&](App& app) {
    EXPECT_EQ(Get(port, "/healthz", 200), "ok\n");
    EXPECT_EQ(Get(port, "/readyz", 503), "starting\n");
    app.SetReady("");
    EXPECT_EQ(Get(port, "/readyz", 200), "ready\n");
    app.SetReady("no keys");
    EXPECT_EQ(Get(port, "/readyz", 503), "no keys\n");
    EXPECT_THAT(Get(port, "/metrics", 200), HasSubstr("lectern_build_info{"));
    Get(port, "/else", 404);
    return absl::OkStatus();
  });
  EXPECT_EQ(code, 0);
}

TEST(AppTest, ExitStatusTellsWrongUsageFromOtherErrors) {
  EXPECT_EQ(RunApp({"--no_such_flag"}, [](App&) { return absl::OkStatus(); }), 2);
  EXPECT_EQ(RunApp({"--admin_port", "70000"}, [](App&) { return absl::OkStatus(); }), 2);
  EXPECT_EQ(RunApp({}, [](App&) { return absl::InvalidArgumentError("--x is missing"); }), 2);
  EXPECT_EQ(RunApp({}, [](App&) { return absl::InternalError("disk on fire"); }), 1);
}

TEST(AppTest, ASignalEndsTheWait) {
  for (int signal : {SIGTERM, SIGINT}) {
    int code = RunApp({}, [signal](App& app) {
      kill(getpid(), signal);
      app.WaitForStop();
      return absl::OkStatus();
    });
    EXPECT_EQ(code, 0);
  }
}

TEST(AppTest, RequestStopEndsTheWait) {
  EXPECT_EQ(RunApp({},
                   [](App& app) {
                     app.RequestStop();
                     app.WaitForStop();
                     return absl::OkStatus();
                   }),
            0);
}

TEST(AppDeathTest, ASecondSignalEndsTheProcessAtOnce) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(RunApp({},
                     [](App& app) {
                       kill(getpid(), SIGTERM);
                       app.WaitForStop();
                       kill(getpid(), SIGTERM);
                       while (true) pause();
                       return absl::OkStatus();
                     }),
              ::testing::ExitedWithCode(1), "second signal");
}

}  // namespace
}  // namespace lectern
