// Load on the API over gRPC and over HTTP: public courses, write settings, put or delete a bookmark, by many clients at once, beside the
// floor of the same server answering a health check. See tests/bench/README.md.

#include <google/protobuf/empty.pb.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/config/flags.h"
#include "common/rpc/rpc.h"
#include "lectern/v1/auth.pb.h"
#include "lectern/v1/courses.pb.h"
#include "lectern/v1/lectures.pb.h"
#include "lectern/v1/users.pb.h"
#include "tests/bench/api_mix/http_connection.h"

namespace lectern {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(30);

struct Options {
  std::string endpoint = "127.0.0.1:7401";
  std::string gateway = "127.0.0.1:7400";
  std::string email;
  std::string password;
  std::string lecture;
  int64_t api_pid = 0;
  int64_t clients = 150;
  absl::Duration duration = absl::Seconds(15);
};

struct Figures {
  std::vector<double> millis;
  int64_t errors = 0;
  double cpu_seconds = 0;   // of the API, where its pid is known
};

// One client: what it calls with a connection of its own, one call after the other. `n` counts.
using Client = std::function<absl::Status(int64_t n)>;
using MakeClient = std::function<absl::StatusOr<Client>()>;

// Processor time that the process has used, in seconds.
double CpuOf(int64_t pid) {
  std::ifstream stat(absl::StrCat("/proc/", pid, "/stat"));
  std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
  const std::vector<std::string> fields = absl::StrSplit(text.substr(text.rfind(')') + 1), ' ');
  if (pid == 0 || fields.size() < 14) return 0;
  return (std::stod(fields[12]) + std::stod(fields[13])) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

void Run(const MakeClient& make, absl::Time end, Figures& mine) {
  absl::StatusOr<Client> client = make();
  if (!client.ok()) {
    ++mine.errors;
    return;
  }
  for (int64_t n = 0; absl::Now() < end; ++n) {
    const absl::Time start = absl::Now();
    const absl::Status status = (*client)(n);
    mine.millis.push_back(absl::ToDoubleMilliseconds(absl::Now() - start));
    if (!status.ok() && ++mine.errors == 1) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  }
}

Figures Drive(const Options& options, int64_t clients, const MakeClient& make) {
  std::vector<Figures> each(static_cast<size_t>(clients));
  std::vector<std::thread> threads;
  const double cpu_before = CpuOf(options.api_pid);
  const absl::Time end = absl::Now() + options.duration;
  for (Figures& mine : each) threads.emplace_back([&] { Run(make, end, mine); });
  for (std::thread& thread : threads) thread.join();
  Figures all;
  all.cpu_seconds = CpuOf(options.api_pid) - cpu_before;
  for (Figures& mine : each) {
    all.millis.insert(all.millis.end(), mine.millis.begin(), mine.millis.end());
    all.errors += mine.errors;
  }
  std::sort(all.millis.begin(), all.millis.end());
  return all;
}

double Quantile(const Figures& figures, double q) {
  if (figures.millis.empty()) return 0;
  return figures.millis[static_cast<size_t>(q * static_cast<double>(figures.millis.size() - 1))];
}

double Mean(const Figures& figures) {
  double sum = 0;
  for (double value : figures.millis) sum += value;
  return figures.millis.empty() ? 0 : sum / static_cast<double>(figures.millis.size());
}

double CpuMicros(const Figures& figures) {
  return figures.millis.empty() ? 0 : 1e6 * figures.cpu_seconds / static_cast<double>(figures.millis.size());
}

Figures Measure(const char* name, const Options& options, int64_t clients, const MakeClient& make) {
  Figures figures = Drive(options, clients, make);
  std::printf("%-26s %9.0f calls/s  mean %7.2f ms  p50 %7.2f  p99 %7.2f  max %7.2f  API %6.0f us CPU a call  errors %lld\n", name,
              static_cast<double>(figures.millis.size()) / absl::ToDoubleSeconds(options.duration), Mean(figures), Quantile(figures, 0.5),
              Quantile(figures, 0.99), Quantile(figures, 1), CpuMicros(figures), static_cast<long long>(figures.errors));
  std::fflush(stdout);
  return figures;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const Options& options) {
  rpc::ChannelOptions where;
  where.addresses = {options.endpoint};
  return rpc::MakeChannel(where);
}

absl::Status List(grpc::Channel& channel) {
  v1::ListCoursesResponse response;
  return rpc::Call(channel, "/lectern.v1.CourseService/ListCourses", v1::ListCoursesRequest(), &response, "", kTimeout);
}

// Each client deletes the bookmark that it put before, since a person may keep only so many.
absl::Status GrpcMix(grpc::Channel& channel, int64_t n, const Options& options, const std::string& session, std::string& kept) {
  if (n % 3 == 0) return List(channel);
  if (n % 3 == 1) {
    v1::UpdateSettingsRequest request;
    request.mutable_settings()->set_seek_step_seconds(static_cast<int32_t>(5 + n % 50));
    v1::UserSettings response;
    return rpc::Call(channel, "/lectern.v1.UserService/UpdateSettings", request, &response, session, kTimeout);
  }
  if (!kept.empty()) {
    v1::DeleteBookmarkRequest request;
    request.set_name(std::exchange(kept, ""));
    google::protobuf::Empty response;
    return rpc::Call(channel, "/lectern.v1.LectureService/DeleteBookmark", request, &response, session, kTimeout);
  }
  v1::CreateBookmarkRequest request;
  request.set_lecture(options.lecture);
  request.mutable_position()->set_seconds(n % 3600);
  request.set_text(absl::StrCat("note ", n));
  v1::Bookmark response;
  absl::Status status = rpc::Call(channel, "/lectern.v1.LectureService/CreateBookmark", request, &response, session, kTimeout);
  kept = response.name();
  return status;
}

// The same over HTTP.
absl::Status HttpMix(HttpConnection& connection, int64_t n, const Options& options, const std::string& session, std::string& kept) {
  if (n % 3 == 0) return connection.Call("GET", "/v1/courses", "", "").status();
  if (n % 3 == 1) {
    return connection.Call("PUT", "/v1/settings", session, absl::StrCat("{\"seekStepSeconds\":", 5 + n % 50, "}")).status();
  }
  if (!kept.empty()) return connection.Call("DELETE", absl::StrCat("/v1/", std::exchange(kept, "")), session, "").status();
  absl::StatusOr<std::string> answer = connection.Call("POST", absl::StrCat("/v1/", options.lecture, "/bookmarks"), session,
                                                       absl::StrCat("{\"position\":\"", n % 3600, "s\",\"text\":\"note ", n, "\"}"));
  if (!answer.ok()) return answer.status();
  const size_t at = answer->find("bookmarks/");
  kept = answer->substr(at, answer->find('"', at) - at);
  return absl::OkStatus();
}

absl::StatusOr<std::string> SignIn(const Options& options) {
  ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, Connect(options));
  v1::LoginRequest request;
  request.set_email(options.email);
  request.set_password(options.password);
  v1::LoginResponse response;
  RETURN_IF_ERROR(rpc::Call(*channel, "/lectern.v1.AuthService/Login", request, &response, "", absl::Seconds(10)));
  return response.session_token();
}

// A client over gRPC, and one over HTTP, around what it calls.
template <typename Call>
MakeClient OverGrpc(const Options& options, Call call) {
  return [&options, call]() -> absl::StatusOr<Client> {
    ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, Connect(options));
    return Client([channel, call, kept = std::make_shared<std::string>()](int64_t n) { return call(*channel, n, *kept); });
  };
}

