// Messages that wait for the VOD service's answer to the opening, in their order: a little in memory, the rest on disk, as FLV.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/rtmp/flv.h"
#include "common/rtmp/message.h"
#include "worker/ingest/spool.h"

namespace lectern::worker {

// Not thread-safe.
class MessageHold {
 public:
  // `path` is made when it is needed, and counts into `budget`. Where the disk takes nothing, memory does.
  MessageHold(std::string path, SpoolBudget& budget, Clock& clock) : path_(std::move(path)), budget_(budget), clock_(clock) {}
  ~MessageHold() { Clear(); }

  void Add(const rtmp::MediaMessage& message);
  bool empty() const { return count_ == 0; }
  // Hands the oldest messages out for about `time`; all of them where it is infinite.
  void Take(absl::Duration time, const std::function<void(const rtmp::MediaMessage&)>& sink);

 private:
  bool Refill();
  void WriteOut();
  void Clear();

  const std::string path_;
  SpoolBudget& budget_;
  Clock& clock_;
  int64_t count_ = 0;
  int64_t bytes_ = 0;          // of what the budget counts
  std::string tail_;           // newest, not on disk
  Fd file_;
  int64_t written_ = 0;
  int64_t read_ = 0;
  rtmp::FlvReader reader_;
  bool reading_ = false;
};

}  // namespace lectern::worker
