// Texts and pictures of what is on air, with their headers. Private to the room.
#pragma once

#include <string>

#include "vod_service/live/live_library.h"

namespace lectern::vod {

enum class LiveKind { kMaster, kMedia, kPreview };

// The ETag is made of the content: the same bytes have the same one after a restart.
LiveText PlaylistText(std::string text, LiveKind kind);

}  // namespace lectern::vod
