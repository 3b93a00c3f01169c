// What a publisher sends before the API has said where it belongs, on disk.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/rtmp/message.h"
#include "common/rtmp/timeline.h"

namespace lectern::proxy {

// Not thread-safe. Positions count from the moment of its making.
class HeldMedia {
 public:
  static absl::StatusOr<std::unique_ptr<HeldMedia>> Create(std::string file, int64_t max_bytes, Clock& clock);
  // Removes the file.
  ~HeldMedia();

  // With the publisher's own timestamps. What does not fit any more is lost: the beginning is kept.
  void Append(const rtmp::MediaMessage& message);
  // All of it in order, with positions; nothing is appended afterwards.
  absl::Status Replay(const std::function<void(const rtmp::MediaMessage& message)>& take);

  absl::Duration begun() const { return begun_; }   // Clock::Steady
  int64_t max_bytes() const { return max_bytes_; }
  int64_t bytes() const { return bytes_; }
  int64_t lost_messages() const { return lost_; }

 private:
  HeldMedia(std::string file, FILE* handle, int64_t max_bytes, Clock& clock);
  void Write(const std::string& text);

  const std::string file_;
  const int64_t max_bytes_;
  Clock& clock_;
  const absl::Duration begun_;
  FILE* handle_;
  rtmp::Timeline timeline_;
  int64_t bytes_ = 0;
  int64_t lost_ = 0;
};

}  // namespace lectern::proxy
