// Reads a packaged track back and checks it. Private to the room.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace lectern::vod {

// The track in `folder` (index.m3u8 and what it names) can be played: every file is there and well-formed, every segment of a video
// begins with a key frame, decode times continue without a gap, each segment lasts as long as its EXTINF (within a tick), and the
// whole as long as `expected_seconds` (within 0.5 s or 1 %; 0: not checked).
// Errors: kDataLoss with what is wrong.
absl::Status VerifyTrack(const std::string& folder, double expected_seconds);

}  // namespace lectern::vod
