// The FFmpeg child that makes what the encoder at the lecture did not send: smaller pictures, playable sound. Private to the
// building.
#pragma once

#include <poll.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/file.h"
#include "common/exec/process.h"
#include "common/media/ladder.h"
#include "common/rtmp/flv.h"
#include "worker/live/frames.h"

namespace lectern::worker {

struct EncoderPlan {
  std::vector<media::LadderRung> pictures;   // largest first
  bool sound = false;                        // to AAC-LC, 48 kHz, stereo
  bool follow_source = true;     // key frames where the source has them; else the first frame of every two seconds from origin_ms
  int64_t origin_ms = 0;         // timeline
  int64_t wanted_ms = -1;        // a key frame at the first picture from there on, in any case; -1: none
  int64_t first_picture_ms = 0;  // when the first picture fed is shown
  int64_t base_ms = 0;           // the first message fed
  int threads = 0;               // 0: FFmpeg chooses
};

// The command; output i (pictures, then the sound) is FLV on descriptor 3 + i.
std::vector<std::string> EncoderCommand(const EncoderPlan& plan);

// Never blocks but for Stop. Not thread-safe.
class Encoder {
 public:
  // A message of output `output`, on the timeline.
  using OnOutput = std::function<void(size_t output, const rtmp::MediaMessage& message)>;

  static absl::StatusOr<std::unique_ptr<Encoder>> Start(EncoderPlan plan);
  // Kills the child.
  ~Encoder();

  const EncoderPlan& plan() const { return plan_; }
  void Feed(rtmp::MediaMessage::Kind kind, int64_t timestamp_ms, const Payload& payload);
  // No more comes: the child finishes what it has.
  void CloseInput() { input_closed_ = true; }
  // Waits for the descriptors that it has something to do with.
  void AddPollFds(std::vector<pollfd>& fds) const;
  // Moves what can be moved without waiting.
  void Pump(const OnOutput& on_output);
  // It has written its last.
  bool ended() const { return open_outputs_ == 0; }
  // What the child has not taken yet.
  size_t queued_bytes() const { return queued_bytes_; }
  // The last lines that it wrote to stderr, once it has ended. Waits for its end.
  ProcessExit Stop();

 private:
  struct Output {
    Fd fd;
    rtmp::FlvReader reader;
  };
  explicit Encoder(EncoderPlan plan) : plan_(std::move(plan)) {}
  void Write();
  void Read(size_t output, const OnOutput& on_output);

  const EncoderPlan plan_;
  std::unique_ptr<Process> process_;
  std::thread waiter_;
  ProcessExit exit_;
  Fd input_;
  bool input_closed_ = false;
  std::deque<std::string> queue_;
  size_t written_ = 0;                 // of the queue's first
  size_t queued_bytes_ = 0;
  std::vector<Output> outputs_;
  size_t open_outputs_ = 0;
};

}  // namespace lectern::worker
