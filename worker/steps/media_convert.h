// Media facts as messages. Private to the room.
#pragma once

#include "common/media/media_facts.h"
#include "lectern/v1/jobs.pb.h"

namespace lectern::worker {

v1::MediaInfo ToMessage(const media::MediaFacts& facts, const media::GopFacts& gop);

}  // namespace lectern::worker
