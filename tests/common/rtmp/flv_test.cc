#include "common/rtmp/flv.h"

#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace lectern::rtmp {
namespace {

using testing::StatusIs;

MediaMessage Message(MediaMessage::Kind kind, int64_t time, const std::string& payload) {
  return {kind, time, std::make_shared<const std::string>(payload)};
}

TEST(FlvTest, WhatIsWrittenIsReadHoweverItIsCut) {
  const std::vector<MediaMessage> sent = {Message(MediaMessage::kData, 0, "meta"), Message(MediaMessage::kVideo, 16777216, std::string(70'000, 'v')),
                                          Message(MediaMessage::kAudio, 0xffffffff, ""), Message(MediaMessage::kAudio, (1LL << 32) + 7, "a")};
  std::string bytes = FlvHeader();
  for (const MediaMessage& message : sent) AppendFlvTag(message, bytes);
  for (size_t piece : {1, 11, 4096, 1 << 20}) {
    FlvReader reader;
    std::vector<MediaMessage> got;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      ASSERT_OK(reader.Feed(absl::string_view(bytes).substr(at, piece)));
      MediaMessage message;
      while (reader.Next(message)) got.push_back(message);
    }
    ASSERT_EQ(got.size(), sent.size());
    for (size_t i = 0; i < sent.size(); ++i) {
      EXPECT_EQ(got[i].kind, sent[i].kind);
      EXPECT_EQ(*got[i].payload, *sent[i].payload);
    }
    EXPECT_EQ(got[1].timestamp_ms, 16777216);
    EXPECT_EQ(got[3].timestamp_ms, 7);
  }
}

TEST(FlvTest, SomethingElseIsRefused) {
  FlvReader reader;
  EXPECT_THAT(reader.Feed("<html><body>"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PayloadTest, SaysWhatItIs) {
  EXPECT_TRUE(IsKeyFrame(Message(MediaMessage::kVideo, 0, "\x17\x01")));
  EXPECT_FALSE(IsKeyFrame(Message(MediaMessage::kVideo, 0, "\x27\x01")));
  EXPECT_FALSE(IsKeyFrame(Message(MediaMessage::kVideo, 0, std::string("\x17\0", 2))));
  EXPECT_FALSE(IsKeyFrame(Message(MediaMessage::kAudio, 0, "\x17\x01")));
  EXPECT_FALSE(IsKeyFrame(Message(MediaMessage::kVideo, 0, "\x97\x01")));   // enhanced RTMP
  EXPECT_TRUE(IsVideoHeader(Message(MediaMessage::kVideo, 0, std::string("\x17\0", 2))));
  EXPECT_TRUE(IsVideoEnd(Message(MediaMessage::kVideo, 0, "\x17\x02")));
  EXPECT_TRUE(IsAudioHeader(Message(MediaMessage::kAudio, 0, std::string("\xaf\0", 2))));
  EXPECT_FALSE(IsAudioHeader(Message(MediaMessage::kAudio, 0, "\xaf\x01")));
  for (const char* text : {"", "\x17"}) EXPECT_FALSE(IsKeyFrame(Message(MediaMessage::kVideo, 0, text)));
}

}  // namespace
}  // namespace lectern::rtmp
