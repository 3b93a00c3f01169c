// Load on the API over gRPC: public courses, write settings, put or delete a bookmark, by many clients at once, beside the
// floor of the same server answering a health check. See tests/bench/README.md.

#include <google/protobuf/empty.pb.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/config/flags.h"
#include "common/rpc/rpc.h"
#include "lectern/v1/auth.pb.h"
#include "lectern/v1/courses.pb.h"
#include "lectern/v1/lectures.pb.h"
#include "lectern/v1/users.pb.h"

namespace lectern {
namespace {

struct Options {
  std::string endpoint = "127.0.0.1:7400";
  std::string email;
  std::string password;
  std::string lecture;
  int64_t clients = 150;
  absl::Duration duration = absl::Seconds(15);
};

struct Figures {
  std::vector<double> millis;
  int64_t errors = 0;
};

using CallOnce = std::function<absl::Status(grpc::Channel& channel, int64_t n)>;

// Each client has a connection of its own and makes one call after the other.
Figures Drive(const Options& options, const CallOnce& call) {
  std::vector<Figures> each(static_cast<size_t>(options.clients));
  std::vector<std::thread> threads;
  absl::Time end = absl::Now() + options.duration;
  for (Figures& mine : each) {
    threads.emplace_back([&] {
      rpc::ChannelOptions where;
      where.addresses = {options.endpoint};
      auto channel = rpc::MakeChannel(where);
      if (!channel.ok()) {
        ++mine.errors;
        return;
      }
      for (int64_t n = 0; absl::Now() < end; ++n) {
        absl::Time start = absl::Now();
        absl::Status status = call(**channel, n);
        mine.millis.push_back(absl::ToDoubleMilliseconds(absl::Now() - start));
        if (!status.ok() && ++mine.errors == 1) std::fprintf(stderr, "%s\n", status.ToString().c_str());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Figures all;
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

void Print(const char* name, const Options& options, const Figures& figures) {
  std::printf("%-18s %9.0f calls/s  mean %7.2f ms  p50 %7.2f  p99 %7.2f  max %7.2f  errors %lld\n", name,
              static_cast<double>(figures.millis.size()) / absl::ToDoubleSeconds(options.duration), Mean(figures),
              Quantile(figures, 0.5), Quantile(figures, 0.99), Quantile(figures, 1), static_cast<long long>(figures.errors));
}

absl::Status CallMix(grpc::Channel& channel, int64_t n, const Options& options, const std::string& session) {
  constexpr absl::Duration kTimeout = absl::Seconds(30);
  if (n % 3 == 0) {
    v1::ListCoursesResponse response;
    return rpc::Call(channel, "/lectern.v1.CourseService/ListCourses", v1::ListCoursesRequest(), &response, "", kTimeout);
  }
  if (n % 3 == 1) {
    v1::UpdateSettingsRequest request;
    request.mutable_settings()->set_seek_step_seconds(static_cast<int32_t>(5 + n % 50));
    v1::UserSettings response;
    return rpc::Call(channel, "/lectern.v1.UserService/UpdateSettings", request, &response, session, kTimeout);
  }
  // Each client deletes what it put before, since a person may keep only so many bookmarks.
  thread_local std::string kept;
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

absl::StatusOr<std::string> SignIn(const Options& options) {
  rpc::ChannelOptions where;
  where.addresses = {options.endpoint};
  auto channel = rpc::MakeChannel(where);
  if (!channel.ok()) return channel.status();
  v1::LoginRequest request;
  request.set_email(options.email);
  request.set_password(options.password);
  v1::LoginResponse response;
  absl::Status status = rpc::Call(**channel, "/lectern.v1.AuthService/Login", request, &response, "", absl::Seconds(10));
  if (!status.ok()) return status;
  return response.session_token();
}

int Main(int argc, char** argv) {
  Options options;
  Flags flags("api_mix", "Measures API calls per second and their latency.");
  flags.String("endpoint", &options.endpoint, "gRPC address of the API");
  flags.String("email", &options.email, "A person who may see the lecture");
  flags.Secret("LECTERN_PASSWORD", &options.password, "their password");
  flags.String("lecture", &options.lecture, "A lecture, for bookmarks");
  flags.Int("clients", &options.clients, "Clients at once");
  flags.Duration("duration", &options.duration, "How long each phase takes");
  if (std::optional<int> exit = flags.Parse(argc, argv)) return *exit;
  absl::StatusOr<std::string> session = SignIn(options);
  if (!session.ok()) {
    std::fprintf(stderr, "%s\n", session.status().ToString().c_str());
    return 1;
  }
  Figures floor = Drive(options, [](grpc::Channel& channel, int64_t) {
    google::protobuf::Empty nothing, answer;
    return rpc::Call(channel, "/grpc.health.v1.Health/Check", nothing, &answer, "", absl::Seconds(30));
  });
  Print("health (floor)", options, floor);
  Figures mix = Drive(options, [&](grpc::Channel& channel, int64_t n) { return CallMix(channel, n, options, *session); });
  Print("mix", options, mix);
  std::printf("mix / floor: calls %.2f, mean latency %.2f\n",
              static_cast<double>(mix.millis.size()) / static_cast<double>(std::max<size_t>(1, floor.millis.size())),
              Mean(mix) / std::max(0.001, Mean(floor)));
  return mix.errors + floor.errors == 0 ? 0 : 1;
}

}  // namespace
}  // namespace lectern

int main(int argc, char** argv) { return lectern::Main(argc, argv); }
