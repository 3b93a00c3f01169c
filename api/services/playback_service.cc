#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/playback_claims.h"
#include "api/services/services.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "lectern/v1/playback.pb.h"

namespace lectern::api {
namespace {

// Nobody follows so many viewings that two of them share an allowance by chance.
int64_t NewViewing() {
  return absl::Uniform<int64_t>(absl::BitGen(), 1, int64_t{1} << 53);
}

absl::Status Withdrawn() {
  return WithReason(absl::PermissionDeniedError("the right to play this lecture was withdrawn; open it again"), "TOKEN_REVOKED");
}

class PlaybackService {
 public:
  explicit PlaybackService(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status Create(CallContext& call, const v1::CreatePlaybackRequest& request, v1::Playback& playback) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("lecture", request.lecture(), "lectures"));
    ASSIGN_OR_RETURN(LectureRow lecture, deps_.stores.lectures.Get(id));
    return Fill(call.caller, lecture, request.wait(), NewViewing(), playback);
  }

  // Of a viewing, not of its newest token, of which there would be one with every call.
  std::string Allowance(const v1::RefreshPlaybackRequest& request) const {
    const absl::StatusOr<Claims> claims = deps_.keys.Verify(request.token(), Audience::kPlayback, deps_.clock.Now());
    if (!claims.ok()) return "";
    return absl::StrCat("playback/", claims->subject, "/", claims->lecture, "/", claims->serial);
  }

  absl::Status Refresh(CallContext&, const v1::RefreshPlaybackRequest& request, v1::Playback& playback) {
    ASSIGN_OR_RETURN(Claims claims, deps_.keys.Verify(request.token(), Audience::kPlayback, deps_.clock.Now()));
    if (claims.download) return WithReason(absl::UnauthenticatedError("the token is for a file, not for playing"), "TOKEN_INVALID");
    RETURN_IF_ERROR(CheckRevocations(claims));
    ASSIGN_OR_RETURN(Caller caller, CallerOf(claims.subject));
    ASSIGN_OR_RETURN(AccessFacts facts, deps_.stores.access.Facts("lectures", claims.lecture, caller.user_id));
    if (!facts.exists || LevelFor(caller, facts) < Level::kViewer) {
      return WithReason(absl::NotFoundError(absl::StrCat(NameOf("lectures", claims.lecture),
                                                         " does not exist or is not for you to see")),
                        "LECTURE_NOT_FOUND");
    }
    ASSIGN_OR_RETURN(LectureRow lecture, deps_.stores.lectures.Get(claims.lecture));
    const int64_t viewing = claims.serial == 0 ? NewViewing() : claims.serial;
    if (lecture.state == "live" && deps_.viewers != nullptr) deps_.viewers->Saw(lecture.id, viewing);
    return Fill(caller, lecture, true, viewing, playback);
  }

 private:
  absl::Status Fill(const Caller& caller, const LectureRow& lecture, bool wait, int64_t viewing, v1::Playback& playback) {
    std::set<int64_t> keepers;
    for (const ViewRow& view : lecture.views) {
      if (view.playable()) keepers.insert(view.vod_resource_id);
    }
    if (keepers.empty() && !wait) {
      return WithReason(absl::FailedPreconditionError(absl::StrCat(NameOf("lectures", lecture.id), " cannot be played yet; it "
                                                                   "shows what is still coming")),
                        "NOT_PLAYABLE_YET");
    }
    const absl::Time now = deps_.clock.Now();
    FillFacts(lecture, now, playback);
    if (keepers.empty()) {
      playback.set_token(TokenFor(caller, lecture.id, 0, "", viewing, now));
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(std::vector<EligibleResource> edges,
                     deps_.stores.resources.ListEligible(lecture.organization_id, "edge", deps_.suspect_after));
    if (edges.empty()) {
      return WithReason(absl::UnavailableError("no edge that could serve this lecture is alive; try again in a moment"),
                        "NO_EDGE");
    }
    for (const ViewRow& view : lecture.views) {
      if (!view.playable()) continue;
      // One token plays all views where one VOD service keeps them all: its `res` names only one.
      std::string token = TokenFor(caller, lecture.id, view.vod_resource_id, keepers.size() == 1 ? "" : view.view, viewing,
                                   now);
      if (playback.token().empty()) playback.set_token(token);
      AddUrls(lecture.id, view, token, edges, *playback.add_views());
    }
    return absl::OkStatus();
  }

  static void FillFacts(const LectureRow& lecture, absl::Time now, v1::Playback& playback) {
    SetTime(now + MaxLifetime(Audience::kPlayback), *playback.mutable_expire_time());
    playback.set_lecture(NameOf("lectures", lecture.id));
    playback.set_title(lecture.title);
    playback.set_state(LectureStateOf(lecture.state));
    if (lecture.starts_at) SetTime(*lecture.starts_at, *playback.mutable_start_time());
    if (lecture.ends_at) SetTime(*lecture.ends_at, *playback.mutable_end_time());
    SetTime(now, *playback.mutable_now());
  }

  // Those that edges refuse are refused here as well.
  absl::Status CheckRevocations(const Claims& claims) {
    ASSIGN_OR_RETURN(bool revoked, deps_.stores.revocations.Covers(claims.lecture, claims.subject, claims.issued_at));
    return revoked ? Withdrawn() : absl::OkStatus();
  }

  // The person as they are now: roles change, and accounts are closed.
  absl::StatusOr<Caller> CallerOf(const std::string& subject) {
    Caller caller;
    if (subject == kAnonymousSubject) return caller;
    std::optional<int64_t> id = ParseName(subject, "users");
    if (!id) return WithReason(absl::UnauthenticatedError("the token is of nobody who could watch"), "TOKEN_INVALID");
    absl::StatusOr<UserRow> user = deps_.stores.users.Get(*id);
    if (absl::IsNotFound(user.status()) || (user.ok() && user->disabled)) return Withdrawn();
    if (!user.ok()) return user.status();
    caller.kind = Caller::Kind::kUser;
    caller.user_id = user->id;
    caller.role = user->role;
    return caller;
  }

  std::string TokenFor(const Caller& caller, int64_t lecture, int64_t vod_resource, const std::string& view, int64_t viewing,
                       absl::Time now) {
    return deps_.keys.Sign(Audience::kPlayback, PlaybackClaims(caller, lecture, vod_resource, view, viewing, now));
  }

  static void AddUrls(int64_t lecture, const ViewRow& view, const std::string& token,
                      const std::vector<EligibleResource>& edges, v1::ViewPlayback& playback) {
    playback.set_view(ViewOf(view.view));
    playback.set_state(ViewStateOf(view.state));
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
  registry.Add("lectern.v1.PlaybackService.RefreshPlayback", service, &PlaybackService::Refresh);
  registry.LimitBy("lectern.v1.PlaybackService.RefreshPlayback", service, &PlaybackService::Allowance);
}

}  // namespace lectern::api
