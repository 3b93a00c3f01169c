#include "vod_service/live/live_names.h"

#include <map>
#include <memory>
#include <utility>

#include "common/base/status.h"

namespace lectern::vod {

absl::StatusOr<std::vector<LiveSetFiles>> StoredSets(Catalog& catalog, int64_t recording) {
  ASSIGN_OR_RETURN(std::vector<LiveFormatRecord> formats, catalog.ListLiveFormats(recording));
  ASSIGN_OR_RETURN(std::vector<LiveSetRecord> records, catalog.ListLiveSets(recording));
  ASSIGN_OR_RETURN(auto swept, catalog.ListLiveSwept(recording));
  const std::map<std::string, int64_t> gone(swept.begin(), swept.end());
  std::map<int64_t, std::shared_ptr<const LiveFormat>> known;
  for (const LiveFormatRecord& format : formats) {
    ASSIGN_OR_RETURN(LiveFormat tracks, DecodeFormat(format.tracks));
    known[format.number] = std::make_shared<const LiveFormat>(std::move(tracks));
  }
  std::vector<LiveSetFiles> sets;
  for (const LiveSetRecord& record : records) {
    const auto& format = known[record.format];
    if (format == nullptr) return absl::DataLossError("a set in the catalog has no tracks");
    LiveSetFiles& set = sets.emplace_back(LiveSetFiles{record.number, record.start_ms, record.end_ms, format, {}});
    ASSIGN_OR_RETURN(set.segments, DecodeSegments(record, *format));
    for (size_t i = 0; i < format->size() && !gone.empty(); ++i) {
      const auto found = gone.find((*format)[i].label);
      if (found != gone.end() && record.sequence <= found->second) set.segments[i] = {};
    }
  }
  return sets;
}

absl::StatusOr<absl::flat_hash_set<std::string>> StoredNames(Catalog& catalog, const LiveRecord& live) {
  ASSIGN_OR_RETURN(const std::vector<LiveSetFiles> sets, StoredSets(catalog, live.id));
  absl::flat_hash_set<std::string> names;
  for (const LiveSetFiles& set : sets) {
    for (const LiveTrackFormat& track : *set.format) names.insert(track.init);
    for (const LiveSegmentFile& segment : set.segments) names.insert(segment.name);
  }
  return names;
}

}  // namespace lectern::vod
