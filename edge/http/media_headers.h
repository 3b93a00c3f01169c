// Response headers of media, by kind. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/message.h"
#include "edge/cache/object_file.h"

namespace lectern::edge {

// How long a copy may be used without asking the origin. Master playlists are replaced when a better version is
// published; all other names are unique for ever (ARCHITECTURE.md, "HTTP between the parts").
absl::Duration FreshFor(absl::string_view key);

// How old a copy may be that is served while the origin does not answer.
inline constexpr absl::Duration kStaleFor = absl::Hours(24);

// The header block of an object: type, validators, Cache-Control, CORS. `private`, since the token in the path makes an
// address one viewer's own: a shared cache in between could not use the copy for anybody else, and should not keep it.
std::string MediaHeaders(const ObjectMeta& meta);

// For answers that are not an object: players' scripts may read errors, too.
void AddCors(http::Response& response);

// The answer to an OPTIONS request.
http::Response Preflight();

}  // namespace lectern::edge
