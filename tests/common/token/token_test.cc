#include "common/token/token.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/text.h"
#include "tests/support/status_matchers.h"

namespace lectern {
namespace {

using testing::IsOk;
using testing::StatusIs;
using ::testing::Not;

constexpr absl::StatusCode kUnauthenticated = absl::StatusCode::kUnauthenticated;
const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

class TokenTest : public ::testing::Test {
 protected:
  TokenTest() { verifier_.SetKeys({{key_.key_id, key_.audience, key_.public_bytes}}); }

  static Claims Playback() {
    Claims claims;
    claims.subject = "users/12";
    claims.issued_at = kNow;
    claims.expires_at = kNow + absl::Hours(2);
    claims.lecture = 7;
    claims.resource = 3;
    return claims;
  }
  // A token with any header and payload, correctly signed by `key_`.
  std::string SignRaw(const std::string& header, const std::string& payload) const {
    std::string text = absl::StrCat(Base64UrlEncode(header), ".", Base64UrlEncode(payload));
    std::string signature(crypto_sign_BYTES, '\0');
    crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr,
                         reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                         reinterpret_cast<const unsigned char*>(key_.secret_bytes.data()));
    return absl::StrCat(text, ".", Base64UrlEncode(signature));
  }
  std::string Header() const { return absl::StrCat(R"({"alg":"EdDSA","kid":")", key_.key_id, R"(","typ":"JWT"})"); }
  absl::StatusOr<Claims> Verify(const std::string& token) { return verifier_.Verify(token, Audience::kPlayback, kNow); }

