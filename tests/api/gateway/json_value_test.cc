#include "api/gateway/json_value.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"

namespace lectern::api {
namespace {

using testing::StatusIs;
using ::testing::HasSubstr;

auto IsBadJson() { return StatusIs(absl::StatusCode::kInvalidArgument, "BAD_JSON"); }

std::string Repeat(const std::string& text, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

TEST(JsonValueTest, NestedValuesKeepOrderKindAndText) {
  ASSERT_OK_AND_ASSIGN(JsonValue root, ParseJson(R"({"a": [1, -2, 1.50, "x\u00e4", true, null, {}], "b": {"c": []}})"));
  ASSERT_EQ(root.members.size(), 2u);
  EXPECT_EQ(root.members[0].name, "a");
  const std::vector<JsonValue>& items = root.members[0].value.items;
  ASSERT_EQ(items.size(), 7u);
  EXPECT_EQ(items[0].text, "1");
  EXPECT_EQ(items[1].text, "-2");
  EXPECT_EQ(items[2].text, "1.50");
  EXPECT_EQ(items[3].text, "x\xC3\xA4");
  EXPECT_EQ(items[4].text, "true");
  EXPECT_EQ(items[5].kind, JsonValue::Kind::kNull);
  EXPECT_EQ(items[6].kind, JsonValue::Kind::kObject);
  EXPECT_EQ(root.members[1].value.members[0].value.kind, JsonValue::Kind::kArray);
}

TEST(JsonValueTest, NumbersKeepEveryDigit) {
  ASSERT_OK_AND_ASSIGN(JsonValue root, ParseJson("[18446744073709551615, -9223372036854775808, 123456789012345678901234567890]"));
  EXPECT_EQ(root.items[0].text, "18446744073709551615");
  EXPECT_EQ(root.items[1].text, "-9223372036854775808");
  EXPECT_EQ(root.items[2].text, "123456789012345678901234567890");
}

TEST(JsonValueTest, WhatIsNotJsonIsRefused) {
  for (const char* text : {"", " ", "{", "}", "{\"a\":}", "{\"a\" 1}", "{a: 1}", "{'a': 1}", "[1,]", "{\"a\":1,}", "[1 2]", "{} {}", "nul",
                           "NaN", "01", "+1", "1.", ".5", "\"open", "\"tab\there\"", "\"\\x\"", "/* */ {}", "{\"a\":1}x", "\xEF\xBB"}) {
    EXPECT_THAT(ParseJson(text), IsBadJson()) << text;
  }
}

TEST(JsonValueTest, BytesThatAreNotUtf8AreRefused) {
  for (const char* bytes : {"\xFF", "\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82"}) {
    EXPECT_THAT(ParseJson(absl::StrCat("{\"a\": \"", bytes, "\"}")), IsBadJson());
  }
  EXPECT_THAT(ParseJson(R"(["\ud800"])"), IsBadJson());
  EXPECT_THAT(ParseJson(R"(["\udc00\ud800"])"), IsBadJson());
}

TEST(JsonValueTest, ANameThatStandsTwiceIsRefusedAndNamed) {
  absl::Status status = ParseJson(R"({"x": {"a": 1, "b": 2, "\u0061": 3}})").status();
  EXPECT_THAT(status, IsBadJson());
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"a\""));
  EXPECT_OK(ParseJson(R"([{"a": 1}, {"a": 2}])"));
}

TEST(JsonValueTest, DepthIsBounded) {
  EXPECT_OK(ParseJson(Repeat("[", kMaxJsonDepth) + Repeat("]", kMaxJsonDepth)));
  EXPECT_THAT(ParseJson(Repeat("[", kMaxJsonDepth + 1) + Repeat("]", kMaxJsonDepth + 1)), IsBadJson());
  EXPECT_THAT(ParseJson(Repeat("{\"a\":", 100'000)), IsBadJson());
  EXPECT_THAT(ParseJson(Repeat("[", 1'000'000)), IsBadJson());
}

TEST(JsonValueTest, TheNumberOfValuesIsBounded) {
  EXPECT_OK(ParseJson(absl::StrCat("[", Repeat("1,", kMaxJsonValues - 2), "1]")));
  EXPECT_THAT(ParseJson(absl::StrCat("[", Repeat("1,", kMaxJsonValues - 1), "1]")), IsBadJson());
  EXPECT_THAT(ParseJson(absl::StrCat("[", Repeat("[],", kMaxJsonValues), "1]")), IsBadJson());
}

TEST(JsonValueTest, MessagesSayWhereAndRepeatNoSecrets) {
  absl::Status status = ParseJson(R"({"password": "hunter2" oops})").status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("at byte"));
  EXPECT_THAT(std::string(status.message()), ::testing::Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace lectern::api
