#include "api/cli/live_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "lectern/v1/live.pb.h"

namespace lectern::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

v1::LiveStream Stream() {
  v1::LiveStream stream;
  stream.set_name("liveStreams/7");
  stream.set_lecture("lectures/3");
  stream.set_lecture_title("Optics");
  stream.set_view(v1::CAM);
  stream.set_state(v1::ON_AIR);
  stream.set_source("encoder");
  stream.set_proxy("resources/4");
  stream.set_worker("resources/5");
  stream.set_worker_host("rack-1");
  stream.set_epoch(12);
  stream.mutable_last_segment_time()->set_seconds(absl::ToUnixSeconds(kNow) - 3);
  stream.mutable_facts()->set_video_codec("h264");
  stream.mutable_facts()->set_video_bitrate_bps(2'400'000);
  stream.mutable_facts()->set_audio_bitrate_bps(100'000);
  for (const char* code : {"SILENCE", "KEYFRAME_INTERVAL", "SILENCE"}) {
    v1::LiveWarning& warning = *stream.add_warnings();
    warning.set_code(code);
    warning.set_message("turn it on");
  }
  return stream;
}

TEST(LiveTableTest, EveryStreamIsOneLine) {
  v1::ListLiveStreamsResponse list;
  *list.add_live_streams() = Stream();
  *list.add_live_streams() = v1::LiveStream();
  const std::vector<std::string> lines = absl::StrSplit(LiveTable(list, kNow), '\n');
  ASSERT_EQ(lines.size(), 4u);
  for (const char* title : {"STATE", "LECTURE", "VIEW", "PROXY", "WORKER", "EPOCH", "BITRATE", "LAST SEGMENT", "WARNINGS"}) {
    EXPECT_THAT(lines[0], HasSubstr(title));
  }
  for (const char* text : {"liveStreams/7", "on-air", "lectures/3 Optics", "cam", "resources/4", "resources/5 (rack-1)", "12",
                           "2.50 Mbit/s", "3 s ago", "KEYFRAME_INTERVAL, SILENCE"}) {
    EXPECT_THAT(lines[1], HasSubstr(text));
  }
}

TEST(LiveTextTest, WarningsAreInWordsAndAbsentFactsAreLeftOut) {
  const std::string text = LiveText(Stream(), kNow);
  EXPECT_THAT(text, HasSubstr("warning: turn it on (SILENCE)"));
  EXPECT_THAT(text, HasSubstr("picture: h264, 2.40 Mbit/s\n"));
  EXPECT_THAT(text, HasSubstr("sound: none"));
  EXPECT_THAT(text, Not(HasSubstr("reason:")));
  EXPECT_THAT(text, Not(HasSubstr("rehearsal")));
  v1::LiveStream stream = Stream();
  stream.set_rehearsal(true);
  stream.set_reason("no worker is free");
  EXPECT_THAT(LiveText(stream, kNow), HasSubstr("private rehearsal"));
  EXPECT_THAT(LiveText(stream, kNow), HasSubstr("reason: no worker is free"));
}

}  // namespace
}  // namespace lectern::cli
