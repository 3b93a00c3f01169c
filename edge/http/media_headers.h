// Response headers of media, by kind. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/message.h"
#include "edge/cache/object_file.h"

namespace lectern::edge {

// Playlists of what is or was on air, whole or in their short form.
bool IsLivePlaylist(absl::string_view key);

// The path of the object that a request means: "..._HLS_skip=YES" of a live playlist is its short form; every other
// query means nothing here.
std::string ObjectPath(absl::string_view path, absl::string_view query);

// How long a copy may be used without asking the origin. Master playlists are replaced when a better version is
// published, and playlists of what is on air grow; all other names are unique for ever (ARCHITECTURE.md, "HTTP between
// the parts").
absl::Duration FreshFor(const ObjectMeta& meta);

// How old a copy may be that is served while the origin does not answer: an old playlist of what is on air helps
// nobody.
absl::Duration StaleFor(const ObjectMeta& meta);

// How long an origin that failed is not asked again about an object that is known.
absl::Duration FailingFor(absl::string_view key);

// The header block of an object: type, validators, Cache-Control, CORS. `private`, since the token in the path makes an
// address one viewer's own: a shared cache in between could not use the copy for anybody else, and should not keep it.
std::string MediaHeaders(const ObjectMeta& meta);

// For answers that are not an object: players' scripts may read errors, too.
void AddCors(http::Response& response);

// The answer to an OPTIONS request.
http::Response Preflight();

}  // namespace lectern::edge
