// Rows of the catalog.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace lectern::vod {

enum class UploadState {
  kOpen,        // bytes are missing
  kComplete,    // all bytes are at RecordingKey(id), synced, digest known
  kExpired,     // abandoned
  kTerminated,  // given up by its client
  kBroken,      // bytes may be lost: the disk refused to sync; never resumed
  kDeleted,     // its media was deleted after it had been complete
  kLive,        // on air, or ended and without its source file yet; size and digest are not known
};

struct UploadRecord {
  std::string id;
  int64_t sequence = 0;  // order of creation; the newest recording of a view wins
  int64_t lecture = 0;
  std::string view;
  int64_t organization = 0;
  uint64_t size_bytes = 0;
  UploadState state = UploadState::kOpen;
  uint64_t durable_offset = 0;  // bytes that are synced; only these are ever acknowledged
  int64_t epoch = 0;            // grows with each writer; updates of an older one change nothing
  bool unverified = false;      // what the file has beyond durable_offset awaits its checksum
  std::string boot_id;          // of the machine when the writer began: bytes in the page cache are gone with it
  std::string metadata;         // Upload-Metadata as given
  std::string sha256;           // hex; kComplete and kDeleted
  std::string error;            // kBroken: for a person
  absl::Time created_at;
  absl::Time expires_at;
  bool reported = false;  // the API has recorded how the upload ended
};

struct OutputRecord {
  int64_t job = 0;
  int64_t fence = 0;
  std::string name;
  std::string upload;
  uint64_t size_bytes = 0;
  std::string sha256;  // hex
  std::string key;     // of the media object; empty while staged
};

struct RenditionRecord {
  std::string upload;
  std::string label;  // unique in an upload
  int64_t job = 0;
  std::string dir;  // relative to the view's folder
  bool audio = false;
  std::string codecs;
  int64_t bandwidth_bps = 0;
  int64_t average_bandwidth_bps = 0;
  int width = 0;
  int height = 0;
  double frame_rate = 0;
  int channels = 0;
  double duration_seconds = 0;
};

// What a view's master playlist is to offer. `version` grows with each change; `written` is the version on the disk.
struct PublishedView {
  int64_t lecture = 0;
  std::string view;
  std::string upload;
  int64_t version = 0;
  int64_t written = 0;
};

// A recording that was or is on air.
struct LiveRecord {
  int64_t id = 0;
  std::string upload;
  int64_t lecture = 0;
  std::string view;
  int64_t start_time_ms = 0;  // time zero of its timeline, milliseconds since 1970
  bool ended = false;
  int64_t job = 0;  // the newest holder: by job, then by fence
  int64_t fence = 0;
};

// Tracks as sets refer to them, numbered from 1 in a recording.
struct LiveFormatRecord {
  int64_t number = 0;
  std::string tracks;  // serialized
};

// One segment of every track.
struct LiveSetRecord {
  int64_t sequence = 0;  // media sequence number
  int64_t job = 0;
  int64_t fence = 0;
  int64_t number = 0;  // of the holder's sets
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  int64_t format = 0;
  std::string segments;  // in the order of the format's tracks; see live/live_set.h
};

struct LiveCommit {
  int64_t recording = 0;
  std::string upload;
  std::string new_tracks;  // of the format, where the set is the first that has it; else empty
  LiveSetRecord set;
  bool goes_on_air = false;  // the first set of all, or the first after an end
  absl::Time now;
  absl::Duration retention;
};

// Something to delete, not before a time.
struct SweepItem {
  enum Kind { kPrefix = 0, kUpload = 1, kLiveTrack = 2 };
  int64_t id = 0;
  Kind kind = kPrefix;
  std::string target;  // folder of media objects; upload id; <upload id>/<label>
  absl::Time not_before;
};

}  // namespace lectern::vod
