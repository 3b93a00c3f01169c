#include "api/services/pictures.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/services/convert.h"
#include "api/services/playback_claims.h"
#include "api/services/services.h"
#include "common/base/status.h"
#include "lectern/v1/lectures.pb.h"

namespace lectern::api {
namespace {

constexpr int kMaxEdges = 3;

// Below the address of the view; empty: the view has none.
std::string PathOf(const ViewRow& view) {
  if (!view.playable()) return "";
  return view.live() ? "preview.jpg" : view.poster_path;
}

// The best view that has a picture: what is on air shows most, then by what people look at (LectureRow::views is in that order).
const ViewRow* Pictured(const LectureRow& lecture) {
  const ViewRow* best = nullptr;
  for (const ViewRow& view : lecture.views) {
    if (PathOf(view).empty()) continue;
    if (best == nullptr || (view.live() && !best->live())) best = &view;
  }
  return best;
}

}  // namespace

absl::Status Pictures::Add(const Caller& viewer, absl::Span<const LectureRow> rows, absl::Span<v1::Lecture* const> lectures) const {
  std::set<int64_t> organizations;
  for (const LectureRow& row : rows) organizations.insert(row.organization_id);
  ASSIGN_OR_RETURN(Edges edges, deps_.stores.home.Edges(std::vector<int64_t>(organizations.begin(), organizations.end()),
                                                        deps_.suspect_after, kMaxEdges));
  for (size_t i = 0; i < rows.size(); ++i) AddUrls(viewer, rows[i], edges, *lectures[i]);
  return absl::OkStatus();
}

absl::Status Pictures::Answer(const Caller& viewer, absl::Span<const LectureRow> rows,
                              const std::function<v1::Lecture*()>& add) const {
  std::vector<v1::Lecture*> lectures;
  for (const LectureRow& row : rows) {
    lectures.push_back(add());
    ToProto(row, *lectures.back());
  }
  return Add(viewer, rows, lectures);
}

absl::Status Pictures::AddOne(const Caller& viewer, const LectureRow& row, v1::Lecture& lecture) const {
  if (Pictured(row) == nullptr) return absl::OkStatus();
  v1::Lecture* const one[] = {&lecture};
  return Add(viewer, absl::MakeConstSpan(&row, 1), one);
}

void Pictures::AddUrls(const Caller& viewer, const LectureRow& row, const Edges& edges, v1::Lecture& lecture) const {
  const ViewRow* view = Pictured(row);
  auto near = edges.find(row.organization_id);
  if (view == nullptr || near == edges.end()) return;
  const absl::Time hour = absl::FromUnixSeconds(absl::ToUnixSeconds(deps_.clock.Now()) / 3600 * 3600);
  const std::string token =
      deps_.keys.Sign(Audience::kPlayback, PlaybackClaims(viewer, row.id, view->vod_resource_id, view->view, 0, hour));
  for (const std::string& edge : near->second) {
    lecture.add_picture_urls(
        absl::StrCat(absl::StripSuffix(edge, "/"), "/p/", token, "/", row.id, "/", view->view, "/", PathOf(*view)));
  }
}

}  // namespace lectern::api
