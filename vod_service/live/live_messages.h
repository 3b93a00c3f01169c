// Between the messages of workers and what the room computes with. Private to the room.
#pragma once

#include "vod_service/live/live_set.h"

namespace lectern::v1 {
class LiveSet;
class LiveStored;
}  // namespace lectern::v1

namespace lectern::vod {

// Not checked yet; segments of tracks that the set does not name are left out.
LiveSetFiles FromMessage(const v1::LiveSet& set);
void AddTracks(const LiveFormat& format, v1::LiveStored& stored);

}  // namespace lectern::vod
