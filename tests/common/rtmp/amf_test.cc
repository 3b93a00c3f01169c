#include "common/rtmp/amf.h"

#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace lectern::rtmp {
namespace {

using testing::StatusIs;

TEST(AmfTest, ValuesSurviveARoundTrip) {
  std::string long_text(70'000, 'x');
  std::string bytes = EncodeAmf({AmfValue::String("connect"), AmfValue::Number(-1.5), AmfValue::Boolean(true), AmfValue::Null(),
                                 AmfValue::Object({{"app", AmfValue::String("live")}, {"inner", AmfValue::Object({})}}),
                                 AmfValue::String(long_text)});
  auto values = DecodeAmf(bytes);
  ASSERT_OK(values.status());
  ASSERT_EQ(values->size(), 6u);
  EXPECT_EQ((*values)[0].text, "connect");
  EXPECT_EQ((*values)[1].number, -1.5);
  EXPECT_TRUE((*values)[2].boolean);
  EXPECT_EQ((*values)[3].type, AmfValue::kNull);
  EXPECT_EQ((*values)[4].FindText("app"), "live");
  EXPECT_EQ((*values)[4].Find("inner")->type, AmfValue::kObject);
  EXPECT_EQ((*values)[5].text, long_text);
  EXPECT_EQ((*values)[4].Find("absent"), nullptr);
  EXPECT_EQ((*values)[4].FindNumber("app", 7), 7);
}

TEST(AmfTest, UnderstandsWhatEncodersSend) {
  // An ECMA array whose count is wrong, a strict array, a date, a typed object, undefined.
  std::string bytes("\x08\0\0\0\x63\0\x01w\x00\x40\x94\0\0\0\0\0\0\0\0\x09", 20);
  bytes += std::string("\x0a\0\0\0\x02\x05\x06", 7);
  bytes += std::string("\x0b\x40\0\0\0\0\0\0\0\0\0", 11);
  bytes += std::string("\x10\0\x01T\0\0\x09", 7);
  auto values = DecodeAmf(bytes);
  ASSERT_OK(values.status());
  ASSERT_EQ(values->size(), 4u);
  EXPECT_EQ((*values)[0].FindNumber("w", 0), 1280);
  EXPECT_EQ((*values)[1].fields.size(), 2u);
  EXPECT_EQ((*values)[2].number, 2);
  EXPECT_EQ((*values)[3].type, AmfValue::kObject);
}

TEST(AmfTest, EveryCutIsRefusedOrShorter) {
  std::string bytes = EncodeAmf({AmfValue::String("publish"), AmfValue::Number(5), AmfValue::Null(),
                                 AmfValue::Object({{"name", AmfValue::String("value")}})});
  for (size_t length = 0; length < bytes.size(); ++length) {
    auto values = DecodeAmf(absl::string_view(bytes).substr(0, length));
    if (values.ok()) EXPECT_LE(values->size(), 4u);
  }
  EXPECT_THAT(DecodeAmf(std::string("\x02\xff\xff", 3) + "short").status(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(DecodeAmf(std::string("\x0c\xff\xff\xff\xffshort", 10)).status(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(DecodeAmf("\x11").status(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(AmfTest, DepthAndNumberAreBounded) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += std::string("\x03\0\x01n", 4);
  EXPECT_THAT(DecodeAmf(deep).status(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(DecodeAmf(std::string(5000, '\x05')).status(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(DecodeAmf(std::string("\x0a\xff\xff\xff\xff", 5) + std::string(5000, '\x05')).status(),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace lectern::rtmp
