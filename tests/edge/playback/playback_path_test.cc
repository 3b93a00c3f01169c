#include "edge/playback/playback_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace lectern::edge {
namespace {

using lectern::testing::StatusIs;

TEST(PlaybackPathTest, TakesAPathApart) {
  ASSERT_OK_AND_ASSIGN(PlaybackPath path, ParsePlaybackPath("/p/a.b.c/12/comb/x1/video-720/seg-00001.m4s"));
  EXPECT_EQ(path.token, "a.b.c");
  EXPECT_EQ(path.key, "12/comb/x1/video-720/seg-00001.m4s");
  EXPECT_EQ(path.lecture, 12);
  EXPECT_EQ(path.view, "comb");
  EXPECT_EQ(path.path, "x1/video-720/seg-00001.m4s");
}

TEST(PlaybackPathTest, WithoutATokenThereIsNoAnswer) {
  for (const char* path : {"/p/", "/p//12/comb/master.m3u8", "/p/12/comb/master.m3u8", "/p/a.b/12/comb/master.m3u8"}) {
    EXPECT_THAT(ParsePlaybackPath(path), StatusIs(absl::StatusCode::kUnauthenticated, "TOKEN_MISSING")) << path;
  }
}

class HostilePath : public ::testing::TestWithParam<const char*> {};

TEST_P(HostilePath, IsUnknown) {
  EXPECT_THAT(ParsePlaybackPath(GetParam()), StatusIs(absl::StatusCode::kNotFound));
}

INSTANTIATE_TEST_SUITE_P(
    Paths, HostilePath,
    ::testing::Values("/", "/p", "/x/a.b.c/12/comb/master.m3u8", "/p/a.b.c", "/p/a.b.c/12", "/p/a.b.c/12/comb",
                      "/p/a.b.c/12/comb/", "/p/a.b.c/12/comb/download", "/p/a.b.c/12/comb/download/talk.mp4",
                      "/p/a.b.c/0/comb/master.m3u8", "/p/a.b.c/012/comb/master.m3u8",
                      "/p/a.b.c/-1/comb/master.m3u8", "/p/a.b.c/99999999999999999999/comb/master.m3u8",
                      "/p/a.b.c/12/side/master.m3u8", "/p/a.b.c/12/comb/..", "/p/a.b.c/12/comb/../13/comb/master.m3u8",
                      "/p/a.b.c/12/comb/a/../b", "/p/a.b.c/12/comb/./a", "/p/a.b.c/12/comb//a", "/p/a.b.c/12/comb/a/",
                      "/p/a.b.c/12/comb/.hidden", "/p/a.b.c/12/comb/%2e%2e%2fetc", "/p/a.b.c/12/comb/a%2fb",
                      "/p/a.b.c/12/comb/a%00", "/p/a.b.c/12/comb/a;b", "/p/a.b.c/12/comb/a\\b", "/p/a.b.c/12/comb/a b",
                      "/p/a.b.c/12/comb/\xc3\xa4"));

TEST(PlaybackPathTest, AVeryLongPathIsUnknown) {
  EXPECT_THAT(ParsePlaybackPath("/p/a.b.c/12/comb/" + std::string(600, 'x')), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace lectern::edge
