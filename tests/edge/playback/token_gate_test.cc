#include "edge/playback/token_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace lectern::edge {
namespace {

using lectern::testing::FakeClock;
using lectern::testing::StatusIs;

class TokenGateTest : public ::testing::Test {
 protected:
  void SetUp() override { Publish({}); }

  void Publish(std::vector<Revocation> revocations, bool with_key = true) {
    Directory directory;
    if (with_key) directory.keys = {{key_.key_id, key_.audience, key_.public_bytes}};
    directory.revocations = std::move(revocations);
    gate_.SetDirectory(directory);
  }

  Claims Good() {
    Claims claims;
    claims.subject = "users/5";
    claims.issued_at = clock_.Now();
    claims.expires_at = clock_.Now() + absl::Hours(2);
    claims.lecture = 12;
    claims.resource = 3;
    return claims;
  }

  absl::StatusOr<int64_t> Play(const std::string& token, absl::string_view view = "comb") {
    std::string path = absl::StrCat("/p/", token, "/12/", view, "/master.m3u8");
    absl::StatusOr<PlaybackPath> parsed = ParsePlaybackPath(path);
    if (!parsed.ok()) return parsed.status();
    return gate_.Admit(*parsed);
  }

  FakeClock clock_;
  SigningKey key_ = GenerateKey(Audience::kPlayback);
  TokenGate gate_{clock_, 8};
};

TEST_F(TokenGateTest, AGoodTokenNamesItsResource) {
  std::string token = Sign(key_, Good());
  EXPECT_EQ(Play(token).value(), 3);
  EXPECT_EQ(Play(token).value(), 3);
}

TEST_F(TokenGateTest, ATokenForAFilePlaysNothing) {
  Claims claims = Good();
  claims.upload = "0123456789abcdef0123456789abcdef";
  claims.download = true;
  EXPECT_THAT(Play(Sign(key_, claims)), StatusIs(absl::StatusCode::kPermissionDenied, "TOKEN_NOT_FOR_THIS"));
}

TEST_F(TokenGateTest, WithoutKeysNobodyPlays) {
  std::string token = Sign(key_, Good());
  ASSERT_OK(Play(token));
  Publish({}, /*with_key=*/false);
  EXPECT_FALSE(gate_.has_keys());
  EXPECT_THAT(Play(token), StatusIs(absl::StatusCode::kUnavailable, "NO_KEYS"));
}

TEST_F(TokenGateTest, ARememberedTokenStillExpires) {
  std::string token = Sign(key_, Good());
  ASSERT_OK(Play(token));
  clock_.Advance(absl::Hours(2));
  EXPECT_THAT(Play(token), StatusIs(absl::StatusCode::kPermissionDenied, "TOKEN_EXPIRED"));
  EXPECT_THAT(Play(Sign(key_,
                        [&] {
                          Claims claims = Good();
                          claims.expires_at = clock_.Now() - absl::Seconds(1);
                          return claims;
                        }())),
              StatusIs(absl::StatusCode::kPermissionDenied, "TOKEN_EXPIRED"));
}

TEST_F(TokenGateTest, ATokenForAnotherLectureOrViewIsRefusedEachTime) {
  Claims claims = Good();
  claims.lecture = 13;
  std::string other = Sign(key_, claims);
  EXPECT_THAT(Play(other), StatusIs(absl::StatusCode::kPermissionDenied, "OTHER_LECTURE"));
  EXPECT_THAT(Play(other), StatusIs(absl::StatusCode::kPermissionDenied, "OTHER_LECTURE"));
  claims = Good();
  claims.view = "cam";
  std::string cam = Sign(key_, claims);
  ASSERT_OK(Play(cam, "cam"));
  EXPECT_THAT(Play(cam, "comb"), StatusIs(absl::StatusCode::kPermissionDenied, "OTHER_LECTURE"));
}

TEST_F(TokenGateTest, ForgedTokensAreRefused) {
  SigningKey stranger = GenerateKey(Audience::kPlayback);
  EXPECT_THAT(Play(Sign(stranger, Good())), StatusIs(absl::StatusCode::kPermissionDenied, "TOKEN_INVALID"));
  stranger.key_id = key_.key_id;
  EXPECT_THAT(Play(Sign(stranger, Good())), StatusIs(absl::StatusCode::kPermissionDenied, "TOKEN_INVALID"));
  std::string token = Sign(key_, Good());
  ASSERT_OK(Play(token));
  token[token.size() / 2] = token[token.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_THAT(Play(token), StatusIs(absl::StatusCode::kPermissionDenied, "TOKEN_INVALID"));
}

TEST_F(TokenGateTest, ARevocationReachesRememberedTokens) {
  std::string token = Sign(key_, Good());
  ASSERT_OK(Play(token));
  Publish({{12, "users/6", clock_.Now() + absl::Hours(1)}, {13, "", clock_.Now() + absl::Hours(1)}});
  ASSERT_OK(Play(token));
  Publish({{12, "users/5", clock_.Now() + absl::Seconds(1)}});
  EXPECT_THAT(Play(token), StatusIs(absl::StatusCode::kPermissionDenied, "TOKEN_REVOKED"));
  clock_.Advance(absl::Seconds(2));
  EXPECT_OK(Play(Sign(key_, Good()))) << "issued after the revocation";
}

TEST_F(TokenGateTest, AWithdrawnKeyTakesItsTokensAlong) {
  std::string token = Sign(key_, Good());
  ASSERT_OK(Play(token));
  SigningKey next = GenerateKey(Audience::kPlayback);
  Directory directory;
  directory.keys = {{key_.key_id, key_.audience, key_.public_bytes}, {next.key_id, next.audience, next.public_bytes}};
  gate_.SetDirectory(directory);
  EXPECT_OK(Play(token));
  directory.keys.erase(directory.keys.begin());
  gate_.SetDirectory(directory);
  EXPECT_THAT(Play(token), StatusIs(absl::StatusCode::kPermissionDenied, "TOKEN_INVALID"));
  EXPECT_OK(Play(Sign(next, Good())));
}

TEST_F(TokenGateTest, MoreTokensThanRememberedAllPlay) {
  std::vector<std::string> tokens;
  for (int i = 0; i < 40; ++i) {
    Claims claims = Good();
    claims.subject = absl::StrCat("users/", i);
    tokens.push_back(Sign(key_, claims));
  }
  for (int round = 0; round < 2; ++round) {
    for (const std::string& token : tokens) EXPECT_OK(Play(token));
  }
}

}  // namespace
}  // namespace lectern::edge
