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
  // Only playlists that were live have these.
  bool gap = false;                     // there is no media; `uri` names nothing
  bool discontinuity = false;           // stands before the segment
  int64_t date_ms = -1;                 // EXT-X-PROGRAM-DATE-TIME, milliseconds since 1970; -1: none
  std::string map_uri = "";             // its own init segment; empty: the playlist's
};

struct MediaPlaylist {
  std::string map_uri;                  // "init.mp4"; of the first segment that has one
  std::vector<HlsSegment> segments;
  bool ended = true;
  int64_t media_sequence = 1;
  int64_t target_seconds = 0;           // 0: as long as the longest segment
  double skip_seconds = 0;              // CAN-SKIP-UNTIL: what is older than this may be left out on request; 0: nothing
  int64_t skipped = 0;                  // segments left out at the beginning, SKIPPED-SEGMENTS

  double DurationSeconds() const;
};

// A finished recording: version 7, independent segments, EXT-X-MAP, ENDLIST. Of the fields for live playlists it writes none.
std::string WriteMediaPlaylist(const MediaPlaylist& playlist);

// The parts of a live playlist (RFC 8216 and draft-pantos-hls-rfc8216bis 4.4 and 6.2.5.1), for who writes it piece by piece:
// head, segments, end. Of `playlist` the segments are not looked at. While live it is an EVENT, afterwards VOD.
std::string WriteLiveHead(const MediaPlaylist& playlist);
// `map_uri` is written where it is not empty.
void AppendLiveSegment(const HlsSegment& segment, std::string& text);
inline constexpr char kPlaylistEnd[] = "#EXT-X-ENDLIST\n";

// The target duration that a segment of this length needs.
int64_t TargetSecondsFor(double duration_seconds);

// Errors: kInvalidArgument, naming the line, for anything that breaks a rule of RFC 8216 sections 4.1 to 4.3.3 in the tags that
// Lectern writes (a duration above the target, a segment without EXTINF, no version 6 beside EXT-X-MAP, ...).
absl::StatusOr<MediaPlaylist> ParseMediaPlaylist(absl::string_view text);

// One published track of a view.
struct PublishedRendition {
  std::string uri;                      // of its media playlist, relative to the master playlist
  std::string codecs;                   // RFC 6381: "avc1.64001f", "mp4a.40.2"
  int64_t bandwidth_bps = 0;            // the fastest segment
  int64_t average_bandwidth_bps = 0;    // 0: not known, not written
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
