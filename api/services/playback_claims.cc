#include "api/services/playback_claims.h"

#include "api/calls/key_ring.h"

namespace lectern::api {

Claims PlaybackClaims(const Caller& caller, int64_t lecture, int64_t vod_resource, const std::string& view, int64_t viewing,
                      absl::Time issued_at) {
  Claims claims;
  claims.subject = caller.is_user() ? caller.Name() : kAnonymousSubject;
  claims.issued_at = issued_at;
  claims.expires_at = issued_at + MaxLifetime(Audience::kPlayback);
  claims.lecture = lecture;
  claims.resource = vod_resource;
  claims.view = view;
  claims.serial = viewing;
  return claims;
}

}  // namespace lectern::api
