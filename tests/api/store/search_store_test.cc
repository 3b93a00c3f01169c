#include "api/store/search_store.h"

#include <set>

#include "tests/api/store/store_fixture.h"

namespace lectern::api {
namespace {

using ::lectern::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SearchStoreTest : public StoreFixture {
 protected:
  // "course 3" or "lecture 5", best first.
  std::vector<std::string> Find(absl::string_view query, int page_size = 50, std::optional<int64_t> course = std::nullopt,
                                const Caller& reader = {}) {
    std::vector<std::string> found;
    PageRequest page{page_size, ""};
    do {
      absl::StatusOr<Page<SearchHitRow>> hits = store_.Search(reader, query, course, page);
      EXPECT_OK(hits);
      if (!hits.ok()) return found;
      for (const SearchHitRow& hit : hits->rows) found.push_back(absl::StrCat(hit.course ? "course " : "lecture ", hit.id));
      page.token = hits->next_token;
    } while (!page.token.empty());
    return found;
  }
  static std::string CourseName(int64_t id) { return absl::StrCat("course ", id); }
  static std::string LectureName(int64_t id) { return absl::StrCat("lecture ", id); }

  const int64_t chair_ = Organization("Chair");
  const int64_t analysis_ = Course(chair_, "public", "„Übungen“ zur Analysis 2.5 (Größen)");
  SearchStore store_{pool_};
};

TEST_F(SearchStoreTest, AllWordsOfTheQueryAreBeginningsOfWords) {
  for (const char* query : {"analysis", "ANA", "ana üb", "ÜBUNG", "2.5", "analysis, 2", "größ", "zur-analysis"}) {
    EXPECT_THAT(Find(query), ElementsAre(CourseName(analysis_))) << query;
  }
  for (const char* query : {"nalysis", "ana algebra", "ubung", "über", "--", "  ", "„“"}) EXPECT_THAT(Find(query), IsEmpty()) << query;
}

TEST_F(SearchStoreTest, ALongQueryAsksForItsFirstTwelveWordsOnly) {
  const int64_t lecture = Lecture(analysis_, "a1 a2 a3 a4 a5 a6 a7 a8 a9 b1 b2 b3");
  EXPECT_THAT(Find("a1 a2 a3 a4 a5 a6 a7 a8 a9 b1 b2 b3 absent"), ElementsAre(LectureName(lecture)));
  EXPECT_THAT(Find("a1 a2 a3 a4 a5 a6 a7 a8 a9 b1 b2 absent"), IsEmpty());
  // Each is counted once.
  EXPECT_THAT(Find("a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1"), ElementsAre(LectureName(lecture)));
  EXPECT_THAT(Find("a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 absent"), IsEmpty());
}

TEST_F(SearchStoreTest, CaseDoesNotCountInAnyScript) {
  const int64_t lecture = Lecture(analysis_, "Über МАТЕМАТИКА ΓΕΩΜΕΤΡΙΑ 数学");
  // The third is written with an accent of its own behind the letter.
  for (const char* query : {"über", "ÜBER", "U\u0308ber", "математ", "γεωμετρ", "数学"}) {
    EXPECT_THAT(Find(query), ElementsAre(LectureName(lecture))) << query;
  }
}

TEST_F(SearchStoreTest, WhatAQueryHoldsIsNeverAnOperator) {
  for (const char* query :
       {"ana & !zur", "ana | algebra", "ana:*", "'ana'", "ana'':*A", "(ana", "ana)", "ana <-> zur", "\\ana", "ana\\", "a*", "!analysis",
        "'; drop table courses; --", "%", "_", "$1", "\xF0\x9F\x8E\x93 ana", "ana\t\nzur", "&&&&", "::::", "''''", "ana\u200Bzur"}) {
    absl::StatusOr<Page<SearchHitRow>> hits = store_.Search({}, query, std::nullopt, {10, ""});
    EXPECT_OK(hits) << query;
  }
  EXPECT_THAT(Find("ana & zur"), ElementsAre(CourseName(analysis_)));
  EXPECT_THAT(Find("!analysis"), ElementsAre(CourseName(analysis_)));
  EXPECT_THAT(Find("ana | algebra"), IsEmpty());
  EXPECT_EQ(Number("select count(*) from courses"), 1);
}

TEST_F(SearchStoreTest, TitlesStandBeforeDescriptionsAndNewerOnesBeforeOlder) {
  database_.Execute(absl::StrCat("update courses set description = 'Folgen und Reihen' where id = ", analysis_));
  const int64_t old = Lecture(analysis_, "Folgen");
  const int64_t recent = Lecture(analysis_, "Folgen II");
  const int64_t mentioned = Lecture(analysis_, "Limits");
  database_.Execute(absl::StrCat("update lectures set starts_at = '2026-01-01' where id = ", old));
  database_.Execute(absl::StrCat("update lectures set starts_at = '2026-02-01' where id = ", recent));
  database_.Execute(absl::StrCat("update lectures set description = 'auch Folgen', starts_at = '2030-01-01' where id = ", mentioned));
  const std::vector<std::string> expected = {LectureName(recent), LectureName(old), LectureName(mentioned), CourseName(analysis_)};
  for (int page_size : {1, 2, 3, 4, 50}) EXPECT_EQ(Find("folgen", page_size), expected) << page_size;
  EXPECT_EQ(Find("folgen", 50, Course(chair_)), std::vector<std::string>());
}

TEST_F(SearchStoreTest, EveryHitIsOnOnePageOnly) {
  std::set<std::string> expected;
  for (int i = 0; i < 23; ++i) expected.insert(LectureName(Lecture(analysis_, "Same title")));
  for (int page_size : {1, 5, 23}) {
    std::vector<std::string> found = Find("same title", page_size);
    EXPECT_EQ(found.size(), expected.size());
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), expected);
  }
  EXPECT_THAT(store_.Search({}, "x", std::nullopt, {5, "bm9uc2Vuc2U"}), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_PAGE_TOKEN"));
}

TEST_F(SearchStoreTest, AHiddenCourseIsFoundWithinItselfOnly) {
  const int64_t hidden = Course(chair_, "hidden", "Secret seminar");
  const int64_t lecture = Lecture(hidden, "Secret talk");
  EXPECT_THAT(Find("secret"), IsEmpty());
  EXPECT_THAT(Find("secret talk", 50, hidden), ElementsAre(LectureName(lecture)));
  EXPECT_THAT(Find("secret", 50, Course(chair_, "enrolled", "Secret too")), IsEmpty());
}

TEST_F(SearchStoreTest, OneStatementFindsWhateverThereIs) {
  EXPECT_EQ(StatementsOf([&] { EXPECT_THAT(Find("nothing"), IsEmpty()); }), 1);
  for (int i = 0; i < 40; ++i) Lecture(analysis_, "Much");
  EXPECT_EQ(StatementsOf([&] { EXPECT_EQ(Find("much").size(), 40u); }), 1);
}

}  // namespace
}  // namespace lectern::api
