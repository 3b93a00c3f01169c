#include "common/http/disposition.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lectern::http {
namespace {

TEST(DispositionTest, NamesAreGivenInUtf8AndInAscii) {
  EXPECT_EQ(Attachment("talk.mp4"), "attachment; filename=\"talk.mp4\"; filename*=UTF-8''talk.mp4");
  EXPECT_EQ(Attachment("Übung (CAM).mp4"), "attachment; filename=\"_bung (CAM).mp4\"; filename*=UTF-8''%C3%9Cbung%20%28CAM%29.mp4");
}

TEST(DispositionTest, NoNameLeavesItsQuotesOrItsLine) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  const std::string value = Attachment(all);
  EXPECT_EQ(std::count(value.begin(), value.end(), '"'), 2);
  EXPECT_EQ(value.find('\\'), std::string::npos);
  EXPECT_TRUE(std::all_of(value.begin(), value.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7F; }));
}

}  // namespace
}  // namespace lectern::http
