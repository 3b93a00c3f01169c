#include "api/store/search_store.h"

#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/store/row_util.h"
#include "api/store/visibility_sql.h"
#include "common/base/status.h"

namespace lectern::api {

#define LECTERN_FINDABLE \
  "($2::bool or ($4::bigint is null and " LECTERN_COURSE_LISTED("$1") ") or (c.id = $4 and " LECTERN_COURSE_WATCHABLE("$1", "$2") ")) "

// $5 to $8 are the key of the last hit that was seen. The query is made once, not for each row.
constexpr char kSearch[] = R"sql(
with found as (
  select 1 as kind, c.id, case when ts_filter(c.words, '{a}') @@ (select search_query($3)) then 2 else 1 end as rank, c.created_at as at
  from courses c where c.words @@ (select search_query($3)) and ($4::bigint is null or c.id = $4) and )sql" LECTERN_FINDABLE R"sql(
  union all
  select 0, l.id, case when ts_filter(l.words, '{a}') @@ (select search_query($3)) then 2 else 1 end, coalesce(l.starts_at, l.created_at)
  from lectures l join courses c on c.id = l.course_id
  where l.words @@ (select search_query($3)) and l.rehearsal_of is null and ($4::bigint is null or c.id = $4) and )sql" LECTERN_FINDABLE R"sql(
), keyed as (select kind, id, rank, (extract(epoch from at) * 1000000)::bigint as at_us from found)
select kind, id, rank, at_us from keyed where (rank, at_us, kind, id) < ($5::int, $6::bigint, $7::int, $8::bigint)
order by rank desc, at_us desc, kind desc, id desc limit $9
)sql";

namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

absl::StatusOr<SearchHitRow> ParseToken(const std::string& token) {
  if (token.empty()) return SearchHitRow{true, kMost, 3, kMost};
  ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken("search", token, 4));
  SearchHitRow last;
  int64_t kind = 0;
  const bool numbers = absl::SimpleAtoi(keys[0], &last.rank) && absl::SimpleAtoi(keys[1], &last.at_us) &&
                       absl::SimpleAtoi(keys[2], &kind) && absl::SimpleAtoi(keys[3], &last.id);
  if (!numbers || last.rank < 0 || last.rank > 3) {
    return WithReason(absl::InvalidArgumentError("page_token is not one that this list gave out"), "BAD_PAGE_TOKEN");
  }
  last.course = kind != 0;
  return last;
}

}  // namespace

absl::StatusOr<Page<SearchHitRow>> SearchStore::Search(const Caller& reader, absl::string_view query, std::optional<int64_t> course,
                                                       const PageRequest& page) const {
  ASSIGN_OR_RETURN(SearchHitRow last, ParseToken(page.token));
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"search", kSearch}, reader.user_id, reader.is_administrator(), query, course, last.rank,
                                            last.at_us, last.course ? 1 : 0, last.id, page.size + 1));
  auto parse = [](const pg::Row& row) {
    return SearchHitRow{row.Int("kind") == 1, row.Int("id"), row.Int("rank"), row.Int("at_us")};
  };
  return MakePage(ParseRows(rows, parse), page.size, [](const SearchHitRow& hit) {
    return EncodePageToken("search", {absl::StrCat(hit.rank), absl::StrCat(hit.at_us), hit.course ? "1" : "0", absl::StrCat(hit.id)});
  });
}

}  // namespace lectern::api
