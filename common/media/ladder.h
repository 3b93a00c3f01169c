// What is made of a video: which renditions, and how they are encoded. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lectern::media {

// What the pictures show; decides about quality, tuning and how small a rendition may be.
enum class Content {
  kCamera,     // people and rooms
  kSlides,     // text: never below 720p unless the source is smaller
  kCombined,   // both in one picture
};

struct LadderSource {
  int width = 0;                  // as displayed: after rotation and sample aspect ratio
  int height = 0;
  // Where the source's own video is published unchanged ("source"), a rendition that would only repeat it is left out.
  bool copied = false;
  double max_gop_seconds = 0;     // of the source; 0: unknown
  int64_t bitrate_bps = 0;        // of the source; 0: unknown
};

struct LadderRung {
  std::string label;              // "720p"; unique in the ladder; [0-9a-z]+
  int width = 0;                  // even, never larger than the source
  int height = 0;
  double crf = 0;
  int max_bitrate_bps = 0;
  int niceness = 0;
  std::string tune;               // of libx264: "stillimage" or empty
  double gop_seconds = 0;         // key frames on this grid of presentation time
};

// The renditions for a source, largest first. Empty only where the source is copied and needs no smaller rendition beside it, or
// has no size.
//
// Quality by content: camera CRF 26, slides CRF 20 with still-image tuning, combined CRF 24; niceness 10, 9, 8. Sizes fit the
// boxes of 1080, 720 and 480 lines (360 where the largest is at most 480), turned for portrait videos; slides end at 720.
std::vector<LadderRung> PlanLadder(Content content, const LadderSource& source);

// AAC, stereo, 48 kHz.
inline constexpr int kAudioBitrateBps = 128'000;

struct ThumbnailPlan {
  int tile_width = 0;             // pixels; even
  double interval_seconds = 0;
};

// At most about 600 pictures, none closer than 2 s.
ThumbnailPlan PlanThumbnails(double duration_seconds);

}  // namespace lectern::media
