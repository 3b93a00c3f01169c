// What a live job tells the API about itself. Pure. Private to the room.
#pragma once

#include <vector>

#include "worker/ingest/look.h"
#include "worker/ingest/warnings.h"
#include "worker/live/pipeline.h"

namespace lectern::v1 {
class LiveFacts;
class LiveReport;
class LiveStored;
}  // namespace lectern::v1

namespace lectern::worker {

void FillFacts(const PipelineFacts& facts, const Look& look, v1::LiveFacts& message);
void FillWarnings(const std::vector<Warning>& warnings, v1::LiveReport& report);

// End, and renditions with the bit rates of `set`, which was stored just now; those of an earlier one stay where it is null.
void FillStored(const v1::LiveStored& stored, const SegmentSet* set, v1::LiveReport& report);

}  // namespace lectern::worker
