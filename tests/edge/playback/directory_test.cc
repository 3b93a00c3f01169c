#include "edge/playback/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "lectern/v1/link.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::edge {
namespace {

using lectern::testing::StatusIs;
using lectern::testing::TempDir;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

v1::Directory Message() {
  v1::Directory message;
  v1::Key* key = message.add_keys();
  key->set_key_id("k1");
  key->set_audience("playback");
  key->set_public_key(std::string(32, 'x'));
  v1::Key* retired = message.add_keys();
  *retired = *key;
  retired->set_key_id("k0");
  retired->mutable_not_after()->set_seconds(absl::ToUnixSeconds(kNow) - 1);
  v1::Key* other = message.add_keys();
  *other = *key;
  other->set_audience("upload");
  v1::Origin* origin = message.add_origins();
  origin->set_resource("resources/3");
  origin->set_url("http://vod:8080");
  v1::Origin* broken = message.add_origins();
  broken->set_resource("3");
  v1::Revocation* revocation = message.add_revocations();
  revocation->set_lecture(12);
  revocation->set_subject("users/5");
  revocation->mutable_issued_before()->set_seconds(absl::ToUnixSeconds(kNow));
  return message;
}

TEST(DirectoryTest, TakesPlaybackKeysThatAreStillGoodAndWellFormedOrigins) {
  Directory directory = ReadDirectory(Message(), kNow);
  ASSERT_EQ(directory.keys.size(), 1u);
  EXPECT_EQ(directory.keys[0].key_id, "k1");
  EXPECT_EQ(directory.origins.size(), 1u);
  EXPECT_EQ(directory.origins[3], "http://vod:8080");
  ASSERT_EQ(directory.revocations.size(), 1u);
  EXPECT_EQ(directory.revocations[0].issued_before, kNow);
}

TEST(DirectoryTest, SurvivesOnDisk) {
  TempDir dir;
  EXPECT_THAT(LoadDirectory(dir / "directory", kNow), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_OK(SaveDirectory(dir / "directory", Message()));
  ASSERT_OK_AND_ASSIGN(Directory directory, LoadDirectory(dir / "directory", kNow));
  EXPECT_EQ(directory.origins[3], "http://vod:8080");
  ASSERT_OK(WriteFileAtomically(dir / "directory", "\xff\xff\xff garbage"));
  EXPECT_THAT(LoadDirectory(dir / "directory", kNow), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace lectern::edge
