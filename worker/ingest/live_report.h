// What a live job tells the API about itself. Pure. Private to the room.
#pragma once

#include "lectern/v1/link.pb.h"
#include "lectern/v1/live_media.pb.h"
#include "worker/ingest/look.h"
#include "worker/ingest/warnings.h"
#include "worker/live/pipeline.h"

namespace lectern::worker {

void FillFacts(const PipelineFacts& facts, const Look& look, v1::LiveFacts& message);
void FillWarnings(const std::vector<Warning>& warnings, v1::LiveReport& report);

// End, and renditions with the bit rates of `set`, which was stored just now; those of an earlier one stay where it is null.
void FillStored(const v1::LiveStored& stored, const SegmentSet* set, v1::LiveReport& report);

}  // namespace lectern::worker
