// What a worker stores at once: one segment of every track, over the same stretch of time; and how the catalog keeps
// it. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "vod_service/library/records.h"

namespace lectern::vod {

struct LiveTrackFormat {
  std::string label;  // "1080p", "audio"
  bool audio = false;
  std::string codecs;  // RFC 6381
  int width = 0;
  int height = 0;
  double frame_rate = 0;
  int channels = 0;
  bool copied = false;
  std::string init;         // name of the init segment
  std::string init_sha256;  // hex

  bool operator==(const LiveTrackFormat&) const = default;
};

using LiveFormat = std::vector<LiveTrackFormat>;

struct LiveSegmentFile {
  std::string name;  // empty: a gap
  int64_t size_bytes = 0;
  int64_t duration_us = 0;
};

struct LiveSetFiles {
  int64_t number = 0;
  int64_t start_ms = 0;  // of the timeline
  int64_t end_ms = 0;
  std::shared_ptr<const LiveFormat> format;
  std::vector<LiveSegmentFile> segments;  // in the order of `format`
};

// Holes up to this length are rounding, not missing media; so are overlaps.
inline constexpr int64_t kToleranceMs = 100;

// Errors: kInvalidArgument/BAD_SET, naming what is wrong with it.
absl::Status CheckSet(const LiveSetFiles& set);

// "1080p-7-12.m4s" for number 12 of fence 7.
std::string SegmentName(absl::string_view label, int64_t fence, int64_t number);

// "name,size,duration in microseconds" for each track, separated by ";"; the name is left out where it is SegmentName,
// a gap is empty.
std::string EncodeSegments(const LiveSetFiles& set, int64_t fence);
// Errors: kDataLoss.
absl::StatusOr<std::vector<LiveSegmentFile>> DecodeSegments(const LiveSetRecord& record, const LiveFormat& format);

// One line for a track, its fields separated by tabs.
std::string EncodeFormat(const LiveFormat& format);
absl::StatusOr<LiveFormat> DecodeFormat(absl::string_view text);

}  // namespace lectern::vod
