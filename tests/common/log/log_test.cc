#include "common/log/log.h"

#include <gtest/gtest.h>

namespace lectern::log {
namespace {

TEST(LogTest, QuotingKeepsUtf8AndEscapesTheRest) {
  EXPECT_EQ(JsonQuote("Größe \"x\" \\ \n\t"), "\"Größe \\\"x\\\" \\\\ \\n\\u0009\"");
  EXPECT_EQ(JsonQuote("\xff\xc0\xaf"), "\"\\ufffd\\ufffd\\ufffd\"");
  EXPECT_EQ(JsonQuote("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"") << "a surrogate";
  EXPECT_EQ(JsonQuote("\xe2\x82"), "\"\\ufffd\\ufffd\"") << "a cut sequence";
}

TEST(LogTest, RedactionTakesQueriesUserInfoAndPlaybackTokensOut) {
  EXPECT_EQ(Redact("https://edge.example/p/eyJhbGciOi/12/comb/master.m3u8"), "https://edge.example/p/.../12/comb/master.m3u8");
  EXPECT_EQ(Redact("/p/eyJhbGciOi"), "/p/...");
  EXPECT_EQ(Redact("rtmp://user:secret@host/live?key=abc"), "rtmp://host/live?...");
  EXPECT_EQ(Redact("https://host/plain/path"), "https://host/plain/path");
  EXPECT_EQ(Redact("/v1/calendars/0123abcd.ics"), "/v1/calendars/...");
}

TEST(LogTest, FieldsAreJson) {
  EXPECT_EQ(Field("a", 1.5).json(), "1.5");
  EXPECT_EQ(Field("a", true).json(), "true");
  EXPECT_EQ(Field("a", absl::Milliseconds(1500)).json(), "1.5");
  EXPECT_EQ(Field("a", std::string("x\"")).json(), "\"x\\\"\"");
  EXPECT_EQ(Field("a", 0.0 / 0.0).json(), "null");
}

TEST(LogTest, OneLineHoldsOneObject) {
  ::testing::internal::CaptureStderr();
  Init("test", Level::kInfo);
  Debug("hidden");
  Info("said\nso", {{"n", 3}});
  std::string line = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_NE(line.find("\"service\":\"test\""), std::string::npos);
  EXPECT_NE(line.find("\"msg\":\"said\\nso\",\"n\":3}"), std::string::npos);
}

}  // namespace
}  // namespace lectern::log
