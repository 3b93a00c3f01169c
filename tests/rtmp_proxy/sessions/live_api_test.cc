#include "rtmp_proxy/sessions/live_api.h"

#include "absl/time/clock.h"
#include "lectern/v1/live.pb.h"
#include "tests/rtmp_proxy/support/fake_live_api.h"
#include "tests/support/status_matchers.h"

namespace lectern::proxy {
namespace {

using ::lectern::testing::FakeLiveApi;
using ::lectern::testing::StatusIs;

constexpr absl::Duration kPatience = absl::Seconds(10);

std::unique_ptr<LiveApi> Connect(std::vector<std::string> addresses) {
  absl::StatusOr<std::unique_ptr<LiveApi>> api = LiveApi::Connect({std::move(addresses), "", false, "c"}, RealClock());
  EXPECT_OK(api);
  return *std::move(api);
}

TEST(LiveApiTest, AsksTheNextInstanceWhereOneIsAway) {
  FakeLiveApi gone, here;
  here.AddStream("token", "liveStreams/12");
  gone.Stop();
  std::unique_ptr<LiveApi> api = Connect({gone.address(), here.address()});
  absl::StatusOr<OpenedStream> opened = api->Open({.token = "token", .view = "pres", .session = "s"}, kPatience);
  ASSERT_OK(opened);
  EXPECT_EQ(opened->stream, "liveStreams/12");
  EXPECT_EQ(here.opens()[0].view, "PRES");
  gone.Start();
  here.Stop();
  // A connection that was refused is tried again a moment later.
  absl::Status status = absl::UnavailableError("not asked");
  for (absl::Time end = absl::Now() + kPatience; IsTrouble(status) && absl::Now() < end;) {
    status = api->Open({.token = "token", .view = "comb", .session = "s"}, kPatience).status();
  }
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(LiveApiTest, TellsTroubleFromAnAnswer) {
  FakeLiveApi fake;
  std::unique_ptr<LiveApi> api = Connect({fake.address()});
  absl::Status refused = api->Open({.token = "wrong", .view = "comb", .session = "s"}, kPatience).status();
  EXPECT_TRUE(IsTokenRefused(refused));
  EXPECT_FALSE(IsTrouble(refused));
  absl::Status no_worker = api->Acquire("liveStreams/12", "", 0, "", kPatience).status();
  EXPECT_FALSE(IsTrouble(no_worker));
  fake.Stop();
  absl::Status away = api->Open({.token = "wrong", .view = "comb", .session = "s"}, kPatience).status();
  EXPECT_TRUE(IsTrouble(away));
  EXPECT_FALSE(IsTokenRefused(away));
}

TEST(LiveApiTest, TimeZeroAndTheApisClockComeWithTheStream) {
  FakeLiveApi fake;
  fake.AddStream("token", "liveStreams/12");
  absl::StatusOr<OpenedStream> opened = Connect({fake.address()})->Open({.token = "token", .view = "comb", .session = "s"}, kPatience);
  ASSERT_OK(opened);
  absl::Duration api_now = RealClock().Steady() + opened->api_ahead;
  EXPECT_LT(absl::AbsDuration(api_now - absl::Milliseconds(absl::ToUnixMillis(RealClock().Now()))), absl::Minutes(1));
  EXPECT_LE(opened->start_ms, absl::ToInt64Milliseconds(api_now) + 60'000);
}

TEST(LiveApiTest, ReportsAndTakesOrders) {
  FakeLiveApi fake;
  fake.AddStream("token", "liveStreams/12");
  std::unique_ptr<LiveApi> api = Connect({fake.address()});
  ASSERT_OK(api->Open({.token = "token", .view = "comb", .session = "s"}, kPatience));
  StreamHealth health;
  health.stream = "liveStreams/12";
  health.session = "s";
  health.publishing = true;
  health.relay.epoch = 4;
  health.relay.received_ms = 1000;
  health.warnings = {{"TWO_ENCODERS", "stop one"}};
  fake.Order("liveStreams/12", v1::StreamCommand::REACQUIRE);
  absl::StatusOr<std::vector<StreamOrder>> orders = api->Report({health}, kPatience);
  ASSERT_OK(orders);
  ASSERT_EQ(orders->size(), 1u);
  EXPECT_EQ(orders->at(0).kind, StreamOrder::kReacquire);
  EXPECT_EQ(fake.report("liveStreams/12").epoch, 4);
  EXPECT_EQ(fake.report("liveStreams/12").warnings, std::vector<std::string>{"TWO_ENCODERS"});
}

}  // namespace
}  // namespace lectern::proxy
