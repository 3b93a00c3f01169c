#include "worker/ingest/live_report.h"

#include <cstdint>
#include <string>

#include "lectern/v1/link.pb.h"
#include "lectern/v1/live_media.pb.h"

namespace lectern::worker {
namespace {

int64_t BandwidthOf(const SegmentSet& set, const std::string& label) {
  for (const TrackSegment& segment : set.segments) {
    if (segment.label != label || segment.bytes == nullptr || segment.duration_seconds <= 0) continue;
    return static_cast<int64_t>(static_cast<double>(segment.bytes->size()) * 8 / segment.duration_seconds);
  }
  return 0;
}

}  // namespace

void FillFacts(const PipelineFacts& facts, const Look& look, v1::LiveFacts& message) {
  message.set_video_codec(facts.video_codec);
  message.set_video_profile(facts.video_profile);
  message.set_width(facts.width);
  message.set_height(facts.height);
  message.set_frame_rate(facts.frame_rate);
  message.set_keyframe_interval_seconds(facts.keyframe_interval_seconds);
  message.set_video_bitrate_bps(facts.video_bitrate_bps);
  message.set_padding_bitrate_bps(facts.padding_bitrate_bps);
  message.set_audio_codec(facts.audio_codec);
  message.set_sample_rate(facts.sample_rate);
  message.set_channels(facts.channels);
  message.set_audio_bitrate_bps(facts.audio_bitrate_bps);
  message.set_level_dbfs(look.level_dbfs);
  message.set_luma(look.luma);
  message.set_frames_dropped(facts.frames_dropped);
  message.mutable_renditions()->Assign(facts.renditions.begin(), facts.renditions.end());
}

void FillWarnings(const std::vector<Warning>& warnings, v1::LiveReport& report) {
  for (const Warning& warning : warnings) {
    v1::LiveWarning& message = *report.add_warnings();
    message.set_code(warning.code);
    message.set_message(warning.message);
  }
}

void FillStored(const v1::LiveStored& stored, const SegmentSet* set, v1::LiveReport& report) {
  report.set_end_ms(stored.end_ms());
  if (set == nullptr) return;
  report.clear_renditions();
  for (const TrackFormat& format : set->formats) {
    v1::RenditionInfo& rendition = *report.add_renditions();
    rendition.set_label(format.label);
    rendition.set_width(format.width);
    rendition.set_height(format.height);
    rendition.set_codecs(format.codecs);
    rendition.set_bandwidth_bps(BandwidthOf(*set, format.label));
  }
}

}  // namespace lectern::worker
