// Measures what comes in. Private to the building.
#pragma once

#include <cstdint>
#include <deque>

#include "worker/live/frames.h"
#include "worker/live/pipeline.h"

namespace lectern::worker {

// Bytes over the last seconds of media. Not thread-safe.
class RateMeter {
 public:
  void Note(int64_t timestamp_ms, size_t bytes);
  int64_t bits_per_second() const;

 private:
  struct Piece {
    int64_t timestamp_ms;
    size_t bytes;
  };
  std::deque<Piece> pieces_;
  size_t bytes_ = 0;
};

// Fills the facts about the input. Not thread-safe.
class Meter {
 public:
  void Note(const Parsed& parsed, const FrameReader& reader, int64_t timestamp_ms, size_t bytes);
  void NoteDropped() { ++facts_.frames_dropped; }
  // The longest of the last distances between key frames, the one that is not over yet included; 0: no key frame yet.
  int64_t longest_gop_ms() const;
  // Without what only the pipeline knows.
  PipelineFacts facts() const;

 private:
  void NotePicture(const Parsed& parsed);

  PipelineFacts facts_;
  RateMeter video_, padding_, audio_;
  std::deque<int64_t> keys_ms_;
  std::deque<int64_t> decoded_ms_;     // of the last pictures
  int64_t newest_ms_ = -1;
};

}  // namespace lectern::worker
