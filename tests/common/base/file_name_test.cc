#include "common/base/file_name.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/text.h"

namespace lectern {
namespace {

std::string Clean(absl::string_view name, size_t max_bytes = 200) { return CleanFileName(name, max_bytes); }

TEST(FileNameTest, OrdinaryNamesStayAsTheyAre) {
  EXPECT_EQ(Clean("Analysis I - Limits (CAM).mp4"), "Analysis I - Limits (CAM).mp4");
  EXPECT_EQ(Clean("Übung – Größen é 日本語.mp4"), "Übung – Größen é 日本語.mp4");
  EXPECT_EQ(Clean("C++ & co; 100 € = #1!.mp4"), "C++ & co; 100 € = #1!.mp4");
}

TEST(FileNameTest, WhatSeparatesFoldersOrIsSpecialIsADash) {
  EXPECT_EQ(Clean("../../etc/passwd"), "-..-etc-passwd");
  EXPECT_EQ(Clean("a\\b:c*d?e\"f<g>h|i%j"), "a-b-c-d-e-f-g-h-i-j");
  EXPECT_EQ(Clean("C:\\Windows\\evil.exe"), "C--Windows-evil.exe");
}

TEST(FileNameTest, WhatIsNotSeenOrTurnsTheTextIsGone) {
  EXPECT_EQ(Clean(absl::string_view("a\0b\r\nX-Evil: 1\x7f", 14)), "ab X-Evil- 1");
  EXPECT_EQ(Clean("gp\u202e4pm.exe"), "gp4pm.exe");
  EXPECT_EQ(Clean("a\u200b\u2066b\ufeff\u0085c"), "ab c");
  EXPECT_EQ(Clean("tag\U000E0041"), "tag");
}

TEST(FileNameTest, BrokenUtf8IsLeftOut) {
  EXPECT_EQ(Clean("a\xff\xfe" "b\xc3"), "ab");
  EXPECT_EQ(Clean("over\xc0\xaflong"), "overlong");
  EXPECT_EQ(Clean("sur\xed\xa0\x80rogate"), "surrogate");
  EXPECT_EQ(Clean("\xf5\x80\x80\x80"), "");
  EXPECT_EQ(Clean("\xe2\x82" "a"), "a") << "what follows a broken character is kept";
}

TEST(FileNameTest, EndsHaveNeitherDotsNorSpaces) {
  EXPECT_EQ(Clean("  .hidden . "), "hidden");
  EXPECT_EQ(Clean("a  \t b\u3000c"), "a b c");
  EXPECT_EQ(Clean("..."), "");
  EXPECT_EQ(Clean(""), "");
}

TEST(FileNameTest, DevicesOfWindowsAreNoNames) {
  EXPECT_EQ(Clean("con"), "_con");
  EXPECT_EQ(Clean("LPT1.mp4"), "_LPT1.mp4");
  EXPECT_EQ(Clean("Aux.tar.gz"), "_Aux.tar.gz");
  EXPECT_EQ(Clean("console.mp4"), "console.mp4");
  EXPECT_EQ(Clean("COM10.mp4"), "COM10.mp4");
}

TEST(FileNameTest, LongNamesAreCutBetweenCharactersBeforeTheExtension) {
  EXPECT_EQ(Clean(std::string(300, 'x') + ".mp4", 10), "xxxxxx.mp4");
  EXPECT_EQ(Clean("ééééé.mp4", 9), "éé.mp4");
  EXPECT_EQ(Clean("ab   cdef.mp4", 7), "ab.mp4");
  EXPECT_EQ(Clean("abcdefgh", 5), "abcde");
  EXPECT_EQ(Clean("a.mp4", 3), "a.m");
}

TEST(FileNameTest, AnExtensionIsShortAndPlain) {
  EXPECT_EQ(FileExtension("talk.MP4"), "mp4");
  EXPECT_EQ(FileExtension("a.tar.gz"), "gz");
  EXPECT_EQ(FileExtension("talk"), "");
  EXPECT_EQ(FileExtension(".mp4"), "");
  EXPECT_EQ(FileExtension("talk."), "");
  EXPECT_EQ(FileExtension("talk.m p"), "");
  EXPECT_EQ(FileExtension("talk.toolong"), "");
}

TEST(PercentEncodeTest, IsUndoneByDecoding) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(PercentDecode(PercentEncode(all)), all);
  EXPECT_EQ(PercentEncode("a-b._~c d/é'"), "a-b._~c%20d%2F%C3%A9%27");
}

}  // namespace
}  // namespace lectern
