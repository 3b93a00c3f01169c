#include "worker/runner/health.h"

#include "absl/strings/str_cat.h"
#include "common/log/log.h"

namespace lectern::worker {
namespace {

constexpr absl::Duration kRetest = absl::Minutes(1);

}  // namespace

Fitness Health::Check() {
  if (!tested_.ok() && clock_.Steady() >= next_test_) {
    tested_ = checks_.self_test();
    next_test_ = clock_.Steady() + kRetest;
    if (tested_.ok()) {
      log::Info("self-test passed");
    } else {
      log::Error("self-test failed: this worker takes no work", {{"error", tested_.message()}});
    }
  }
  int64_t free = checks_.free_bytes();
  bool low = free < (disk_low_ ? min_free_bytes_ + min_free_bytes_ / 4 : min_free_bytes_);
  if (low != disk_low_) log::Warn(low ? "disk nearly full: no new work" : "disk has room again", {{"free_bytes", free}});
  disk_low_ = low;
  if (!tested_.ok()) return {false, absl::StrCat("self-test failed: ", tested_.message())};
  if (disk_low_) return {false, absl::StrCat("disk nearly full: ", free >> 20, " MiB left for scratch files")};
  return {true, ""};
}

}  // namespace lectern::worker
