// A pipeline whose segments say which pictures are in them: every GOP is a set.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "worker/live/pipeline.h"

namespace lectern::worker::testing {

class FakePipeline final : public Pipeline {
 public:
  FakePipeline(PipelineOptions options, OnSet on_set, size_t padding = 0)
      : options_(std::move(options)), on_set_(std::move(on_set)), padding_(padding) {}

  void Push(const rtmp::MediaMessage& message) override {
    if (message.kind != rtmp::MediaMessage::kVideo || rtmp::IsVideoHeader(message)) return;
    if (rtmp::IsKeyFrame(message)) {
      Deliver(message.timestamp_ms);
      start_ms_ = message.timestamp_ms;
    }
    absl::StrAppend(&pictures_, pictures_.empty() ? "" : " ", message.timestamp_ms);
    last_ms_ = message.timestamp_ms;
  }
  void Pause() override {}
  void Finish(absl::Duration) override { Deliver(last_ms_ + 40); }

  PipelineFacts facts() const override {
    PipelineFacts facts;
    facts.video_codec = "h264";
    facts.height = 720;
    facts.frame_rate = 25;
    facts.video_bitrate_bps = 1'000'000;
    facts.keyframe_interval_seconds = 8.33;
    facts.renditions = {"720p (copied)"};
    return facts;
  }
  std::string Sample() const override { return ""; }

 private:
  void Deliver(int64_t end_ms) {
    if (!pictures_.empty() && start_ms_ >= options_.resume.end_ms) {
      static const auto kInit = std::make_shared<const std::string>("init");
      SegmentSet set;
      set.start_ms = start_ms_;
      set.end_ms = end_ms;
      set.formats = {{.label = "720p", .codecs = "avc1.64001f", .width = 1280, .height = 720, .copied = true, .init = kInit}};
      auto bytes = std::make_shared<const std::string>(pictures_ + std::string(padding_, '.'));
      set.segments = {{"720p", bytes, static_cast<double>(end_ms - start_ms_) / 1000}};
      set.arrived = absl::Now();
      on_set_(std::move(set));
    }
    pictures_.clear();
  }

  const PipelineOptions options_;
  const OnSet on_set_;
  const size_t padding_;
  std::string pictures_;
  int64_t start_ms_ = 0;
  int64_t last_ms_ = 0;
};

}  // namespace lectern::worker::testing
