#include "common/link/load.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/text.h"
#include "lectern/v1/resources.pb.h"

namespace lectern::link {
namespace {

// ReadFile trusts the file's size, which is 0 in /proc.
std::string ReadProc(const char* path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

CpuTimes ParseCpuTimes(absl::string_view proc_stat) {
  // user nice system idle iowait irq softirq steal; guest times are part of user and nice. proc(5)
  CpuTimes times;
  for (absl::string_view line : absl::StrSplit(proc_stat, '\n')) {
    if (!absl::ConsumePrefix(&line, "cpu ")) continue;
    std::vector<absl::string_view> columns = absl::StrSplit(line, ' ', absl::SkipEmpty());
    for (size_t i = 0; i < std::min<size_t>(columns.size(), 8); ++i) {
      uint64_t jiffies = ParseDigits(columns[i]).value_or(0);
      times.total += jiffies;
      if (i != 3 && i != 4) times.busy += jiffies;
    }
    break;
  }
  return times;
}

int64_t ParseMeminfo(absl::string_view proc_meminfo, absl::string_view name) {
  for (absl::string_view line : absl::StrSplit(proc_meminfo, '\n')) {
    if (!absl::ConsumePrefix(&line, name) || !absl::ConsumePrefix(&line, ":")) continue;
    std::vector<absl::string_view> columns = absl::StrSplit(line, ' ', absl::SkipEmpty());
    return columns.empty() ? 0 : static_cast<int64_t>(ParseDigits(columns[0]).value_or(0) * 1024);
  }
  return 0;
}

LoadMeter::LoadMeter(Clock& clock, std::string disk_dir)
    : clock_(clock), disk_dir_(std::move(disk_dir)), started_(clock.Steady()), last_(ParseCpuTimes(ReadProc("/proc/stat"))) {}

v1::ResourceLoad LoadMeter::Read() {
  v1::ResourceLoad load;
  CpuTimes now = ParseCpuTimes(ReadProc("/proc/stat"));
  if (now.total > last_.total) {
    load.set_cpu(std::clamp(static_cast<double>(now.busy - last_.busy) / static_cast<double>(now.total - last_.total), 0.0, 1.0));
  }
  last_ = now;
  load.set_cpu_count(static_cast<int32_t>(std::thread::hardware_concurrency()));
  std::string meminfo = ReadProc("/proc/meminfo");
  load.set_memory_total_bytes(ParseMeminfo(meminfo, "MemTotal"));
  load.set_memory_used_bytes(load.memory_total_bytes() - ParseMeminfo(meminfo, "MemAvailable"));
  struct statvfs disk {};
  if (statvfs(disk_dir_.c_str(), &disk) == 0) {
    load.set_disk_free_bytes(static_cast<int64_t>(disk.f_bavail * disk.f_frsize));
    load.set_disk_total_bytes(static_cast<int64_t>(disk.f_blocks * disk.f_frsize));
  }
  absl::Duration uptime = clock_.Steady() - started_;
  load.mutable_uptime()->set_seconds(absl::IDivDuration(uptime, absl::Seconds(1), &uptime));
  load.mutable_uptime()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(uptime)));
  return load;
}

}  // namespace lectern::link
