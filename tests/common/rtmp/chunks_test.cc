#include "common/rtmp/chunks.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/status_matchers.h"

namespace lectern::rtmp {
namespace {

using testing::StatusIs;

std::string Bytes(std::initializer_list<int> bytes) { return std::string(bytes.begin(), bytes.end()); }

// Fed in pieces of `piece` bytes.
std::vector<RawMessage> Read(ChunkReader& reader, const std::string& bytes, size_t piece) {
  std::vector<RawMessage> messages;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    EXPECT_OK(reader.Feed(absl::string_view(bytes).substr(at, piece)));
    RawMessage message;
    while (reader.Next(message)) messages.push_back(message);
  }
  return messages;
}

std::string Payload(size_t size) {
  std::string payload;
  for (size_t i = 0; i < size; ++i) payload.push_back(static_cast<char>(i * 7 + i / 251));
  return payload;
}

TEST(ChunksTest, WhatIsWrittenIsReadHoweverItIsCut) {
  for (size_t chunk : {1, 128, 4096, 65536}) {
    ChunkWriter writer;
    std::string bytes;
    writer.Append(kSetChunkSize, 0, 0, 2, Bytes({0, static_cast<int>(chunk >> 16), static_cast<int>(chunk >> 8 & 255), static_cast<int>(chunk & 255)}),
                  bytes);
    writer.set_chunk_size(chunk);
    const std::vector<uint32_t> times = {0, 0xfffffe, 0xffffff, 0x1000000, 0xffffffff};
    for (uint32_t time : times) writer.Append(kVideoType, 1, time, 6, Payload(time % 5 == 0 ? 70'000 : 3), bytes);
    writer.Append(kAudioType, 1, 5, 4, "", bytes);
    for (size_t piece : {1, 7, 100'000}) {
      ChunkReader reader(1 << 20);
      std::vector<RawMessage> got = Read(reader, bytes, piece);
      ASSERT_EQ(got.size(), times.size() + 2);
      for (size_t i = 0; i < times.size(); ++i) {
        EXPECT_EQ(got[i + 1].timestamp, times[i]);
        EXPECT_EQ(got[i + 1].stream_id, 1u);
        EXPECT_EQ(got[i + 1].chunk_stream, 6u);
        EXPECT_EQ(got[i + 1].payload, Payload(times[i] % 5 == 0 ? 70'000 : 3));
      }
      EXPECT_EQ(got.back().type, kAudioType);
    }
  }
}

TEST(ChunksTest, ShortHeadersTakeFromTheOneBefore) {
  std::string bytes = Bytes({0x04, 0, 0, 100, 0, 0, 2, 8, 1, 0, 0, 0, 'a', 'b'});    // format 0: time 100, 2 bytes of audio
  bytes += Bytes({0x44, 0, 0, 20, 0, 0, 1, 9, 'c'});                               // format 1: 20 later, 1 byte of video
  bytes += Bytes({0x84, 0, 0, 30, 'd'});                                           // format 2: 30 later, the rest as before
  bytes += Bytes({0xc4, 'e'});                                                     // format 3: 30 later again
  bytes += Bytes({0xc4, 'f'});
  for (size_t piece : {1, 3, 100}) {
    ChunkReader reader(1000);
    std::vector<RawMessage> got = Read(reader, bytes, piece);
    ASSERT_EQ(got.size(), 5u);
    EXPECT_EQ(got[0].timestamp, 100u);
    EXPECT_EQ(got[1].timestamp, 120u);
    EXPECT_EQ(got[1].type, kVideoType);
    EXPECT_EQ(got[2].timestamp, 150u);
    EXPECT_EQ(got[3].timestamp, 180u);
    EXPECT_EQ(got[4].timestamp, 210u);
    EXPECT_EQ(got[4].payload, "f");
    EXPECT_EQ(got[4].stream_id, 1u);
  }
}

TEST(ChunksTest, AShortHeaderAfterACompleteOneMeansTheSameTimeLateInAStream) {
  ChunkReader reader(1000);
  std::string bytes = Bytes({0x04, 0, 0, 40, 0, 0, 1, 8, 1, 0, 0, 0, 'a', 0xc4, 'b'});
  bytes += Bytes({0x06, 0x10, 0, 0, 0, 0, 1, 8, 1, 0, 0, 0, 'c', 0xc6, 'd'});
  std::vector<RawMessage> got = Read(reader, bytes, 100);
  ASSERT_EQ(got.size(), 4u);
  EXPECT_EQ(got[1].timestamp, 80u);
  EXPECT_EQ(got[3].timestamp, 0x100000u);
}

TEST(ChunksTest, ChunkStreamsOfTwoAndThreeBytesAndInterleaving) {
  std::string video = Payload(200);
  // The picture's second chunk comes after a complete sound message on another chunk stream.
  std::string bytes = Bytes({0x00, 6, 0, 0, 1, 0, 0, 200, 9, 1, 0, 0, 0}) + video.substr(0, 128);
  bytes += Bytes({0x01, 0, 1, 0, 0, 2, 0, 0, 1, 8, 1, 0, 0, 0, 's'});
  bytes += Bytes({0xc0, 6}) + video.substr(128);
  for (size_t piece : {1, 1000}) {
    ChunkReader reader(1000);
    std::vector<RawMessage> got = Read(reader, bytes, piece);
    ASSERT_EQ(got.size(), 2u);
    EXPECT_EQ(got[0].payload, "s");
    EXPECT_EQ(got[0].chunk_stream, 64u + 256);
    EXPECT_EQ(got[1].payload, video);
    EXPECT_EQ(got[1].chunk_stream, 70u);
  }
}

// The extended time of 0x01000000, in the first chunk, and repeated or not in the second.
std::string ExtendedMessage(bool repeated, size_t size) {
  std::string payload = Payload(size);
  std::string bytes = Bytes({0x06, 0xff, 0xff, 0xff, 0, static_cast<int>(size >> 8), static_cast<int>(size & 255), 9, 1, 0, 0, 0, 1, 0, 0, 0});
  bytes += payload.substr(0, 128);
  for (size_t at = 128; at < size; at += 128) {
    bytes += Bytes({0xc6});
    if (repeated) bytes += Bytes({1, 0, 0, 0});
    bytes += payload.substr(at, 128);
  }
  return bytes;
}

TEST(ChunksTest, ExtendedTimesMayBeRepeatedOrNot) {
  for (bool repeated : {true, false}) {
    for (size_t piece : {1, 2, 5, 1000}) {
      for (size_t size : {300, 131, 129}) {
        ChunkReader reader(1000);
        std::string bytes = ExtendedMessage(repeated, size) + ExtendedMessage(repeated, 200) + ExtendedMessage(repeated, 100);
        std::vector<RawMessage> got = Read(reader, bytes, piece);
        ASSERT_EQ(got.size(), 3u) << repeated << " " << piece << " " << size;
        EXPECT_EQ(got[0].payload, Payload(size));
        EXPECT_EQ(got[1].payload, Payload(200));
        EXPECT_EQ(got[2].payload, Payload(100));
        EXPECT_EQ(got[0].timestamp, 0x1000000u);
      }
    }
  }
}

TEST(ChunksTest, AbortThrowsAwayWhatWasBegun) {
  ChunkReader reader(1000);
  std::string bytes = Bytes({0x06, 0, 0, 0, 0, 0, 200, 9, 1, 0, 0, 0}) + Payload(128);
  bytes += Bytes({0x02, 0, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0, 0, 0, 6});
  bytes += Bytes({0x06, 0, 0, 0, 0, 0, 1, 9, 1, 0, 0, 0, 'x'});
  std::vector<RawMessage> got = Read(reader, bytes, 1000);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[1].payload, "x");
}

TEST(ChunksTest, HostileBytesAreRefused) {
  struct Case {
    const char* what;
    std::string bytes;
    absl::StatusCode code;
  };
  std::string many;
  for (int i = 3; i < 64; ++i) many += Bytes({i, 0, 0, 0, 0, 0, 1, 9, 1, 0, 0, 0, 'x'});
  for (int i = 0; i < 10; ++i) many += Bytes({0, i, 0, 0, 0, 0, 0, 1, 9, 1, 0, 0, 0, 'x'});
  std::string begun;
  for (int i = 3; i < 60; ++i) begun += Bytes({i, 0, 0, 0, 0, 3, 232, 9, 1, 0, 0, 0}) + Payload(128);
  const Case cases[] = {
      {"too large", Bytes({0x04, 0, 0, 0, 0xff, 0xff, 0xff, 9, 1, 0, 0, 0}), absl::StatusCode::kResourceExhausted},
      {"no header", Bytes({0xc4, 1}), absl::StatusCode::kInvalidArgument},
      {"begun twice", Bytes({0x04, 0, 0, 0, 0, 1, 0, 9, 1, 0, 0, 0}) + Payload(128) + Bytes({0x04, 0, 0, 0, 0, 1, 0, 9, 1, 0, 0, 0}),
       absl::StatusCode::kInvalidArgument},
      {"chunk size 0", Bytes({0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0}), absl::StatusCode::kInvalidArgument},
      {"short chunk size", Bytes({0x02, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0}), absl::StatusCode::kInvalidArgument},
      {"many chunk streams", many, absl::StatusCode::kResourceExhausted},
      {"much begun", begun, absl::StatusCode::kResourceExhausted},
  };
  for (const Case& c : cases) {
    ChunkReader reader(1000);
    EXPECT_THAT(reader.Feed(c.bytes), StatusIs(c.code)) << c.what;
  }
}

}  // namespace
}  // namespace lectern::rtmp
