// A worker that takes every stream, notes what comes, and confirms it at once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/rtmp/message.h"
#include "common/rtmp/server.h"

namespace lectern::testing {

// What came on one connection.
struct Leg {
  std::string name;                        // JOB-EPOCH
  std::string query;
  std::vector<int64_t> pictures;           // positions
  bool began_with_key_frame = false;
  bool video_header = false;
  bool audio_header = false;
  bool ended = false;
};

// Thread-safe.
class FakeWorker {
 public:
  FakeWorker() {
    rtmp::ServerHandlers handlers;
    handlers.authorize = [](const rtmp::PublishRequest&) -> absl::StatusOr<rtmp::Feedback> { return rtmp::Feedback(); };
    handlers.serve = [this](const rtmp::PublishRequest& request, rtmp::PublisherConnection& connection) { Serve(request, connection); };
    absl::StatusOr<std::unique_ptr<rtmp::Server>> server = rtmp::Server::Start({}, handlers);
    if (!server.ok()) abort();
    server_ = *std::move(server);
  }
  ~FakeWorker() { server_.reset(); }

  // What AcquireIngest appends JOB-EPOCH to.
  std::string url() const { return absl::StrCat("rtmp://127.0.0.1:", server_->port(), "/ingest/"); }

  std::vector<Leg> legs() const {
    absl::MutexLock lock(&mu_);
    return legs_;
  }
  // Of the newest connection.
  Leg leg() const {
    absl::MutexLock lock(&mu_);
    return legs_.empty() ? Leg() : legs_.back();
  }

 private:
  void Serve(const rtmp::PublishRequest& request, rtmp::PublisherConnection& connection) {
    size_t index = 0;
    {
      absl::MutexLock lock(&mu_);
      index = legs_.size();
      legs_.push_back({.name = request.name, .query = request.query});
    }
    while (true) {
      absl::StatusOr<rtmp::MediaMessage> message = connection.Next(absl::Milliseconds(50));
      absl::MutexLock lock(&mu_);
      Leg& leg = legs_[index];
      if (!message.ok() && absl::IsDeadlineExceeded(message.status())) continue;
      if (!message.ok()) {
        leg.ended = true;
        return;
      }
      leg.video_header |= rtmp::IsVideoHeader(*message);
      leg.audio_header |= rtmp::IsAudioHeader(*message);
      if (message->kind != rtmp::MediaMessage::kVideo || rtmp::IsVideoHeader(*message)) continue;
      if (leg.pictures.empty()) leg.began_with_key_frame = rtmp::IsKeyFrame(*message);
      leg.pictures.push_back(message->timestamp_ms);
      connection.SendFeedback({.resume_ms = -1, .confirmed_ms = message->timestamp_ms});
    }
  }

  mutable absl::Mutex mu_;
  std::vector<Leg> legs_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<rtmp::Server> server_;
};

}  // namespace lectern::testing
