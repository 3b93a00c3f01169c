// Values survive the way to PostgreSQL and back.
#include <cmath>
#include <limits>

#include "common/pg/pool.h"
#include "tests/support/pg_fixture.h"
#include "tests/support/status_matchers.h"

namespace lectern::pg {
namespace {

using ::lectern::testing::StatusIs;
using ::lectern::testing::TestDatabase;
using ::testing::ElementsAre;

class ValueTest : public ::testing::Test {
 protected:
  TestDatabase database_{false};
  Pool pool_{{.url = database_.url(), .connections = 1}};
};

TEST_F(ValueTest, NumbersKeepEveryBit) {
  const int64_t big = std::numeric_limits<int64_t>::min();
  const double third = 1.0 / 3;
  ASSERT_OK_AND_ASSIGN(
      Rows rows, pool_.Run({"numbers", "select $1::bigint as i, $2::float8 as d, $3::float8 as inf, $4::bool as b"},
                           big, third, -INFINITY, true));
  EXPECT_EQ(rows[0].Int("i"), big);
  EXPECT_EQ(rows[0].Double("d"), third);
  EXPECT_EQ(rows[0].Double("inf"), -INFINITY);
  EXPECT_TRUE(rows[0].Bool("b"));
}

TEST_F(ValueTest, TimesKeepMicrosecondsAndInfinity) {
  const absl::Time time = absl::FromUnixMicros(1'800'000'000'123'456);
  const absl::Time before_christmas_1969 = absl::FromUnixMicros(-999'999'000'001);
  ASSERT_OK_AND_ASSIGN(Rows rows, pool_.Run({"times",
                                             "select $1::timestamptz as a, $2::timestamptz as b, $3::timestamptz as c, "
                                             "$4::timestamptz as d, null::timestamptz as e"},
                                            time, before_christmas_1969, absl::InfiniteFuture(), absl::InfinitePast()));
  EXPECT_EQ(rows[0].Time("a"), time);
  EXPECT_EQ(rows[0].Time("b"), before_christmas_1969);
  EXPECT_EQ(rows[0].Time("c"), absl::InfiniteFuture());
  EXPECT_EQ(rows[0].Time("d"), absl::InfinitePast());
  EXPECT_EQ(rows[0].Time("e"), absl::InfinitePast());
}

TEST_F(ValueTest, TimesBeyondFourDigitsOfAYearAreRead) {
  const absl::Time far = absl::FromCivil(absl::CivilSecond(12345, 6, 7, 8, 9, 10), absl::UTCTimeZone()) + absl::Microseconds(5);
  ASSERT_OK_AND_ASSIGN(Rows rows, pool_.Run({"far", "select $1::timestamptz as a, '9999-12-31+00'::timestamptz + interval '8000 years' as b"},
                                            far));
  EXPECT_EQ(rows[0].Time("a"), far);
  EXPECT_EQ(rows[0].Time("b"), absl::FromCivil(absl::CivilDay(17999, 12, 31), absl::UTCTimeZone()));
}

TEST_F(ValueTest, DurationsBecomeIntervals) {
  ASSERT_OK_AND_ASSIGN(Rows rows, pool_.Run({"intervals",
                                             "select extract(epoch from $1::interval)::float8 as a, "
                                             "$2::interval > interval '50 years' as b"},
                                            absl::Milliseconds(-1500), absl::InfiniteDuration()));
  EXPECT_EQ(rows[0].Double("a"), -1.5);
  EXPECT_TRUE(rows[0].Bool("b"));
}

TEST_F(ValueTest, BytesAndArraysKeepAwkwardContent) {
  const std::string bytes("\x00\xff\\'\"\n", 6);
  const std::vector<std::string> texts = {"", "NULL", "a,b", "\"quoted\"", "back\\slash", "{}", "Ü €"};
  const std::vector<int64_t> numbers = {1, -2, 3};
  ASSERT_OK_AND_ASSIGN(Rows rows, pool_.Run({"arrays",
                                             "select $1::bytea as bytes, $2::text[] as texts, $3::bigint[] as numbers, "
                                             "'{}'::text[] as none, array['x', null] as nulls"},
                                            Param::Bytes(bytes), texts, numbers));
  EXPECT_EQ(rows[0].Bytes("bytes"), bytes);
  EXPECT_EQ(rows[0].Texts("texts"), texts);
  EXPECT_EQ(rows[0].Ints("numbers"), numbers);
  EXPECT_THAT(rows[0].Texts("none"), ElementsAre());
  EXPECT_THAT(rows[0].Texts("nulls"), ElementsAre("x", ""));
}

TEST_F(ValueTest, AbsentValuesAreNull) {
  ASSERT_OK_AND_ASSIGN(Rows rows, pool_.Run({"nulls", "select $1::bigint as a, $2::text as b, $3::bigint as c"},
                                            std::nullopt, std::optional<std::string>(), std::optional<int64_t>(7)));
  EXPECT_TRUE(rows[0].IsNull("a"));
  EXPECT_TRUE(rows[0].IsNull("b"));
  EXPECT_EQ(rows[0].Text("b"), "");
  EXPECT_EQ(rows[0].Int("c"), 7);
}

TEST_F(ValueTest, ATextWithANulByteIsRefusedInsteadOfCut) {
  const std::string text("admin\0@example.org", 18);
  EXPECT_THAT(pool_.Run({"nul", "select $1::text as t"}, text),
              StatusIs(absl::StatusCode::kInvalidArgument, "BAD_VALUE"));
}

TEST_F(ValueTest, ATextThatIsNotUtf8IsRefused) {
  EXPECT_THAT(pool_.Run({"utf8", "select $1::text as t"}, "\xc3("),
              StatusIs(absl::StatusCode::kInvalidArgument, "BAD_VALUE"));
}

TEST_F(ValueTest, AMissingColumnEndsTheProgram) {
  ASSERT_OK_AND_ASSIGN(Rows rows, pool_.Run({"one", "select 1 as a"}));
  EXPECT_DEATH(rows[0].Int("b"), "does not exist");
}

}  // namespace
}  // namespace lectern::pg