template <typename Call>
MakeClient OverHttp(const Options& options, Call call) {
  return [&options, call]() -> absl::StatusOr<Client> {
    auto connection = std::make_shared<HttpConnection>(options.gateway);
    return Client([connection, call, kept = std::make_shared<std::string>()](int64_t n) { return call(*connection, n, *kept); });
  };
}

int64_t MeasureAll(const Options& options, const std::string& session) {
  using Channel = grpc::Channel;
  using Text = std::string;
  auto health = [](Channel& channel, int64_t, Text&) {
    google::protobuf::Empty nothing, answer;
    return rpc::Call(channel, "/grpc.health.v1.Health/Check", nothing, &answer, "", kTimeout);
  };
  auto grpc_list = [](Channel& channel, int64_t, Text&) { return List(channel); };
  auto http_list = [](HttpConnection& connection, int64_t, Text&) { return connection.Call("GET", "/v1/courses", "", "").status(); };
  auto grpc_mix = [&](Channel& channel, int64_t n, Text& kept) { return GrpcMix(channel, n, options, session, kept); };
  auto http_mix = [&](HttpConnection& connection, int64_t n, Text& kept) { return HttpMix(connection, n, options, session, kept); };
  const Figures floor = Measure("gRPC health (floor)", options, options.clients, OverGrpc(options, health));
  const Figures one_grpc = Measure("gRPC courses, 1 client", options, 1, OverGrpc(options, grpc_list));
  const Figures one_http = Measure("HTTP courses, 1 client", options, 1, OverHttp(options, http_list));
  const Figures grpc = Measure("gRPC mix", options, options.clients, OverGrpc(options, grpc_mix));
  const Figures http = Measure("HTTP mix", options, options.clients, OverHttp(options, http_mix));
  const auto calls = [](const Figures& figures) { return static_cast<double>(std::max<size_t>(1, figures.millis.size())); };
  std::printf("mix over gRPC / floor: calls %.2f, mean latency %.2f\n", calls(grpc) / calls(floor), Mean(grpc) / Mean(floor));
  std::printf("HTTP / gRPC, mix: calls %.2f, mean latency %.2f, CPU %.2f; one client: p50 %.2f\n", calls(http) / calls(grpc),
              Mean(http) / Mean(grpc), CpuMicros(http) / std::max(1.0, CpuMicros(grpc)), Quantile(one_http, 0.5) / Quantile(one_grpc, 0.5));
  return floor.errors + one_grpc.errors + one_http.errors + grpc.errors + http.errors;
}

int Main(int argc, char** argv) {
  Options options;
  Flags flags("api_mix", "Measures API calls per second and their latency, over gRPC and over HTTP.");
  flags.String("endpoint", &options.endpoint, "gRPC address of the API");
  flags.String("gateway", &options.gateway, "HTTP address of the same instance");
  flags.String("email", &options.email, "A person who may see the lecture");
  flags.Secret("LECTERN_PASSWORD", &options.password, "their password");
  flags.String("lecture", &options.lecture, "A lecture, for bookmarks");
  flags.Int("api_pid", &options.api_pid, "The API's process, to see its processor time; 0: unknown");
  flags.Int("clients", &options.clients, "Clients at once");
  flags.Duration("duration", &options.duration, "How long each phase takes");
  if (std::optional<int> exit = flags.Parse(argc, argv)) return *exit;
  absl::StatusOr<std::string> session = SignIn(options);
  if (!session.ok()) {
    std::fprintf(stderr, "%s\n", session.status().ToString().c_str());
    return 1;
  }
  return MeasureAll(options, *session) == 0 ? 0 : 1;
}

}  // namespace
}  // namespace lectern

int main(int argc, char** argv) { return lectern::Main(argc, argv); }
