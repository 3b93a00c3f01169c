// What of a stream is kept: the newest in memory, older blocks on disk, the oldest lost where both are full. Private to the room.
//
// A block is a GOP, or a part of one that is too large for one block. Blocks of a stream without pictures are about 2 s long. Each
// block knows the headers (metadata, decoder configurations) that were in force when it began, so that a replay may begin with it.
//
// Thread-safe. Push never waits for the disk: a thread of the ring's own writes, and is started when first needed.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/rtmp/message.h"
#include "rtmp_proxy/relay/relay.h"

namespace lectern::proxy {

// Where a reader is.
struct RingCursor {
  uint64_t block = 0;
  size_t index = 0;
  bool needs_headers = true;
  bool needs_key = true;         // pictures before the next key frame are of no use
};

struct RingTotals {
  int64_t received_ms = 0;       // newest frame
  int64_t received_bytes = 0;
  int64_t confirmed_ms = -1;
  int64_t pending_bytes = 0;
  int64_t dropped_frames = 0;
  int64_t memory_bytes = 0;
  int64_t disk_bytes = 0;
};

class Ring {
 public:
  explicit Ring(RingLimits limits);
  // Removes its files.
  ~Ring();

  void Push(const rtmp::MediaMessage& message);
  // The publisher is gone: the next message begins a block.
  void EndBlock();
  // Stored up to there; goes only up, and not beyond what came.
  void Confirm(int64_t ms);

  // Two key frames before `resume_ms`; -1, or where that is gone: the oldest that is held.
  RingCursor Seek(int64_t resume_ms);
  // The next messages, at most a block; empty where the reader has all. One reader. May read the disk.
  std::vector<rtmp::MediaMessage> Read(RingCursor& cursor);
  // Nobody reads now: what is dropped from now on is lost.
  void EndReading();

  RingTotals totals() const;

 private:
  enum Place { kMemory, kWriting, kDisk, kLost };
  struct Headers {
    rtmp::MediaMessage metadata;
    rtmp::MediaMessage video;
    rtmp::MediaMessage audio;
  };
  struct Block {
    uint64_t number = 0;
    bool key = false;            // a replay may begin here
    bool closed = false;
    Place place = kMemory;
    int64_t first_ms = 0;
    int64_t last_ms = 0;
    size_t bytes = 0;
    size_t count = 0;            // of messages
    int64_t pictures = 0;
    int64_t sounds = 0;
    Headers headers;
    std::vector<rtmp::MediaMessage> messages;   // empty on disk
  };

  // No picture goes with it.
  bool IsSoundAlone(const rtmp::MediaMessage& message) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool BeginsBlock(const rtmp::MediaMessage& message) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void BeginBlock(const rtmp::MediaMessage& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void RememberHeaders(const rtmp::MediaMessage& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The second last block that begins with a key frame before `ms`; 0 where there are not so many.
  size_t TwoKeysBefore(int64_t ms) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool OverLimits() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Enforce() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void DropFront() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Lose(Block& block) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ReleasePayload(Block& block) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Block* FindBlock(uint64_t number) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Block* OldestInMemory() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool SpoolUsable() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::string PathOf(uint64_t number) const;

  bool ReadBlock(Block& block, RingCursor& cursor, std::vector<rtmp::MediaMessage>& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool ReadFromDisk(uint64_t number, RingCursor& cursor, std::vector<rtmp::MediaMessage>& batch) ABSL_LOCKS_EXCLUDED(mu_);

  // The writer's thread.
  void WriteLoop();
  bool WriterHasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SpillOne() ABSL_LOCKS_EXCLUDED(mu_);
  bool MakeRoomOnDisk(size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const RingLimits limits_;
  const size_t max_block_bytes_;
  mutable absl::Mutex mu_;
  std::deque<Block> blocks_ ABSL_GUARDED_BY(mu_);   // numbered without holes
  uint64_t next_number_ ABSL_GUARDED_BY(mu_) = 1;
  Headers headers_ ABSL_GUARDED_BY(mu_);
  int64_t last_picture_ms_ ABSL_GUARDED_BY(mu_);
  RingTotals totals_ ABSL_GUARDED_BY(mu_);
  uint64_t reading_ ABSL_GUARDED_BY(mu_) = 0;       // the block that the reader is in; 0: nobody reads
  std::vector<std::string> doomed_ ABSL_GUARDED_BY(mu_);   // files that the writer is to remove
  absl::Time disk_bad_until_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
  bool spool_ready_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread writer_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::proxy
