#include "common/http/range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace lectern::http {
namespace {

constexpr uint64_t kSize = 28;
constexpr char kEtag[] = "\"v1-28\"";

absl::Time Modified() {
  return absl::FromUnixSeconds(1'700'000'000);
}

// A GET (or HEAD) of an object of 28 bytes with the given headers.
Response Ask(std::vector<std::pair<absl::string_view, absl::string_view>> headers, absl::string_view method = "GET") {
  RequestHead request;
  request.method = method;
  request.headers = std::move(headers);
  auto prepared = std::make_shared<const std::string>(absl::StrCat("ETag: ", kEtag, "\r\n"));
  return FileResponse(request, std::make_shared<const Fd>(), kSize, {kEtag, Modified()}, prepared);
}

std::string ContentRange(const Response& response) {
  for (const Header& header : response.headers) {
    if (header.first == "Content-Range") return header.second;
  }
  return "";
}

struct RangeCase {
  const char* range;
  int status;
  const char* content_range;
};

class RangeTable : public ::testing::TestWithParam<RangeCase> {};

TEST_P(RangeTable, AnswersAsTheTableSays) {
  Response response = Ask({{"Range", GetParam().range}});
  EXPECT_EQ(response.status, GetParam().status) << GetParam().range;
  EXPECT_EQ(ContentRange(response), GetParam().content_range) << GetParam().range;
}

INSTANTIATE_TEST_SUITE_P(
    SingleRanges, RangeTable,
    ::testing::Values(RangeCase{"bytes=0-4", 206, "bytes 0-4/28"}, RangeCase{"bytes=0-", 206, "bytes 0-27/28"},
                      RangeCase{"bytes=5-", 206, "bytes 5-27/28"}, RangeCase{"bytes=-4", 206, "bytes 24-27/28"},
                      RangeCase{"bytes=-400", 206, "bytes 0-27/28"}, RangeCase{"bytes=0-999", 206, "bytes 0-27/28"},
                      RangeCase{"bytes=27-27", 206, "bytes 27-27/28"}, RangeCase{"BYTES=0-0", 206, "bytes 0-0/28"},
                      RangeCase{"bytes=28-", 416, "bytes */28"}, RangeCase{"bytes=-0", 416, "bytes */28"},
                      RangeCase{"bytes=5-2", 416, "bytes */28"}, RangeCase{"bytes=abc", 416, "bytes */28"},
                      RangeCase{"bytes=", 416, "bytes */28"}, RangeCase{"bytes=+1-2", 416, "bytes */28"},
                      RangeCase{"bytes=18446744073709551616-", 416, "bytes */28"},
                      RangeCase{"bytes=0-18446744073709551616", 416, "bytes */28"},
                      RangeCase{"bytes=999999999999999999999999999999-", 416, "bytes */28"},
                      RangeCase{"items=0-1", 200, ""}, RangeCase{"bytes=0-1,4-5", 200, ""},
                      RangeCase{"bytes=0-,0-,0-,0-", 200, ""}));

TEST(RangeTest, AThousandRangesGiveTheWholeObject) {
  std::string many = "bytes=0-0";
  for (int i = 1; i < 1000; ++i) absl::StrAppend(&many, ",", i % 28, "-", i % 28);
  EXPECT_EQ(Ask({{"Range", many}}).status, 200);
}

TEST(RangeTest, TwoRangeFieldsGiveTheWholeObject) {
  EXPECT_EQ(Ask({{"Range", "bytes=0-1"}, {"Range", "bytes=2-3"}}).status, 200);
}

TEST(RangeTest, HeadIgnoresRange) {
  Response response = Ask({{"Range", "bytes=0-4"}}, "HEAD");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(std::get<FileBody>(response.body).length, kSize);
}

TEST(RangeTest, AnEmptyObjectSatisfiesNoRange) {
  EXPECT_EQ(DecideRange("bytes=0-", 0).kind, RangeDecision::kUnsatisfiable);
  EXPECT_EQ(DecideRange("bytes=-5", 0).kind, RangeDecision::kUnsatisfiable);
  EXPECT_EQ(DecideRange("", 0).kind, RangeDecision::kWhole);
}

TEST(RangeTest, IfRangeNeedsTheSameStrongTag) {
  EXPECT_EQ(Ask({{"Range", "bytes=0-4"}, {"If-Range", kEtag}}).status, 206);
  EXPECT_EQ(Ask({{"Range", "bytes=0-4"}, {"If-Range", "\"other\""}}).status, 200);
  EXPECT_EQ(Ask({{"Range", "bytes=0-4"}, {"If-Range", absl::StrCat("W/", kEtag)}}).status, 200);
}

TEST(RangeTest, IfRangeTakesADateOnlyWhenItIsExactAndOld) {
  EXPECT_EQ(Ask({{"Range", "bytes=0-4"}, {"If-Range", HttpDate(Modified())}}).status, 206);
  EXPECT_EQ(Ask({{"Range", "bytes=0-4"}, {"If-Range", HttpDate(Modified() + absl::Seconds(1))}}).status, 200);
  RequestHead request;
  absl::Time now = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()));
  std::string date = HttpDate(now);
  request.headers = {{"If-Range", date}};
  EXPECT_FALSE(IfRangeAllows(request, {kEtag, now}));
}

