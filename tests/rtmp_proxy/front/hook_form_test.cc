#include "rtmp_proxy/front/hook_form.h"

#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"

namespace lectern::proxy {
namespace {

using ::lectern::testing::StatusIs;

const std::string kToken = "lectern" + std::string(48, 'a');

absl::StatusOr<Knock> Read(const std::string& body) {
  absl::StatusOr<HookForm> form = HookForm::Parse(body);
  if (!form.ok()) return form.status();
  return ReadKnock(*form);
}

std::string Body(const std::string& name, const std::string& rest = "") {
  return absl::StrCat("app=live&flashver=FMLE/3.0%20(compatible%3B%20FMSc&swfurl=&tcurl=rtmp://h/live&pageurl=&addr=192.0.2.7&clientid=4&",
                      "call=publish&name=", name, "&type=live", rest);
}

TEST(HookFormTest, ReadsWhatTheFrontPosts) {
  absl::StatusOr<Knock> knock = Read(Body(kToken, "&view=cam"));
  ASSERT_OK(knock);
  EXPECT_EQ(knock->token, kToken);
  EXPECT_EQ(knock->view, "cam");
  EXPECT_EQ(knock->peer, "192.0.2.7");
  EXPECT_EQ(knock->encoder, "FMLE/3.0 (compatible; FMSc");
}

TEST(HookFormTest, WithoutAViewTheStreamIsTheCombinedOne) { EXPECT_EQ(Read(Body(kToken))->view, "comb"); }

TEST(HookFormTest, FieldsThatComeTwiceAreRefused) {
  for (const char* more : {"&name=x", "&addr=9.9.9.9", "&call=publish", "&view=cam&view=pres", "&clientid=1", "&%6eame=x", "&app"}) {
    EXPECT_THAT(Read(Body(kToken, more)), StatusIs(absl::StatusCode::kInvalidArgument)) << more;
  }
}

TEST(HookFormTest, TheFirstOccurrenceCounts) {
  absl::StatusOr<HookForm> form = HookForm::Parse("clientid=4&clientid=5");
  ASSERT_OK(form);
  EXPECT_EQ(form->First("clientid"), "4");
}

TEST(HookFormTest, BrokenFormsAreRefused) {
  for (const char* more : {"&a=%", "&a=%4", "&a=%zz", "&a=%00", "&a=%0a", "&%0d=1"}) {
    EXPECT_THAT(Read(Body(kToken, more)), StatusIs(absl::StatusCode::kInvalidArgument)) << more;
  }
  std::string many;
  for (int i = 0; i < 100; ++i) absl::StrAppend(&many, "&f", i, "=1");
  EXPECT_THAT(Read(Body(kToken, many)), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Read(""), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(HookFormTest, OnlyPersonalTokensAndKnownViewsPass) {
  for (const std::string& name : {std::string("lecture"), kToken + "a", kToken.substr(1), "lectern" + std::string(48, 'A'), std::string()}) {
    EXPECT_THAT(Read(Body(name)), StatusIs(absl::StatusCode::kInvalidArgument)) << name;
  }
  EXPECT_THAT(Read(Body(kToken, "&view=all")), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(HookFormTest, RefusalsSayNothingOfTheToken) {
  absl::Status status = Read(Body(kToken, "&name=x")).status();
  EXPECT_EQ(status.ToString().find("aaaa"), std::string::npos);
}

}  // namespace
}  // namespace lectern::proxy
