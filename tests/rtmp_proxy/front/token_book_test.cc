#include "rtmp_proxy/front/token_book.h"

#include "common/base/file.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::proxy {
namespace {

const std::string kToken = "lectern" + std::string(48, 'a');
const std::string kOther = "lectern" + std::string(48, 'b');

class TokenBookTest : public ::testing::Test {
 protected:
  testing::TempDir dir_;
  testing::FakeClock clock_;
  const std::string file_ = dir_.path() + "/tokens";
};

TEST_F(TokenBookTest, RemembersAcrossARestart) {
  TokenBook(file_, clock_).Remember(kToken);
  TokenBook book(file_, clock_);
  EXPECT_TRUE(book.Known(kToken));
  EXPECT_FALSE(book.Known(kOther));
}

TEST_F(TokenBookTest, TheFileHasNoToken) {
  TokenBook(file_, clock_).Remember(kToken);
  absl::StatusOr<std::string> text = ReadFile(file_);
  ASSERT_OK(text);
  EXPECT_EQ(text->find("aaaaaaaa"), std::string::npos);
}

TEST_F(TokenBookTest, ForgetsAfterThirtyDays) {
  TokenBook book(file_, clock_);
  book.Remember(kToken);
  clock_.Advance(TokenBook::kLifetime + absl::Seconds(1));
  EXPECT_FALSE(book.Known(kToken));
  EXPECT_FALSE(TokenBook(file_, clock_).Known(kToken));
}

TEST_F(TokenBookTest, UseKeepsATokenKnown) {
  TokenBook book(file_, clock_);
  for (int i = 0; i < 4; ++i) {
    book.Remember(kToken);
    clock_.Advance(absl::Hours(24 * 20));
  }
  EXPECT_TRUE(book.Known(kToken));
}

TEST_F(TokenBookTest, WhatTheApiRefusesIsForgotten) {
  TokenBook book(file_, clock_);
  book.Remember(kToken);
  book.Forget(kToken);
  EXPECT_FALSE(book.Known(kToken));
  EXPECT_FALSE(TokenBook(file_, clock_).Known(kToken));
}

TEST_F(TokenBookTest, ADamagedFileIsNoObstacle) {
  ASSERT_OK(WriteFileAtomically(file_, "gibberish\n\n0123 45\n"));
  TokenBook book(file_, clock_);
  book.Remember(kToken);
  EXPECT_TRUE(book.Known(kToken));
}

TEST_F(TokenBookTest, KnowsATokenByItsForm) {
  EXPECT_TRUE(IsPersonalToken(kToken));
  EXPECT_FALSE(IsPersonalToken(kToken + "0"));
  EXPECT_FALSE(IsPersonalToken("Lectern" + std::string(48, 'a')));
  EXPECT_FALSE(IsPersonalToken("lectern" + std::string(48, 'g')));
}

}  // namespace
}  // namespace lectern::proxy
