// What a beat says about the machine.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace lectern::v1 {
class ResourceLoad;
}

namespace lectern::link {

// Jiffies since boot, of all cores together.
struct CpuTimes {
  uint64_t busy = 0;
  uint64_t total = 0;
};

// From the text of /proc/stat; zeroes where it has no "cpu" line. Waiting for disks counts as idle.
CpuTimes ParseCpuTimes(absl::string_view proc_stat);

// The value of `name` ("MemAvailable") in the text of /proc/meminfo, in bytes; 0 where absent.
int64_t ParseMeminfo(absl::string_view proc_meminfo, absl::string_view name);

// Not thread-safe.
class LoadMeter {
 public:
  LoadMeter(Clock& clock, std::string disk_dir);

  // CPU since the last call; everything but the slots.
  v1::ResourceLoad Read();

 private:
  Clock& clock_;
  const std::string disk_dir_;
  const absl::Duration started_;
  CpuTimes last_;
};

}  // namespace lectern::link
