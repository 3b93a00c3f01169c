// Cuts a fragmented MP4 stream of one track, as FFmpeg writes it, into HLS segment files. Private to the room.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/base/file.h"
#include "common/media/mp4_boxes.h"

namespace lectern::vod {

// Times in the stream are this much later than in the recording, so that frames before its beginning (decoding order, audio
// priming) have times too.
inline constexpr int kOriginSeconds = 10;

struct CutSegment {
  std::string name;                     // "seg-00001.m4s"
  double duration_seconds = 0;          // until the first frame of the next one is shown
  int64_t size_bytes = 0;
};

// Segments begin at key frames, about every 6 s; sound is cut on the grid of 6 s. A key frame's decode time in the segments is when
// it is shown: the delay of B-frames stands in the init segment's edit list, and the priming of sound is dropped.
class SegmentCutter {
 public:
  // Writes init.mp4 and the segments into `folder`. `limit_bytes` 0: no limit.
  SegmentCutter(std::string folder, int64_t limit_bytes) : folder_(std::move(folder)), limit_bytes_(limit_bytes) {}

  // The next bytes of the stream. After an error it takes no more.
  // Errors: kInvalidArgument (broken stream), kResourceExhausted (limit, disk full), kInternal.
  absl::Status Feed(absl::string_view bytes);
  absl::Status Finish();

  const media::TrackInit& init() const { return init_; }
  const std::vector<CutSegment>& segments() const { return segments_; }
  int64_t frames() const { return frames_; }
  int64_t bytes_written() const { return bytes_written_; }
  double position_seconds() const;

 private:
  absl::Status TakeBox(absl::string_view box);
  absl::Status TakeInit();
  absl::Status WriteInit();
  absl::Status TakeFragment(absl::string_view bytes);
  absl::Status TakeSample(media::Sample sample, absl::string_view data);
  absl::Status Align(const media::Sample& first);
  bool CutsBefore(const media::Sample& sample) const;
  absl::Status FlushRun();
  absl::Status OpenSegment();
  absl::Status CloseSegment(int64_t end_ticks);
  absl::Status Write(int fd, absl::string_view bytes);

  const std::string folder_;
  const int64_t limit_bytes_;
  std::string buffer_;                  // an incomplete box, or a moof without its mdat
  std::string head_;                    // ftyp and moov
  bool initialised_ = false;
  bool aligned_ = false;
  media::TrackInit init_;
  int64_t shift_ticks_ = 0;             // added to decode times, taken back by the edit list
  int64_t next_decode_ticks_ = 0;
  int64_t end_ticks_ = 0;               // of what was shown so far
  int64_t segment_start_ticks_ = 0;
  int64_t segment_bytes_ = 0;
  Fd file_;
  media::Fragment run_;                 // samples of the current fragment and segment
  uint32_t sequence_ = 0;
  int64_t frames_ = 0;
  int64_t bytes_written_ = 0;
  std::vector<CutSegment> segments_;
};

}  // namespace lectern::vod
