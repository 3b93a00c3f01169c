// Courses and lectures by the words of their titles and descriptions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/domain/access.h"
#include "api/store/page.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct SearchHitRow {
  bool course = false;          // else a lecture
  int64_t id = 0;
  int64_t rank = 0;             // 2: all words stand in the title
  int64_t at_us = 0;            // of its start, else of its making; Unix time
};

// Thread-safe. One statement a call.
class SearchStore {
 public:
  explicit SearchStore(pg::Pool& pool) : pool_(pool) {}

  // What has words that begin with all the words of `query` (its first twelve; search_query in the migrations), titles before
  // descriptions, newer ones first. Only what the reader may watch and what is listed for them; in `course`, all that they may watch,
  // since they know its name. Rehearsals are never found. A query without a word finds nothing.
  absl::StatusOr<Page<SearchHitRow>> Search(const Caller& reader, absl::string_view query, std::optional<int64_t> course,
                                            const PageRequest& page) const;

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
