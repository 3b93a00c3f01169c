#include "common/link/wire_text.h"

#include <gtest/gtest.h>

namespace lectern::link {
namespace {

using namespace std::string_literals;   // for texts with NUL

TEST(WireTextTest, KeepsUtf8) { EXPECT_EQ(WireText("Hörsaal 1 – 𝄞 €", 100), "Hörsaal 1 – 𝄞 €"); }

TEST(WireTextTest, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(WireText("a\xff\xc3", 100), "a??");
  EXPECT_EQ(WireText("\xc0\xaf", 100), "??") << "overlong";
  EXPECT_EQ(WireText("\xe0\x80\xaf", 100), "???") << "overlong";
  EXPECT_EQ(WireText("\xed\xa0\x80", 100), "???") << "surrogate";
  EXPECT_EQ(WireText("\xf4\x90\x80\x80", 100), "????") << "beyond Unicode";
  EXPECT_EQ(WireText("a\0b"s, 100), "a?b");
}

TEST(WireTextTest, KeepsTheEnd) {
  EXPECT_EQ(WireText("first last", 4), "last");
  EXPECT_EQ(WireText("ö", 1), "?") << "half a character";
  EXPECT_EQ(WireText("", 4), "");
}

}  // namespace
}  // namespace lectern::link
