// An encoder: FFmpeg that publishes a small recording again and again, at its natural speed.
#pragma once

#include <signal.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "common/exec/process.h"
#include "tests/support/media.h"

namespace lectern::testing {

class Publisher {
 public:
  explicit Publisher(const std::string& url, const std::string& file = "lecture.flv") {
    ProcessOptions options;
    options.argv = {"ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1", "-i", MediaFile(file),
                    "-c",     "copy",     "-f",        "flv",   url};
    absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(std::move(options));
    if (!process.ok()) abort();
    process_ = *std::move(process);
    waiter_ = std::thread([this] {
      exit_ = process_->Wait();
      ended_.Notify();
    });
  }
  ~Publisher() {
    process_->Signal(SIGKILL);
    waiter_.join();
  }

  bool running() const { return !ended_.HasBeenNotified(); }
  bool WaitForEnd(absl::Duration patience = absl::Seconds(20)) { return ended_.WaitForNotificationWithTimeout(patience); }
  void Signal(int signal) { process_->Signal(signal); }
  // As a lecturer's "Stop Streaming".
  void Stop() {
    process_->Signal(SIGINT);
    WaitForEnd();
  }

 private:
  std::unique_ptr<Process> process_;
  absl::Notification ended_;
  ProcessExit exit_;
  std::thread waiter_;
};

}  // namespace lectern::testing