  SigningKey key_ = GenerateKey(Audience::kPlayback);
  Verifier verifier_;
};

TEST_F(TokenTest, EveryClaimSurvivesTheRoundTrip) {
  Claims claims = Playback();
  claims.id = "j1";
  claims.organization = 5;
  claims.view = "pres";
  claims.upload = "0123456789abcdef0123456789abcdef";
  claims.size_bytes = int64_t{1} << 42;
  claims.job = 9;
  claims.fence = int64_t{1} << 41;
  claims.serial = 4;
  claims.download = true;
  ASSERT_OK_AND_ASSIGN(Claims read, Verify(Sign(key_, claims)));
  EXPECT_EQ(read.subject, "users/12");
  EXPECT_EQ(read.issued_at, claims.issued_at);
  EXPECT_EQ(read.expires_at, claims.expires_at);
  EXPECT_EQ(read.id, "j1");
  EXPECT_EQ(read.organization, 5);
  EXPECT_EQ(read.resource, 3);
  EXPECT_EQ(read.lecture, 7);
  EXPECT_EQ(read.view, "pres");
  EXPECT_EQ(read.upload, claims.upload);
  EXPECT_EQ(read.size_bytes, claims.size_bytes);
  EXPECT_EQ(read.job, 9);
  EXPECT_EQ(read.fence, claims.fence);
  EXPECT_EQ(read.serial, 4);
  EXPECT_TRUE(read.download);
  EXPECT_FALSE(Verify(Sign(key_, Playback()))->download);
}

TEST_F(TokenTest, TheRightToDownloadIsATruthAndNothingElse) {
  for (const char* claim : {"1", "\"true\"", "null", "[]"}) {
    const std::string payload = absl::StrCat(R"({"aud":"playback","sub":"a","iat":1800000000,"exp":1800000100,"dl":)", claim, "}");
    EXPECT_THAT(Verify(SignRaw(Header(), payload)), Not(IsOk())) << claim;
  }
  ASSERT_OK_AND_ASSIGN(Claims no, Verify(SignRaw(Header(), R"({"aud":"playback","sub":"a","iat":1800000000,"exp":1800000100,"dl":false})")));
  EXPECT_FALSE(no.download);
}

TEST_F(TokenTest, EndsAtItsExpiryToTheSecond) {
  std::string token = Sign(key_, Playback());
  absl::Time end = kNow + absl::Hours(2);
  EXPECT_OK(verifier_.Verify(token, Audience::kPlayback, end - absl::Seconds(1)));
  EXPECT_THAT(verifier_.Verify(token, Audience::kPlayback, end), StatusIs(kUnauthenticated, "TOKEN_EXPIRED"));
}

TEST_F(TokenTest, ToleratesAClockThatIsAFewSecondsBehind) {
  std::string token = Sign(key_, Playback());
  EXPECT_OK(verifier_.Verify(token, Audience::kPlayback, kNow - absl::Seconds(30)));
  EXPECT_THAT(verifier_.Verify(token, Audience::kPlayback, kNow - absl::Seconds(31)),
              StatusIs(kUnauthenticated, "TOKEN_INVALID"));
}

TEST_F(TokenTest, NeverAcceptsAKeyOfAnotherAudience) {
  std::string token = Sign(key_, Playback());
  for (Audience other : {Audience::kSession, Audience::kOrganization, Audience::kResource, Audience::kUpload, Audience::kJob}) {
    EXPECT_THAT(verifier_.Verify(token, other, kNow), StatusIs(kUnauthenticated, "TOKEN_INVALID")) << AudienceWord(other);
  }
}

TEST_F(TokenTest, RefusesATokenThatNamesAnotherAudienceThanItsKey) {
  EXPECT_THAT(Verify(SignRaw(Header(), R"({"aud":"session","sub":"a","iat":1800000000,"exp":1800000100})")),
              StatusIs(kUnauthenticated, "TOKEN_INVALID"));
  EXPECT_OK(Verify(SignRaw(Header(), R"({"aud":"playback","sub":"a","iat":1800000000,"exp":1800000100})")));
}

TEST_F(TokenTest, RefusesAChangeOfAnySingleCharacter) {
  std::string token = Sign(key_, Playback());
  for (size_t i = 0; i < token.size(); ++i) {
    std::string forged = token;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    EXPECT_THAT(Verify(forged), Not(IsOk())) << i;
  }
}

TEST_F(TokenTest, RefusesAnotherAlgorithmThanTheKeys) {
  std::string payload = R"({"aud":"playback","sub":"a","iat":1800000000,"exp":1800000100})";
  for (const char* algorithm : {"none", "HS256", "EdDSA ", "eddsa", ""}) {
    std::string header = absl::StrReplaceAll(Header(), {{"EdDSA", algorithm}});
    EXPECT_THAT(Verify(SignRaw(header, payload)), StatusIs(kUnauthenticated, "TOKEN_INVALID")) << algorithm;
  }
  EXPECT_THAT(Verify(absl::StrCat(Base64UrlEncode(R"({"alg":"none"})"), ".", Base64UrlEncode(payload), ".")), Not(IsOk()));
}

TEST_F(TokenTest, RefusesHeadersThatCarryKeysOrCriticalExtensions) {
  std::string payload = R"({"aud":"playback","sub":"a","iat":1800000000,"exp":1800000100})";
  std::string start = absl::StrCat(R"({"alg":"EdDSA","kid":")", key_.key_id, R"(",)");
  for (const char* extra : {R"("jwk":{"kty":"OKP"}})", R"("crit":["exp"]})", R"("jku":"http://a/"})", R"("kid":"x"})"}) {
    EXPECT_THAT(Verify(SignRaw(start + extra, payload)), StatusIs(kUnauthenticated, "TOKEN_INVALID")) << extra;
  }
}

TEST_F(TokenTest, RefusesAKeyIdThatItDoesNotKnow) {
  SigningKey stranger = GenerateKey(Audience::kPlayback);
  EXPECT_THAT(Verify(Sign(stranger, Playback())), StatusIs(kUnauthenticated, "TOKEN_INVALID"));
  stranger.key_id = key_.key_id;
  EXPECT_THAT(Verify(Sign(stranger, Playback())), StatusIs(kUnauthenticated, "TOKEN_INVALID"));
}

TEST_F(TokenTest, RefusesClaimsThatAreNotFlatUniqueAndTyped) {
  for (const char* payload : {
           R"({"aud":"playback","aud":"playback","iat":1800000000,"exp":1800000100})",
           R"({"aud":"playback","iat":1800000000,"exp":1800000100,"\u0065xp":1900000000})",
           R"({"aud":"playback","iat":1800000000,"exp":"1800000100"})",
           R"({"aud":"playback","iat":1800000000,"exp":1800000100.5})",
           R"({"aud":"playback","iat":1800000000,"exp":-1})",
           R"({"aud":"playback","iat":1800000000,"exp":18446744073709551615})",
           R"({"aud":["playback"],"iat":1800000000,"exp":1800000100})",
           R"({"aud":"playback","iat":1800000000,"exp":1800000100,"lec":{"a":1}})",
           R"({"aud":"playback","iat":1800000000,"exp":1800000100,"lec":"7"})",
           R"({"aud":"playback","iat":1800000000,"exp":1800000100} {})",
           R"({"aud":"playback","exp":1800000100})",
           R"({"aud":"playback","iat":1800000000})",
           R"(["aud"])",
           R"("aud")",
           "{",
           "",
       }) {
    EXPECT_THAT(Verify(SignRaw(Header(), payload)), StatusIs(kUnauthenticated, "TOKEN_INVALID")) << payload;
  }
}

TEST_F(TokenTest, RefusesTextAroundTheToken) {
  std::string token = Sign(key_, Playback());
  for (const std::string& text : {token + ".", token + ".e30", token + "=", " " + token, token + "\n", "." + token,
                                  std::string(), std::string("."), std::string(".."), std::string("a.b.c")}) {
    EXPECT_THAT(Verify(text), StatusIs(kUnauthenticated, "TOKEN_INVALID")) << text;
  }
}

TEST_F(TokenTest, RefusesHugeInputWithoutReadingIt) {
  EXPECT_THAT(Verify(std::string(64 << 20, 'A')), StatusIs(kUnauthenticated, "TOKEN_INVALID"));
  EXPECT_THAT(Verify(SignRaw(Header(), std::string(2000, '[') + std::string(2000, ']'))), Not(IsOk()));
}

TEST_F(TokenTest, OnlyAResourceCredentialLivesForEver) {
  SigningKey key = GenerateKey(Audience::kResource);
  verifier_.SetKeys({{key.key_id, key.audience, key.public_bytes}});
  Claims claims;
  claims.subject = "resources/3";
  claims.issued_at = kNow;
  claims.expires_at = absl::InfiniteFuture();
  claims.serial = 2;
  ASSERT_OK_AND_ASSIGN(Claims read, verifier_.Verify(Sign(key, claims), Audience::kResource, kNow + absl::Hours(100'000)));
  EXPECT_EQ(read.serial, 2);
  EXPECT_EQ(read.expires_at, absl::InfiniteFuture());
}

TEST_F(TokenTest, AReplacedKeySetForgetsTheOldKeys) {
  std::string token = Sign(key_, Playback());
  EXPECT_OK(Verify(token));
  verifier_.SetKeys({});
  EXPECT_THAT(Verify(token), StatusIs(kUnauthenticated, "TOKEN_INVALID"));
}

TEST(AudienceTest, WordsAreReadBack) {
  for (Audience audience : {Audience::kSession, Audience::kOrganization, Audience::kResource, Audience::kUpload, Audience::kJob,
                            Audience::kPlayback}) {
    EXPECT_EQ(ParseAudience(AudienceWord(audience)), audience);
  }
  EXPECT_EQ(ParseAudience("Session"), std::nullopt);
  EXPECT_EQ(ParseAudience(""), std::nullopt);
}

TEST(Sha256Test, AgreesWithThePublishedVector) {
  // FIPS 180-2, B.1.
  EXPECT_EQ(HexEncode(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace lectern
