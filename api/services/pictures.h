// Addresses of stills of lectures.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/domain/access.h"
#include "api/store/lecture_store.h"

namespace lectern::v1 {
class Lecture;
}  // namespace lectern::v1

namespace lectern::api {

struct ServiceDeps;

// Thread-safe; reads the edges of all lectures with one statement, whatever they have.
class Pictures {
 public:
  explicit Pictures(const ServiceDeps& deps) : deps_(deps) {}

  // Adds to each of `lectures` the addresses of its picture, as the row beside it says: of a live one the newest, of a recording
  // its poster; best edge first, at most three. The token in them is `viewer`'s for that view, and the same until the hour is over,
  // so that browsers find the picture again. Who may see the lectures was decided before.
  absl::Status Add(const Caller& viewer, absl::Span<const LectureRow> rows, absl::Span<v1::Lecture* const> lectures) const;

  // Fills what `add` gives for each row in turn, pictures and all.
  absl::Status Answer(const Caller& viewer, absl::Span<const LectureRow> rows, const std::function<v1::Lecture*()>& add) const;

  // The same for one lecture, which costs no statement where it has no picture.
  absl::Status AddOne(const Caller& viewer, const LectureRow& row, v1::Lecture& lecture) const;

 private:
  using Edges = std::map<int64_t, std::vector<std::string>>;
  void AddUrls(const Caller& viewer, const LectureRow& row, const Edges& edges, v1::Lecture& lecture) const;

  const ServiceDeps& deps_;
};

}  // namespace lectern::api
