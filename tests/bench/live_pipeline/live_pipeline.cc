// Feeds an FLV file to pipelines at the pace of its timestamps, and tells what that cost.
//   bench_live_pipeline FILE.flv [pipelines [renditions]]
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/rtmp/flv.h"
#include "worker/live/pipeline.h"

namespace lectern::worker {
namespace {

struct Result {
  absl::Mutex mu;
  std::vector<double> delays ABSL_GUARDED_BY(mu);   // seconds from the last message of a set to its delivery
  int64_t sets ABSL_GUARDED_BY(mu) = 0;
  int64_t missing ABSL_GUARDED_BY(mu) = 0;
};

std::vector<rtmp::MediaMessage> ReadMessages(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  rtmp::FlvReader reader;
  std::vector<rtmp::MediaMessage> messages;
  if (!reader.Feed(bytes.str()).ok()) return messages;
  rtmp::MediaMessage message;
  while (reader.Next(message)) messages.push_back(message);
  return messages;
}

double Seconds(const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; }

double Cpu(int who) {
  rusage usage;
  getrusage(who, &usage);
  return Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
}

int64_t ResidentKilobytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t pages = 0, resident = 0;
  statm >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE) / 1024;
}

void Report(const Result& result, double media_seconds, int pipelines, int64_t before, int64_t most) {
  absl::MutexLock lock(const_cast<absl::Mutex*>(&result.mu));
  std::vector<double> delays = result.delays;
  std::sort(delays.begin(), delays.end());
  printf("sets %lld, missing segments %lld\n", static_cast<long long>(result.sets), static_cast<long long>(result.missing));
  printf("CPU seconds per minute of media and pipeline: %.2f here, %.2f in FFmpeg\n",
         Cpu(RUSAGE_SELF) * 60 / media_seconds / pipelines, Cpu(RUSAGE_CHILDREN) * 60 / media_seconds / pipelines);
  printf("memory here: %.0f KB per pipeline beside %lld KB\n", static_cast<double>(most - before) / pipelines,
         static_cast<long long>(before));
  if (delays.empty()) return;
  printf("last message of a set to its delivery: median %.0f ms, worst %.0f ms\n", delays[delays.size() / 2] * 1000, delays.back() * 1000);
}

int Main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: bench_live_pipeline FILE.flv [pipelines [renditions]]\n");
    return 2;
  }
  std::vector<rtmp::MediaMessage> messages = ReadMessages(argv[1]);
  if (messages.empty()) return 1;
  int count = argc > 2 ? atoi(argv[2]) : 1;
  Result result;
  int64_t before = ResidentKilobytes(), most = 0;
  std::vector<std::unique_ptr<Pipeline>> pipelines;
  for (int i = 0; i < count; ++i) {
    PipelineOptions options;
    options.view = "comb";
    options.max_renditions = argc > 3 ? atoi(argv[3]) : 0;
    pipelines.push_back(Pipeline::Create(options, [&result](const SegmentSet& set) {
      absl::MutexLock lock(&result.mu);
      ++result.sets;
      for (const TrackSegment& segment : set.segments) result.missing += segment.bytes == nullptr ? 1 : 0;
      result.delays.push_back(absl::ToDoubleSeconds(absl::Now() - set.arrived));
    }));
  }
  absl::Time begin = absl::Now();
  for (const rtmp::MediaMessage& message : messages) {
    absl::SleepFor(begin + absl::Milliseconds(message.timestamp_ms) - absl::Now());
    for (auto& pipeline : pipelines) pipeline->Push(message);
    most = std::max(most, ResidentKilobytes());
  }
  for (auto& pipeline : pipelines) pipeline->Finish(absl::Seconds(10));
  pipelines.clear();
  Report(result, static_cast<double>(messages.back().timestamp_ms) / 1000, count, before, most);
  return 0;
}

}  // namespace
}  // namespace lectern::worker

int main(int argc, char** argv) { return lectern::worker::Main(argc, argv); }
