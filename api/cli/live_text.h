// Live streams in words and as a table.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace lectern::v1 {  // generated; see proto/lectern/v1/live.proto
class ListLiveStreamsResponse;
class LiveStream;
}  // namespace lectern::v1

namespace lectern::cli {

// One line a stream: state, lecture, view, proxy, worker, epoch, bitrate, age of the last segment, codes of warnings. Ages are
// counted to `now`.
std::string LiveTable(const v1::ListLiveStreamsResponse& streams, absl::Time now);

// Everything about one stream, with its warnings in words.
std::string LiveText(const v1::LiveStream& stream, absl::Time now);

}  // namespace lectern::cli
