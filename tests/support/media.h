// Small recordings for tests, made by FFmpeg when first asked for and kept in the build folder (LECTERN_BINARY_DIR, else /tmp).
#pragma once

#include <string>
#include <vector>

namespace lectern::testing {

// The path of a test recording; aborts with a message where it cannot be made.
//   lecture.mp4        320x180, 25 fps, 9 s, H.264 High with B-frames, key frame every 2 s, AAC 44.1 kHz mono
//   lecture.mkv .ts .flv   the same streams
//   audio_only.m4a, no_audio.mp4, long_gop.mp4 (one key frame in 15 s), all_intra.mp4
//   late_video.mp4     the picture begins 0.7 s after the sound; late_sound.mp4 the other way round
//   odd.mkv (321x181, 4:4:4), vfr.mkv, ten_bit.mp4, hevc.mp4, vp9.webm, rotated.mp4 (90 degrees), anamorphic.mp4
//   flash_beep.mp4     black and silent; every 2 s a white frame and a beep begin together, first at 1 s
//   hd.mp4             1280x720, 4 s, H.264 and AAC
//   quiet_speech.mp4   speech with pauses, 30 dB below full scale; see QuietSpeechPauses
//   not_a_video.mp4 (text), picture.mp4 (a PNG), empty.mp4 (0 bytes), truncated.mp4 (moov missing), broken.mp4 (damaged frames)
//   playlist.mp4       an HLS playlist that names another file
std::string MediaFile(const std::string& name);

// Where speech pauses for longer than 2 s in quiet_speech.mp4: begin and end in seconds.
std::vector<std::pair<double, double>> QuietSpeechPauses();

// Runs a program and returns what it wrote to stdout and stderr; `ok` tells whether it ended with status 0.
std::string RunTool(const std::vector<std::string>& argv, bool* ok = nullptr);

}  // namespace lectern::testing
