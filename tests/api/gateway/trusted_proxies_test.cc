#include "api/gateway/trusted_proxies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"

namespace lectern::api {
namespace {

using ::testing::HasSubstr;

TrustedProxies Parse(absl::string_view list) {
  absl::StatusOr<TrustedProxies> proxies = TrustedProxies::Parse(list);
  EXPECT_OK(proxies);
  return *std::move(proxies);
}

TEST(TrustedProxiesTest, ThisMachineIsAlwaysTrustedAndNobodyElse) {
  const TrustedProxies proxies = Parse("");
  for (const char* ours : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) EXPECT_TRUE(proxies.Contains(ours)) << ours;
  for (const char* other : {"128.0.0.1", "::2", "10.0.0.1", "", "localhost"}) EXPECT_FALSE(proxies.Contains(other)) << other;
}

TEST(TrustedProxiesTest, NetworksEndWhereTheirLengthSays) {
  const TrustedProxies proxies = Parse("192.0.2.7 , 10.16.0.0/12,2001:db8:8000::/33");
  for (const char* in : {"192.0.2.7", "::ffff:192.0.2.7", "10.16.0.0", "10.31.255.255", "2001:db8:ffff::1"}) {
    EXPECT_TRUE(proxies.Contains(in)) << in;
  }
  for (const char* out : {"192.0.2.8", "10.15.255.255", "10.32.0.0", "2001:db8:7fff::1", "2001:db9::"}) {
    EXPECT_FALSE(proxies.Contains(out)) << out;
  }
  EXPECT_TRUE(Parse("0.0.0.0/0").Contains("203.0.113.9"));
  EXPECT_FALSE(Parse("0.0.0.0/0").Contains("2001:db8::1"));
}

TEST(TrustedProxiesTest, WhatIsNeitherAddressNorNetworkIsNamed) {
  for (const char* bad : {"proxy.example.org", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8", "::/129", "10.0.0.0/8/8"}) {
    absl::Status status = TrustedProxies::Parse(absl::StrCat("192.0.2.1,", bad)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("\"", bad, "\"")));
  }
}

TEST(TrustedProxiesTest, TheLastAddressThatIsNotOursIsTheOrigin) {
  const TrustedProxies proxies = Parse("10.0.0.0/8");
  EXPECT_EQ(proxies.Origin("10.0.0.1", "203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(proxies.Origin("10.0.0.1", "198.51.100.1, 203.0.113.9"), "203.0.113.9") << "what the caller wrote itself counts";
  EXPECT_EQ(proxies.Origin("127.0.0.1", "203.0.113.9, 10.0.0.2"), "203.0.113.9");
  EXPECT_EQ(proxies.Origin("127.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.3") << "somebody on a proxy";
  EXPECT_EQ(proxies.Origin("203.0.113.5", "198.51.100.1"), "203.0.113.5") << "anybody may write a header";
  EXPECT_EQ(proxies.Origin("10.0.0.1", ""), "10.0.0.1");
  EXPECT_EQ(proxies.Origin("10.0.0.1", "unknown"), "10.0.0.1");
  EXPECT_EQ(proxies.Origin("10.0.0.1", "203.0.113.9, evil"), "10.0.0.1");
}

}  // namespace
}  // namespace lectern::api