TEST(PreconditionTest, IfNoneMatchComparesWeakly) {
  EXPECT_EQ(Ask({{"If-None-Match", kEtag}}).status, 304);
  EXPECT_EQ(Ask({{"If-None-Match", absl::StrCat("W/", kEtag)}}).status, 304);
  EXPECT_EQ(Ask({{"If-None-Match", "*"}}).status, 304);
  EXPECT_EQ(Ask({{"If-None-Match", absl::StrCat("\"a\", ", kEtag)}}).status, 304);
  EXPECT_EQ(Ask({{"If-None-Match", "\"a\", \"b\""}}).status, 200);
}

TEST(PreconditionTest, NotModifiedWinsOverRange) {
  EXPECT_EQ(Ask({{"If-None-Match", kEtag}, {"Range", "bytes=0-4"}}).status, 304);
}

TEST(PreconditionTest, IfMatchOfAnotherVersionFails) {
  EXPECT_EQ(Ask({{"If-Match", "\"other\""}}).status, 412);
  EXPECT_EQ(Ask({{"If-Match", absl::StrCat("W/", kEtag)}}).status, 412);
  EXPECT_EQ(Ask({{"If-Match", kEtag}}).status, 200);
}

TEST(PreconditionTest, IfModifiedSinceTakesEqualAndLaterDates) {
  EXPECT_EQ(Ask({{"If-Modified-Since", HttpDate(Modified())}}).status, 304);
  EXPECT_EQ(Ask({{"If-Modified-Since", HttpDate(Modified() + absl::Hours(1))}}).status, 304);
  EXPECT_EQ(Ask({{"If-Modified-Since", HttpDate(Modified() - absl::Seconds(1))}}).status, 200);
  EXPECT_EQ(Ask({{"If-Modified-Since", "yesterday"}}).status, 200);
}

TEST(PreconditionTest, IfNoneMatchWinsOverIfModifiedSince) {
  EXPECT_EQ(Ask({{"If-None-Match", "\"other\""}, {"If-Modified-Since", HttpDate(Modified() + absl::Hours(1))}}).status,
            200);
}

TEST(PreconditionTest, IfUnmodifiedSinceAnEarlierDateFails) {
  EXPECT_EQ(Ask({{"If-Unmodified-Since", HttpDate(Modified() - absl::Seconds(1))}}).status, 412);
  EXPECT_EQ(Ask({{"If-Unmodified-Since", HttpDate(Modified())}}).status, 200);
}

TEST(HttpDateTest, RoundTripsAndRefusesOtherFormats) {
  EXPECT_EQ(HttpDate(absl::FromUnixSeconds(784111777)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), absl::FromUnixSeconds(784111777));
  EXPECT_EQ(ParseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT"), std::nullopt);
  EXPECT_EQ(ParseHttpDate(""), std::nullopt);
}

TEST(ContentTypeTest, GoesByTheEnding) {
  EXPECT_EQ(ContentTypeOf("a/master.m3u8"), "application/vnd.apple.mpegurl");
  EXPECT_EQ(ContentTypeOf("a/seg-00001.m4s"), "video/iso.segment");
  EXPECT_EQ(ContentTypeOf("a/init.mp4"), "video/mp4");
  EXPECT_EQ(ContentTypeOf("a/unknown"), "application/octet-stream");
}

}  // namespace
}  // namespace lectern::http
