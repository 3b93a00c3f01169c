#include "rtmp_proxy/relay/ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "absl/time/clock.h"
#include "tests/rtmp_proxy/relay/stream_maker.h"
#include "tests/support/temp_dir.h"

namespace lectern::proxy {
namespace {

using rtmp::MediaMessage;

void PushAll(Ring& ring, const std::vector<MediaMessage>& messages) {
  for (const MediaMessage& message : messages) ring.Push(message);
}

std::vector<MediaMessage> ReadAll(Ring& ring, RingCursor& cursor) {
  std::vector<MediaMessage> all;
  while (true) {
    std::vector<MediaMessage> batch = ring.Read(cursor);
    if (batch.empty()) return all;
    all.insert(all.end(), batch.begin(), batch.end());
  }
}

std::vector<MediaMessage> ReadFrom(Ring& ring, int64_t resume_ms) {
  RingCursor cursor = ring.Seek(resume_ms);
  return ReadAll(ring, cursor);
}

int FilesIn(const std::string& dir) {
  std::error_code error;
  return static_cast<int>(std::distance(std::filesystem::directory_iterator(dir, error), std::filesystem::directory_iterator()));
}

// Until the ring's writer has caught up.
void AwaitMemoryBelow(Ring& ring, int64_t bytes) {
  for (int i = 0; i < 2000 && ring.totals().memory_bytes > bytes; ++i) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_LE(ring.totals().memory_bytes, bytes);
}

TEST(RingTest, AReaderGetsWhatWasPushedInOrder) {
  Ring ring((RingLimits()));
  std::vector<MediaMessage> stream = MakeStream({});
  PushAll(ring, stream);
  EXPECT_EQ(Frames(ReadFrom(ring, -1)), Frames(stream));
  EXPECT_EQ(ring.totals().received_ms, 9996);
  EXPECT_EQ(ring.totals().dropped_frames, 0);
}

TEST(RingTest, AReaderFollowsLive) {
  Ring ring((RingLimits()));
  RingCursor cursor = ring.Seek(-1);
  EXPECT_TRUE(ring.Read(cursor).empty());
  for (const MediaMessage& message : MakeStream({})) {
    ring.Push(message);
    std::vector<MediaMessage> batch = ring.Read(cursor);
    ASSERT_FALSE(batch.empty());
    EXPECT_EQ(batch.back().payload, message.payload);
  }
}

TEST(RingTest, AReplayBeginsTwoKeyFramesBeforeWithTheHeaders) {
  Ring ring((RingLimits()));
  PushAll(ring, MakeStream({}));
  std::vector<MediaMessage> replay = ReadFrom(ring, 6000);
  ASSERT_GT(replay.size(), 4u);
  EXPECT_EQ(*replay[0].payload, *Metadata().payload);
  EXPECT_EQ(*replay[1].payload, *VideoHeader("A").payload);
  EXPECT_EQ(*replay[2].payload, *AudioHeader().payload);
  EXPECT_TRUE(rtmp::IsKeyFrame(replay[3]));
  EXPECT_EQ(replay[3].timestamp_ms, 2000);
  EXPECT_EQ(replay[0].timestamp_ms, 2000);
}

TEST(RingTest, ReplaysBeginWithTheHeadersOfTheirTime) {
  Ring ring((RingLimits()));
  PushAll(ring, MakeStream({.begin_ms = 0, .end_ms = 6000, .header = "A"}));
  PushAll(ring, MakeStream({.begin_ms = 6000, .end_ms = 12'000, .header = "B"}));
  EXPECT_EQ(*ReadFrom(ring, 5000)[1].payload, *VideoHeader("A").payload);
  EXPECT_EQ(*ReadFrom(ring, 12'000)[1].payload, *VideoHeader("B").payload);
  // Across the change, both come, each before its pictures.
  std::string in_force;
  for (const MediaMessage& message : ReadFrom(ring, 5000)) {
    if (IsVideoHeader(message)) in_force = message.payload->substr(5);
    if (IsKeyFrame(message)) EXPECT_EQ(in_force, message.timestamp_ms < 6000 ? "A" : "B") << message.timestamp_ms;
  }
}

TEST(RingTest, ConfirmationKeepsTwoGopsAndDropsWhatIsOlder) {
  Ring ring((RingLimits()));
  PushAll(ring, MakeStream({}));
  ring.Confirm(6000);
  EXPECT_EQ(ReadFrom(ring, -1)[3].timestamp_ms, 2000);
  EXPECT_EQ(ring.totals().dropped_frames, 0);
  EXPECT_EQ(ring.totals().confirmed_ms, 6000);
  // Beyond all that is there: it goes, but what comes later is not confirmed thereby.
  ring.Confirm(1'000'000);
  EXPECT_EQ(ReadFrom(ring, -1)[3].timestamp_ms, 6000);
  EXPECT_EQ(ring.totals().pending_bytes, 0);
  PushAll(ring, MakeStream({.begin_ms = 12'000, .end_ms = 16'000}));
  EXPECT_GT(ring.totals().pending_bytes, 50'000);
}

TEST(RingTest, SoundAloneHasPlacesToBegin) {
  Ring ring((RingLimits()));
  std::vector<MediaMessage> stream = MakeStream({.end_ms = 60'000, .video = false});
  PushAll(ring, stream);
  EXPECT_EQ(Frames(ReadFrom(ring, -1)), Frames(stream));
  std::vector<MediaMessage> replay = ReadFrom(ring, 30'000);
  EXPECT_GT(replay.back().timestamp_ms, 59'000);
  EXPECT_GT(replay[3].timestamp_ms, 25'000);
  EXPECT_LT(replay[3].timestamp_ms, 28'100);
  ring.Confirm(50'000);
  EXPECT_GT(ReadFrom(ring, -1)[3].timestamp_ms, 45'000);
}

TEST(RingTest, WithoutADiskTheOldestGopIsLostAndCounted) {
  RingLimits limits;
  limits.memory_bytes = 200'000;
  Ring ring(limits);
  std::vector<MediaMessage> stream = MakeStream({.end_ms = 20'000, .audio = false});
  PushAll(ring, stream);
  EXPECT_LE(ring.totals().memory_bytes, 200'000);
  std::vector<MediaMessage> rest = ReadFrom(ring, -1);
  EXPECT_TRUE(std::any_of(rest.begin(), rest.end(), rtmp::IsKeyFrame));
  std::vector<std::string> frames = Frames(rest);
  EXPECT_EQ(frames.back(), Frames(stream).back());
  EXPECT_GE(ring.totals().dropped_frames, 500 - 200);
  EXPECT_LE(static_cast<size_t>(ring.totals().dropped_frames), 500 - frames.size());
}

TEST(RingTest, LessIsKeptThanTheTimeAllows) {
  RingLimits limits;
  limits.memory_time = absl::Seconds(4);
  Ring ring(limits);
  PushAll(ring, MakeStream({.end_ms = 20'000}));
  EXPECT_GE(ReadFrom(ring, -1)[3].timestamp_ms, 14'000);
}

TEST(RingTest, WhatDoesNotFitGoesToTheDiskAndComesBackInOrder) {
  testing::TempDir dir;
  RingLimits limits;
  limits.memory_bytes = 200'000;
  limits.spool_dir = dir.path() + "/spool";
  std::vector<MediaMessage> stream = MakeStream({.end_ms = 100'000});
  {
    Ring ring(limits);
    for (const MediaMessage& message : stream) {
      ring.Push(message);
      EXPECT_LE(ring.totals().memory_bytes, 400'000);
      if (ring.totals().memory_bytes > 250'000) AwaitMemoryBelow(ring, 200'000);
    }
    AwaitMemoryBelow(ring, 200'000);
    EXPECT_GT(FilesIn(limits.spool_dir), 10);
    EXPECT_GT(ring.totals().disk_bytes, 2'000'000);
    EXPECT_EQ(ring.totals().dropped_frames, 0);
    EXPECT_EQ(Frames(ReadFrom(ring, -1)), Frames(stream));
    // Confirmed files go.
    int before = FilesIn(limits.spool_dir);
    ring.Confirm(60'000);
    for (int i = 0; i < 2000 && FilesIn(limits.spool_dir) > before / 2; ++i) absl::SleepFor(absl::Milliseconds(5));
    EXPECT_LE(FilesIn(limits.spool_dir), before / 2);
    EXPECT_EQ(ReadFrom(ring, 60'000)[3].timestamp_ms, 56'000);
  }
  EXPECT_EQ(FilesIn(limits.spool_dir), 0);
}

TEST(RingTest, WhereTheDiskIsFullTheOldestIsLost) {
  testing::TempDir dir;
  RingLimits limits;
  limits.memory_bytes = 200'000;
  limits.disk_bytes = 500'000;
  limits.spool_dir = dir.path() + "/spool";
  Ring ring(limits);
  std::vector<MediaMessage> stream = MakeStream({.end_ms = 100'000, .audio = false});
  for (const MediaMessage& message : stream) {
    ring.Push(message);
    if (ring.totals().memory_bytes > 250'000) AwaitMemoryBelow(ring, 200'000);
  }
  AwaitMemoryBelow(ring, 200'000);
  EXPECT_LE(ring.totals().disk_bytes, 500'000);
  std::vector<std::string> kept = Frames(ReadFrom(ring, -1));
  std::vector<std::string> all = Frames(stream);
  ASSERT_GT(kept.size(), 300u);
  // The newest, without a hole, from a key frame on.
  EXPECT_TRUE(std::equal(kept.rbegin(), kept.rend(), all.rbegin()));
  EXPECT_EQ(kept[0][0], '\x17');
  EXPECT_GE(static_cast<size_t>(ring.totals().dropped_frames) + kept.size(), all.size() - 50);
  EXPECT_LE(static_cast<size_t>(ring.totals().dropped_frames) + kept.size(), all.size());
}

TEST(RingTest, ADamagedFileIsAGapAndNotAnEnd) {
  testing::TempDir dir;
  RingLimits limits;
  limits.memory_bytes = 200'000;
  limits.spool_dir = dir.path() + "/spool";
  Ring ring(limits);
  std::vector<MediaMessage> stream = MakeStream({.end_ms = 40'000});
  for (const MediaMessage& message : stream) {
    ring.Push(message);
    if (ring.totals().memory_bytes > 250'000) AwaitMemoryBelow(ring, 200'000);
  }
  AwaitMemoryBelow(ring, 200'000);
  auto file = std::filesystem::directory_iterator(limits.spool_dir)->path();
  std::filesystem::resize_file(file, 100);
  std::vector<std::string> frames = Frames(ReadFrom(ring, -1));
  EXPECT_LT(frames.size(), Frames(stream).size());
  EXPECT_EQ(frames.back(), Frames(stream).back());
  EXPECT_GT(ring.totals().dropped_frames, 0);
}

TEST(RingTest, AnUnwritableSpoolFallsBackToMemory) {
  testing::TempDir dir;
  RingLimits limits;
  limits.memory_bytes = 200'000;
  limits.spool_dir = "/proc/nowhere/spool";
  Ring ring(limits);
  std::vector<MediaMessage> stream = MakeStream({.end_ms = 100'000});
  PushAll(ring, stream);
  AwaitMemoryBelow(ring, 400'000);
  EXPECT_EQ(Frames(ReadFrom(ring, -1)).back(), Frames(stream).back());
}

TEST(RingTest, AGopThatNeverEndsIsCutIntoBlocks) {
  RingLimits limits;
  limits.memory_bytes = 400'000;
  Ring ring(limits);
  RingCursor cursor = ring.Seek(-1);
  std::vector<MediaMessage> stream = MakeStream({.end_ms = 100'000, .gop_ms = 1'000'000, .audio = false});
  std::vector<MediaMessage> got;
  for (const MediaMessage& message : stream) {
    ring.Push(message);
    for (const MediaMessage& read : ReadAll(ring, cursor)) got.push_back(read);
    EXPECT_LE(ring.totals().memory_bytes, 400'000);
  }
  EXPECT_EQ(Frames(got), Frames(stream));
  EXPECT_EQ(ring.totals().dropped_frames, 0);   // all were read
}

}  // namespace
}  // namespace lectern::proxy
