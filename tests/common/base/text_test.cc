#include "common/base/text.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/base/utf8.h"

namespace lectern {
namespace {

TEST(TextTest, HexRoundTripsAllBytes) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(HexDecode(HexEncode(all)), all);
  EXPECT_EQ(HexDecode("00fF"), std::string("\x00\xff", 2));
}

TEST(TextTest, HexRefusesOddLengthAndOtherCharacters) {
  EXPECT_EQ(HexDecode("abc"), std::nullopt);
  EXPECT_EQ(HexDecode("0g"), std::nullopt);
  EXPECT_EQ(HexDecode("0x"), std::nullopt);
}

TEST(TextTest, Base64UrlHasOneSpellingForEachByteString) {
  EXPECT_EQ(Base64UrlEncode("\xff\xfe\xfd"), "__79");
  EXPECT_EQ(Base64UrlDecode("QQ"), "A");
  EXPECT_EQ(Base64UrlDecode("QR"), std::nullopt) << "left-over bits";
  EXPECT_EQ(Base64UrlDecode("QQ=="), std::nullopt) << "padding";
  EXPECT_EQ(Base64UrlDecode("Q+"), std::nullopt);
  EXPECT_EQ(Base64UrlDecode("Q Q"), std::nullopt);
}

TEST(TextTest, PercentDecodingRefusesBrokenEscapesAndNul) {
  EXPECT_EQ(PercentDecode("a%20b+c"), "a b+c");
  EXPECT_EQ(PercentDecode("%"), std::nullopt);
  EXPECT_EQ(PercentDecode("%2"), std::nullopt);
  EXPECT_EQ(PercentDecode("%zz"), std::nullopt);
  EXPECT_EQ(PercentDecode("%00"), std::nullopt);
}

TEST(TextTest, DigitsTakeNoSignSpaceOrOverflow) {
  EXPECT_EQ(ParseDigits("0"), 0u);
  EXPECT_EQ(ParseDigits("18446744073709551615"), std::numeric_limits<uint64_t>::max());
  for (const char* bad : {"", "-1", "+1", " 7", "7 ", "0x10", "18446744073709551616", "99999999999999999999999"}) {
    EXPECT_EQ(ParseDigits(bad), std::nullopt) << bad;
  }
}

TEST(TextTest, NamesAreACollectionAndAPositiveId) {
  EXPECT_EQ(ParseName("lectures/12", "lectures"), 12);
  for (const char* bad : {"lectures", "lectures/", "lectures/0", "lectures/-1", "lectures/1/x", "courses/12", "lecturesx/1",
                          "lectures/9223372036854775808"}) {
    EXPECT_EQ(ParseName(bad, "lectures"), std::nullopt) << bad;
  }
}

TEST(TextTest, ConstantTimeComparisonComparesContentAndLength) {
  EXPECT_TRUE(ConstantTimeEquals("secret", "secret"));
  EXPECT_FALSE(ConstantTimeEquals("secret", "secreT"));
  EXPECT_FALSE(ConstantTimeEquals("secret", "secret2"));
}

TEST(Utf8Test, TakesWhatTheStandardTakes) {
  for (const char* good : {"", "a", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF"}) EXPECT_TRUE(IsUtf8(good)) << good;
  // Bytes alone, cut off, too long for what they say, halves of a pair, beyond the last character.
  for (const char* bad : {"\xFF", "\x80", "a\xC3", "\xE2\x82", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

TEST(TextTest, RandomBytesDiffer) { EXPECT_NE(RandomHex(16), RandomHex(16)); }

}  // namespace
}  // namespace lectern
