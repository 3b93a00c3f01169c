#include "worker/steps/media_convert.h"

namespace lectern::worker {
namespace {

void FillVideo(const media::VideoFacts& facts, const media::GopFacts& gop, v1::VideoInfo& video) {
  video.set_codec(facts.codec);
  video.set_profile(facts.profile);
  video.set_width(facts.width);
  video.set_height(facts.height);
  video.set_frame_rate(facts.frame_rate);
  video.set_variable_frame_rate(facts.variable_frame_rate);
  video.set_pixel_format(facts.pixel_format);
  video.set_rotation(facts.rotation);
  video.set_bitrate_bps(facts.bitrate_bps);
  video.set_max_gop_seconds(gop.max_gop_seconds);
  video.set_not_copyable_reason(media::WhyVideoNotCopyable(facts, gop));
  video.set_copyable(video.not_copyable_reason().empty());
  video.set_duration_seconds(facts.duration_seconds);
}

void FillAudio(const media::AudioFacts& facts, v1::AudioInfo& audio) {
  audio.set_codec(facts.codec);
  audio.set_profile(facts.profile);
  audio.set_sample_rate(facts.sample_rate);
  audio.set_channels(facts.channels);
  audio.set_bitrate_bps(facts.bitrate_bps);
  audio.set_copyable(media::AudioCopyable(facts));
  audio.set_duration_seconds(facts.duration_seconds);
}

}  // namespace

v1::MediaInfo ToMessage(const media::MediaFacts& facts, const media::GopFacts& gop) {
  v1::MediaInfo info;
  info.set_duration_seconds(facts.duration_seconds);
  info.set_size_bytes(facts.size_bytes);
  info.set_container(facts.container);
  if (facts.video.has_value()) FillVideo(*facts.video, gop, *info.mutable_video());
  if (facts.audio.has_value()) FillAudio(*facts.audio, *info.mutable_audio());
  return info;
}

}  // namespace lectern::worker
