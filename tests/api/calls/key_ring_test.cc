#include "api/calls/key_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/pg/pool.h"
#include "tests/support/pg_fixture.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::api {
namespace {

using testing::StatusIs;

constexpr Audience kAudiences[] = {Audience::kSession, Audience::kOrganization, Audience::kResource,
                                   Audience::kUpload,  Audience::kJob,          Audience::kPlayback};
const std::string kMaster(32, 'm');
const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

Claims AnyClaims() {
  Claims claims;
  claims.subject = "users/1";
  claims.issued_at = kNow;
  claims.expires_at = kNow + absl::Hours(1);
  return claims;
}

class KeyRingTest : public ::testing::Test {
 protected:
  testing::TestDatabase database_;
  pg::Pool pool_{{.url = database_.url(), .connections = 4}};
  KeyStore store_{pool_};
};

TEST_F(KeyRingTest, SecondInstanceVerifiesWhatTheFirstSigned) {
  ASSERT_OK_AND_ASSIGN(auto first, KeyRing::Load(store_, kMaster));
  ASSERT_OK_AND_ASSIGN(auto second, KeyRing::Load(store_, kMaster));
  for (Audience audience : kAudiences) {
    EXPECT_OK(second->Verify(first->Sign(audience, AnyClaims()), audience, kNow)) << AudienceWord(audience);
  }
  EXPECT_EQ(first->PublicKeys().size(), 6u);
}

TEST_F(KeyRingTest, NoKindOfTokenPassesForAnother) {
  ASSERT_OK_AND_ASSIGN(auto keys, KeyRing::Load(store_, kMaster));
  for (Audience made : kAudiences) {
    for (Audience asked : kAudiences) {
      if (made == asked) continue;
      EXPECT_THAT(keys->Verify(keys->Sign(made, AnyClaims()), asked, kNow),
                  StatusIs(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID"));
    }
  }
}

TEST_F(KeyRingTest, InstancesThatStartAtTheSameTimeAgree) {
  std::unique_ptr<KeyRing> rings[4];
  std::vector<std::thread> threads;
  for (auto& ring : rings) {
    threads.emplace_back([&] {
      auto loaded = KeyRing::Load(store_, kMaster);
      if (loaded.ok()) ring = *std::move(loaded);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (auto& ring : rings) ASSERT_NE(ring, nullptr);
  for (auto& ring : rings) EXPECT_OK(rings[0]->Verify(ring->Sign(Audience::kJob, AnyClaims()), Audience::kJob, kNow));
}

TEST_F(KeyRingTest, AnotherMasterKeyOpensNothing) {
  ASSERT_OK(KeyRing::Load(store_, kMaster));
  EXPECT_THAT(KeyRing::Load(store_, std::string(32, 'x')),
              StatusIs(absl::StatusCode::kFailedPrecondition, "MASTER_KEY_MISMATCH"));
}

TEST_F(KeyRingTest, RowsThatWereExchangedInTheDatabaseDoNotOpen) {
  ASSERT_OK(KeyRing::Load(store_, kMaster));
  database_.Execute(
      "update signing_keys a set sealed_secret = b.sealed_secret from signing_keys b "
      "where a.audience = 'session' and b.audience = 'playback'");
  EXPECT_THAT(KeyRing::Load(store_, kMaster), StatusIs(absl::StatusCode::kFailedPrecondition, "MASTER_KEY_MISMATCH"));
}

TEST_F(KeyRingTest, SecretsAreNotInTheDatabaseInTheClear) {
  ASSERT_OK(KeyRing::Load(store_, kMaster));
  ASSERT_OK_AND_ASSIGN(std::vector<SigningKeyRow> rows, store_.List());
  for (const SigningKeyRow& row : rows) EXPECT_EQ(row.sealed_secret.find(row.public_key), std::string::npos);
}

TEST_F(KeyRingTest, ARetiredKeyStillVerifiesButSignsNoMore) {
  ASSERT_OK_AND_ASSIGN(auto keys, KeyRing::Load(store_, kMaster));
  std::string old_token = keys->Sign(Audience::kPlayback, AnyClaims());
  database_.Execute("update signing_keys set retired_at = now() where audience = 'playback'");
  ASSERT_OK_AND_ASSIGN(auto next, KeyRing::Load(store_, kMaster));
  ASSERT_OK(keys->Refresh());
  std::string new_token = next->Sign(Audience::kPlayback, AnyClaims());
  EXPECT_OK(keys->Verify(old_token, Audience::kPlayback, kNow));
  EXPECT_OK(keys->Verify(new_token, Audience::kPlayback, kNow));
  EXPECT_NE(old_token.substr(0, old_token.find('.')), new_token.substr(0, new_token.find('.')));
  EXPECT_EQ(keys->MediaKeys().size(), 4u);
}

TEST(MasterKeyTest, IsCreatedOnlyOnRequestAndForItsOwnerOnly) {
  testing::TempDir dir;
  std::string path = dir.path() + "/master.key";
  EXPECT_THAT(LoadMasterKey(path, false), StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(std::string created, LoadMasterKey(path, true));
  EXPECT_EQ(created.size(), 32u);
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(LoadMasterKey(path, true).value(), created);
  EXPECT_EQ(LoadMasterKey(path, false).value(), created);
}

TEST(MasterKeyTest, InstancesThatStartAtOnceAgreeOnOneKey) {
  testing::TempDir dir;
  for (int round = 0; round < 20; ++round) {
    std::string path = absl::StrCat(dir.path(), "/master", round);
    std::vector<std::string> keys(4);
    std::vector<std::thread> instances;
    for (std::string& key : keys) instances.emplace_back([&] { key = LoadMasterKey(path, true).value(); });
    for (std::thread& instance : instances) instance.join();
    EXPECT_THAT(keys, ::testing::Each(keys[0]));
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 20);
}

TEST(MasterKeyTest, RefusesAFileThatOthersMayReadOrThatHoldsSomethingElse) {
  testing::TempDir dir;
  std::string path = dir.path() + "/master.key";
  ASSERT_OK(WriteFileAtomically(path, std::string(64, 'a') + "\n", 0644));
  EXPECT_THAT(LoadMasterKey(path, true), StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_OK(WriteFileAtomically(path, "short\n", 0600));
  EXPECT_THAT(LoadMasterKey(path, true), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(KeyRingTest, ASealedSecretOpensAtAnotherInstanceAndShowsNothing) {
  ASSERT_OK_AND_ASSIGN(auto first, KeyRing::Load(store_, kMaster));
  ASSERT_OK_AND_ASSIGN(auto second, KeyRing::Load(store_, kMaster));
  const std::string secret = "rtsp://viewer:hunter2@10.0.0.7/stream1";
  const std::string sealed = first->Seal(secret);
  EXPECT_EQ(sealed.find("hunter2"), std::string::npos);
  EXPECT_NE(first->Seal(secret), sealed);
  EXPECT_EQ(second->Unseal(sealed).value(), secret);
  EXPECT_EQ(second->Unseal(first->Seal("")).value(), "");
}

TEST_F(KeyRingTest, AChangedOrForeignSecretDoesNotOpen) {
  ASSERT_OK_AND_ASSIGN(auto keys, KeyRing::Load(store_, kMaster));
  const auto mismatch = StatusIs(absl::StatusCode::kFailedPrecondition, "MASTER_KEY_MISMATCH");
  std::string sealed = keys->Seal("secret");
  sealed.back() ^= 1;
  EXPECT_THAT(keys->Unseal(sealed), mismatch);
  EXPECT_THAT(keys->Unseal("short"), mismatch);
  EXPECT_THAT(keys->Unseal(""), mismatch);
  // A signing key was sealed with the master key itself, and for something else.
  ASSERT_OK_AND_ASSIGN(std::vector<SigningKeyRow> rows, store_.List());
  EXPECT_THAT(keys->Unseal(rows.at(0).sealed_secret), mismatch);
}

TEST_F(KeyRingTest, TheKeyOfAnIngestIsOneForItsJobAndEpochEverywhere) {
  ASSERT_OK_AND_ASSIGN(auto first, KeyRing::Load(store_, kMaster));
  ASSERT_OK_AND_ASSIGN(auto second, KeyRing::Load(store_, kMaster));
  const std::string key = first->IngestKey(12, 3);
  EXPECT_EQ(key.size(), 64u);
  EXPECT_EQ(second->IngestKey(12, 3), key);
  EXPECT_NE(first->IngestKey(12, 4), key);
  EXPECT_NE(first->IngestKey(1, 23), first->IngestKey(12, 3));
}

}  // namespace
}  // namespace lectern::api
