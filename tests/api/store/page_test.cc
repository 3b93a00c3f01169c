#include "api/store/page.h"

#include "common/base/text.h"
#include "tests/support/status_matchers.h"

namespace lectern::api {
namespace {

using ::lectern::testing::StatusIs;
using ::testing::ElementsAre;

TEST(PageTest, ATokenGivesItsKeysBack) {
  const std::string token = EncodePageToken("things", {"a b", "", "ü"});
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> keys, DecodePageToken("things", token, 3));
  EXPECT_THAT(keys, ElementsAre("a b", "", "ü"));
}

TEST(PageTest, TokensOfOtherListsAndNonsenseAreRefused) {
  const auto bad = StatusIs(absl::StatusCode::kInvalidArgument, "BAD_PAGE_TOKEN");
  EXPECT_THAT(DecodePageToken("things", EncodePageToken("others", {"a"}), 1), bad);
  EXPECT_THAT(DecodePageToken("things", EncodePageToken("things", {"a"}), 2), bad);
  EXPECT_THAT(DecodePageToken("things", EncodePageToken("things", {}), 0), bad);
  EXPECT_THAT(DecodePageToken("things", "!", 1), bad);
  EXPECT_THAT(DecodePageToken("things", "", 1), bad);
  EXPECT_THAT(DecodePageToken("things", std::string(100'000, 'A'), 1), bad);
  EXPECT_THAT(DecodeIdToken("things", EncodePageToken("things", {"seven"}), 0), bad);
}

TEST(PageTest, AnEmptyTokenStartsAtTheStart) {
  EXPECT_EQ(DecodeIdToken("things", "", 42).value_or(0), 42);
  EXPECT_EQ(DecodeIdToken("things", EncodeIdToken("things", 7), 42).value_or(0), 7);
}

}  // namespace
}  // namespace lectern::api
