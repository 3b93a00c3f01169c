// What a proxied stream costs the proxy: processor time and memory, with the worker in a process of its own.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/rtmp/server.h"
#include "rtmp_proxy/relay/relay.h"
#include "tests/rtmp_proxy/relay/stream_maker.h"

namespace lectern::proxy {
namespace {

constexpr int kStreams = 50;

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int64_t ResidentBytes() {
  int64_t size = 0;
  int64_t resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// A worker that confirms two GOPs behind, as segments that are stored. Never returns.
[[noreturn]] void RunWorker(int port_pipe) {
  rtmp::ServerHandlers handlers;
  handlers.authorize = [](const rtmp::PublishRequest&) { return rtmp::Feedback(); };
  handlers.serve = [](const rtmp::PublishRequest&, rtmp::PublisherConnection& connection) {
    while (true) {
      absl::StatusOr<rtmp::MediaMessage> message = connection.Next(absl::Seconds(30));
      if (!message.ok()) return;
      if (IsKeyFrame(*message)) connection.SendFeedback({message->timestamp_ms - 4000, message->timestamp_ms - 4000});
    }
  };
  auto server = rtmp::Server::Start(rtmp::ServerOptions(), handlers);
  uint16_t port = server.ok() ? (*server)->port() : 0;
  if (write(port_pipe, &port, sizeof port) != sizeof port) _exit(1);
  while (true) pause();
}

TEST(RelayBench, FiftyStreamsOfOneMegabit) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  pid_t worker = fork();
  ASSERT_GE(worker, 0);
  if (worker == 0) RunWorker(pipe_ends[1]);
  uint16_t port = 0;
  ASSERT_EQ(read(pipe_ends[0], &port, sizeof port), static_cast<ssize_t>(sizeof port));

  int64_t empty = ResidentBytes();
  std::vector<std::unique_ptr<Relay>> relays;
  for (int i = 0; i < kStreams; ++i) {
    RelayOptions options;
    options.stream = absl::StrCat("liveStreams/", i);
    options.acquire = [port, i](int64_t, absl::string_view) -> absl::StatusOr<IngestAddress> {
      return IngestAddress{1, absl::StrCat("rtmp://127.0.0.1:", port, "/ingest/", i), "key"};
    };
    relays.push_back(Relay::Start(options, RealClock()));
  }
  // 25 pictures of 4.6 kB and 47 sounds of 200 B a second: 1 Mbit/s. Ten times as fast as in life, so that it does not take a minute.
  const std::vector<rtmp::MediaMessage> stream = MakeStream({.end_ms = 60'000, .frame_bytes = 4600});
  double cpu = CpuSeconds();
  absl::Time begun = absl::Now();
  int64_t bytes = 0;
  for (const rtmp::MediaMessage& message : stream) {
    absl::Duration ahead = begun + absl::Milliseconds(message.timestamp_ms / 10) - absl::Now();
    if (ahead > absl::ZeroDuration()) absl::SleepFor(ahead);
    for (auto& relay : relays) {
      rtmp::MediaMessage own = message;
      own.payload = std::make_shared<const std::string>(*message.payload);
      bytes += static_cast<int64_t>(own.size());
      relay->Push(own);
    }
  }
  cpu = CpuSeconds() - cpu;
  int64_t each = (ResidentBytes() - empty) / kStreams;
  std::printf("%.1f MB relayed, %.2f ms of processor time a MB, %.2f %% of a core a stream at 1x, %lld kB of memory a stream\n",
              static_cast<double>(bytes) / 1e6, cpu * 1e9 / static_cast<double>(bytes), cpu / kStreams / 60 * 100,
              static_cast<long long>(each / 1000));
  for (auto& relay : relays) {
    EXPECT_EQ(relay->state().dropped_frames, 0);
    EXPECT_EQ(relay->state().epoch, 1);
  }
  // Four GOPs of 2 s at 1 Mbit/s are 1 MB; more than three times that would be a leak.
  EXPECT_LT(each, 3'000'000);
  relays.clear();
  kill(worker, SIGKILL);
  waitpid(worker, nullptr, 0);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

}  // namespace
}  // namespace lectern::proxy
