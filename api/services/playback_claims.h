// What playback tokens say.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "api/domain/access.h"
#include "common/token/token.h"

namespace lectern::api {

// The subject of tokens of people who are not signed in.
inline constexpr char kAnonymousSubject[] = "anonymous";

// `vod_resource` 0: it is not known yet; such a token plays nothing and can only be exchanged for another. `view` empty: all views.
// `viewing` stays the same with every exchange; 0: of no viewing.
Claims PlaybackClaims(const Caller& caller, int64_t lecture, int64_t vod_resource, const std::string& view, int64_t viewing,
                      absl::Time issued_at);

}  // namespace lectern::api
