#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/services.h"
#include "common/base/status.h"
#include "lectern/v1/playback.pb.h"

namespace lectern::api {
namespace {

class PlaybackService {
 public:
  explicit PlaybackService(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status Create(CallContext& call, const v1::CreatePlaybackRequest& request, v1::Playback& playback) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("lecture", request.lecture(), "lectures"));
    ASSIGN_OR_RETURN(LectureRow lecture, deps_.stores.lectures.Get(id));
    std::set<int64_t> keepers;
    for (const ViewRow& view : lecture.views) {
      if (view.playable()) keepers.insert(view.vod_resource_id);
    }
    if (keepers.empty()) {
      return WithReason(absl::FailedPreconditionError(absl::StrCat(request.lecture(), " cannot be played yet; it shows what is "
                                                                   "still coming")),
                        "NOT_PLAYABLE_YET");
    }
    ASSIGN_OR_RETURN(std::vector<EligibleResource> edges,
                     deps_.stores.resources.ListEligible(lecture.organization_id, "edge", deps_.suspect_after));
    if (edges.empty()) {
      return WithReason(absl::UnavailableError("no edge that could serve this lecture is alive; try again in a moment"),
                        "NO_EDGE");
    }
    absl::Time now = deps_.clock.Now();
    SetTime(now + MaxLifetime(Audience::kPlayback), *playback.mutable_expire_time());
    for (const ViewRow& view : lecture.views) {
      if (!view.playable()) continue;
      // One token plays all views where one VOD service keeps them all: its `res` names only one.
      std::string token = TokenFor(call, lecture.id, view.vod_resource_id, keepers.size() == 1 ? "" : view.view, now);
      AddUrls(lecture.id, view, token, edges, *playback.add_views());
    }
    return absl::OkStatus();
  }

 private:
  std::string TokenFor(const CallContext& call, int64_t lecture, int64_t vod_resource, const std::string& view,
                       absl::Time now) {
    Claims claims;
    claims.subject = call.caller.is_user() ? call.caller.Name() : "anonymous";
    claims.issued_at = now;
    claims.expires_at = now + MaxLifetime(Audience::kPlayback);
    claims.lecture = lecture;
    claims.resource = vod_resource;
    claims.view = view;
    return deps_.keys.Sign(Audience::kPlayback, claims);
  }

  static void AddUrls(int64_t lecture, const ViewRow& view, const std::string& token,
                      const std::vector<EligibleResource>& edges, v1::ViewPlayback& playback) {
    playback.set_view(ViewOf(view.view));
    for (const EligibleResource& edge : edges) {
      playback.add_urls(absl::StrCat(absl::StripSuffix(edge.public_url, "/"), "/p/", token, "/", lecture, "/", view.view,
                                     "/master.m3u8"));
    }
  }

  const ServiceDeps deps_;
};

}  // namespace

void AddPlaybackService(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<PlaybackService>(deps);
  registry.Add("lectern.v1.PlaybackService.CreatePlayback", service, &PlaybackService::Create);
}

}  // namespace lectern::api
