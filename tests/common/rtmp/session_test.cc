#include "common/rtmp/session.h"

#include <gtest/gtest.h>

#include "common/rtmp/bytes.h"
#include "common/rtmp/handshake.h"
#include "tests/support/status_matchers.h"

namespace lectern::rtmp {
namespace {

using testing::StatusIs;

RawMessage Raw(uint8_t type, uint32_t timestamp, std::string payload) { return {type, 1, timestamp, 4, std::move(payload)}; }

std::vector<MediaMessage> Sorted(std::vector<RawMessage> raw) {
  MediaSorter sorter;
  for (RawMessage& message : raw) sorter.Take(std::move(message));
  std::vector<MediaMessage> all;
  MediaMessage message;
  while (sorter.Next(message)) all.push_back(message);
  return all;
}

TEST(MediaSorterTest, TimesGoOnOverTheWrapAlsoWhereTheyInterleave) {
  auto got = Sorted({Raw(kVideoType, 0xfffffff0, "v"), Raw(kAudioType, 4, "a"), Raw(kVideoType, 0xfffffff8, "v"), Raw(kVideoType, 20, "v")});
  ASSERT_EQ(got.size(), 4u);
  EXPECT_EQ(got[0].timestamp_ms, 0xfffffff0LL);
  EXPECT_EQ(got[1].timestamp_ms, 0x100000004LL);
  EXPECT_EQ(got[2].timestamp_ms, 0xfffffff8LL);
  EXPECT_EQ(got[3].timestamp_ms, 0x100000014LL);
}

TEST(MediaSorterTest, MetadataAtZeroInTheMiddleIsOfNow) {
  auto got = Sorted({Raw(kVideoType, 90'000, "v"), Raw(kDataAmf0, 0, "d"), Raw(kVideoType, 90'040, "v"), Raw(kDataAmf0, 90'030, "d")});
  ASSERT_EQ(got.size(), 4u);
  EXPECT_EQ(got[1].timestamp_ms, 90'000);
  EXPECT_EQ(got[2].timestamp_ms, 90'040);
  EXPECT_EQ(got[3].timestamp_ms, 90'030);
}

TEST(MediaSorterTest, AggregatesAreTakenApart) {
  auto tag = [](int type, int time, const std::string& payload) {
    std::string bytes;
    AppendBig(type, 1, bytes);
    AppendBig(payload.size(), 3, bytes);
    AppendBig(time, 3, bytes);
    AppendBig(0, 4, bytes);
    bytes += payload;
    AppendBig(payload.size() + 11, 4, bytes);
    return bytes;
  };
  std::string aggregate = tag(8, 500, "sound") + tag(9, 520, "picture") + tag(7, 530, "?");
  auto got = Sorted({Raw(kAggregate, 1000, aggregate)});
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].timestamp_ms, 1000);
  EXPECT_EQ(*got[0].payload, "sound");
  EXPECT_EQ(got[1].timestamp_ms, 1020);
  EXPECT_EQ(got[1].kind, MediaMessage::kVideo);
  for (size_t length = 0; length < aggregate.size(); ++length) Sorted({Raw(kAggregate, 0, aggregate.substr(0, length))});
}

TEST(MediaSorterTest, TheMarkOfMetadataIsTakenOff) {
  std::string metadata("\x02\0\x0aonMetaData\x05", 14);
  auto got = Sorted({Raw(kDataAmf0, 0, std::string("\x02\0\x0d@setDataFrame", 16) + metadata), Raw(kDataAmf3, 0, std::string(1, '\0') + metadata),
                     Raw(kDataAmf0, 0, std::string("\x02\0\x11|RtmpSampleAccess\x01\x01\x01\x01", 24)), Raw(kAudioType, 0, "")});
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(*got[0].payload, metadata);
  EXPECT_EQ(*got[1].payload, metadata);
}

TEST(FeedbackTest, SurvivesARoundTripAndRefusesWhatIsNoTime) {
  auto command = ParseCommand(Raw(kCommandAmf0, 0, EncodeAmf(FeedbackCommand({123'456'789'012, -1}))));
  ASSERT_OK(command.status());
  auto feedback = ParseFeedback(**command);
  ASSERT_TRUE(feedback);
  EXPECT_EQ(feedback->resume_ms, 123'456'789'012);
  EXPECT_EQ(feedback->confirmed_ms, -1);
  for (double odd : {1e300, -5.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Command hostile{"lectern", 0, {AmfValue::Object({{"resumeMs", AmfValue::Number(odd)}})}};
    EXPECT_EQ(ParseFeedback(hostile)->resume_ms, -1);
  }
}

TEST(CommandTest, BrokenOnesAreRefused) {
  EXPECT_THAT(ParseCommand(Raw(kCommandAmf0, 0, "")).status(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseCommand(Raw(kCommandAmf3, 0, "")).status(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseCommand(Raw(kCommandAmf0, 0, "\x05")).status(), StatusIs(absl::StatusCode::kInvalidArgument));
  auto other = ParseCommand(Raw(kVideoType, 0, "v"));
  ASSERT_OK(other.status());
  EXPECT_FALSE(other->has_value());
}

TEST(HandshakeTest, TheEchoIsWhatWasSaid) {
  std::string hello = HandshakeHello();
  ASSERT_EQ(hello.size(), 1 + kHandshakePart);
  EXPECT_EQ(hello[0], 3);
  EXPECT_NE(hello, HandshakeHello());
  EXPECT_OK(CheckVersion(hello));
  EXPECT_EQ(HandshakeEcho(hello), absl::string_view(hello).substr(1));
  EXPECT_THAT(CheckVersion("GET / HTTP/1.1"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckVersion("\x06"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckVersion(""), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace lectern::rtmp
