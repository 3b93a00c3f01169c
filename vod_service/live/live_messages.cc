#include "vod_service/live/live_messages.h"

#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "lectern/v1/live_media.pb.h"

namespace lectern::vod {

LiveSetFiles FromMessage(const v1::LiveSet& message) {
  LiveSetFiles set;
  set.number = message.number();
  set.start_ms = message.start_ms();
  set.end_ms = message.end_ms();
  LiveFormat format;
  for (const v1::LiveTrack& track : message.tracks()) {
    format.push_back({track.label(), track.audio(), track.codecs(), track.width(), track.height(), track.frame_rate(),
                      track.channels(), track.copied(), track.init(), absl::AsciiStrToLower(track.init_sha256())});
  }
  set.segments.resize(format.size());
  for (const v1::LiveSegment& segment : message.segments()) {
    for (size_t i = 0; i < format.size(); ++i) {
      if (format[i].label != segment.label()) continue;
      const double seconds = segment.duration_seconds();
      const bool sane = seconds > 0 && seconds < 1e6;
      set.segments[i] = {segment.name(), segment.size_bytes(), sane ? std::llround(seconds * 1e6) : 0};
    }
  }
  set.format = std::make_shared<const LiveFormat>(std::move(format));
  return set;
}

void AddTracks(const LiveFormat& format, v1::LiveStored& stored) {
  for (const LiveTrackFormat& track : format) {
    v1::LiveTrack& out = *stored.add_tracks();
    out.set_label(track.label);
    out.set_audio(track.audio);
    out.set_codecs(track.codecs);
    out.set_width(track.width);
    out.set_height(track.height);
    out.set_frame_rate(track.frame_rate);
    out.set_channels(track.channels);
    out.set_copied(track.copied);
    out.set_init(track.init);
    out.set_init_sha256(track.init_sha256);
  }
}

}  // namespace lectern::vod
