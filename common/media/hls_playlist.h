// HLS playlists (RFC 8216): what Lectern writes, and reading them back. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::media {

struct HlsSegment {
  std::string uri;
  double duration_seconds = 0;          // written with six decimals
};

// A finished recording's media playlist: version 7, independent segments, EXT-X-MAP, ENDLIST.
struct MediaPlaylist {
  std::string map_uri;                  // "init.mp4"
  std::vector<HlsSegment> segments;
  bool ended = true;

  double DurationSeconds() const;
};

std::string WriteMediaPlaylist(const MediaPlaylist& playlist);

// Errors: kInvalidArgument, naming the line, for anything that breaks a rule of RFC 8216 sections 4.1 to 4.3.3 in the tags that
// Lectern writes (a duration above the target, a segment without EXTINF, no version 6 beside EXT-X-MAP, ...).
absl::StatusOr<MediaPlaylist> ParseMediaPlaylist(absl::string_view text);

// One published track of a view.
struct PublishedRendition {
  std::string uri;                      // of its media playlist, relative to the master playlist
  std::string codecs;                   // RFC 6381: "avc1.64001f", "mp4a.40.2"
  int64_t bandwidth_bps = 0;            // the fastest segment
  int64_t average_bandwidth_bps = 0;
  bool audio = false;                   // sound; else video without sound
  int width = 0;                        // video only
  int height = 0;
  double frame_rate = 0;                // 0: unknown, not written
  int channels = 2;                     // audio only
};

// The master playlist that offers them: every video as a variant, best first, with the first sound as its EXT-X-MEDIA group
// (its rates are added to those of the variants); without a video the sounds are the variants; without a sound there is no group.
std::string WriteMasterPlaylist(const std::vector<PublishedRendition>& renditions);

struct MasterVariant {
  std::string uri;
  std::string codecs;
  std::string audio_group;
  int64_t bandwidth_bps = 0;
  int64_t average_bandwidth_bps = 0;
  int width = 0;
  int height = 0;
  double frame_rate = 0;
};

struct MasterPlaylist {
  std::vector<MasterVariant> variants;
  std::vector<std::string> audio_uris;
};

// Errors: kInvalidArgument, naming the line.
absl::StatusOr<MasterPlaylist> ParseMasterPlaylist(absl::string_view text);

}  // namespace lectern::media
