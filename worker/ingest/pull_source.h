// Fetches the stream of a lecture hall's camera or encoder. A thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/exec/process.h"
#include "common/rtmp/flv.h"
#include "common/rtmp/message.h"
#include "common/rtmp/timeline.h"

namespace lectern::worker {

struct PullOptions {
  std::string url;                          // rtsp, rtsps, rtmp or rtmps; secret: it may hold a password
  std::string scratch_dir;                  // exists
  int64_t start_time_ms = 0;                // time zero of the timeline, since 1970
  int64_t floor_ms = 0;                     // everything before is taken
  absl::Duration silence_limit = absl::Seconds(10);    // a connection that brings nothing for so long is made anew
  absl::Duration first_retry = absl::Milliseconds(500), last_retry = absl::Seconds(5);
};

// An FFmpeg child for each connection, whose command line does not show the address. Tries for ever.
class PullSource {
 public:
  struct Events {
    std::function<void(const rtmp::MediaMessage&)> on_message;    // with timeline timestamps; may block
    std::function<void()> on_pause;                               // the connection has ended
    std::function<void(const std::string& reason)> on_state;      // why nothing comes, in words; empty: something does
    std::function<void()> on_jump;                                // the source's timestamps jumped
  };

  PullSource(PullOptions options, Events events, Clock& clock);
  // Breaks off and waits.
  ~PullSource();

 private:
  void Loop();
  // One connection, until it ends. True: media came.
  bool Fetch();
  void OnBytes(absl::string_view bytes);
  void OnMessage(rtmp::MediaMessage message);
  void Watch();
  bool Wait(absl::Duration time);
  bool stopped() const;

  const PullOptions options_;
  const Events events_;
  Clock& clock_;
  // Of the thread only.
  rtmp::Timeline timeline_;
  std::unique_ptr<rtmp::FlvReader> reader_;
  bool encode_sound_ = false;       // the source's is not AAC
  bool received_ = false;
  bool broken_ = false;

  mutable absl::Mutex mu_;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  Process* child_ ABSL_GUARDED_BY(mu_) = nullptr;
  absl::Duration last_message_ ABSL_GUARDED_BY(mu_);
  bool silent_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

// The text of an ffconcat script with one file and the options that its protocol needs. Errors: kInvalidArgument for an address of
// another kind, or one that would break the script.
absl::StatusOr<std::string> PullScript(absl::string_view url);

// What FFmpeg's last words mean, for people, without the address.
std::string PullTrouble(absl::string_view log);

}  // namespace lectern::worker
