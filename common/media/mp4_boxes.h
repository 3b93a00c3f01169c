// ISO BMFF boxes (ISO/IEC 14496-12) as far as fragmented MP4 for HLS needs them: reading init segments and fragments of one track,
// and writing both. Input may be hostile: every length is checked. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace lectern::media {

struct Box {
  std::string type;              // four characters
  absl::string_view payload;     // after the header
  absl::string_view whole;       // header included
};

// The boxes of a byte string, in order. kInvalidArgument for a length that does not fit.
absl::StatusOr<std::vector<Box>> SplitBoxes(absl::string_view bytes);

// The header of the box that begins at `bytes`: 0 where more bytes are needed, else the length of the whole box.
// Errors: kInvalidArgument for lengths that cannot be and for boxes that go "to the end of the file".
absl::StatusOr<uint64_t> BoxLength(absl::string_view bytes);

// What an init segment (ftyp + moov) of one track says.
struct TrackInit {
  uint32_t track_id = 0;
  bool video = false;
  uint32_t timescale = 0;        // ticks a second
  std::string codecs;            // RFC 6381: "avc1.64001f", "mp4a.40.2"
  int width = 0;                 // coded size; video only
  int height = 0;
  int channels = 0;              // audio only
  int sample_rate = 0;
  uint32_t default_duration = 0; // of trex
  uint32_t default_size = 0;
  uint32_t default_flags = 0;
};
absl::StatusOr<TrackInit> ParseInit(absl::string_view init);

// The same init segment with one edit list, which makes the presentation begin `media_time` ticks into the track (0: none): how the
// delay between decoding and showing is taken out again. Browsers and FFmpeg understand this and, unlike negative composition
// offsets, agree about it.
absl::StatusOr<std::string> WithEditList(absl::string_view init, uint32_t media_time);

struct Sample {
  uint32_t duration = 0;         // ticks
  uint32_t size = 0;             // bytes
  int32_t composition_offset = 0;
  bool sync = false;             // decodable without earlier samples
};

// One moof and the mdat that follows it.
struct Fragment {
  int64_t decode_time = 0;       // of the first sample, ticks
  std::vector<Sample> samples;
  absl::string_view data;        // the samples' bytes, one after the other

  int64_t DurationTicks() const;
};

// `bytes` begins with a moof and ends with its mdat. kInvalidArgument where sizes do not add up or another track is in it.
absl::StatusOr<Fragment> ParseFragment(absl::string_view bytes, const TrackInit& init);

// All fragments of a media segment; styp, sidx, prft and emsg are skipped. At least one.
absl::StatusOr<std::vector<Fragment>> ParseSegment(absl::string_view bytes, const TrackInit& init);

// moof + mdat.
std::string WriteFragment(uint32_t sequence, const TrackInit& init, const Fragment& fragment);

}  // namespace lectern::media
