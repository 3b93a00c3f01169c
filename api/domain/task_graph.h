// The graph of jobs that turns a recording into a lecture (ARCHITECTURE.md, "How a recording becomes a lecture"). Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace lectern::v1 {
class JobSpec;
class MediaInfo;
}  // namespace lectern::v1

namespace lectern::api {

// The recording that a graph works on.
struct Recording {
  std::string upload_id;
  int64_t lecture = 0;
  std::string view;              // "comb", "cam", "pres"
};

inline constexpr int kLiveClass = 0;
inline constexpr int kInteractiveClass = 1;
inline constexpr int kFirstPublicationClass = 2;
inline constexpr int kImprovementClass = 3;
inline constexpr int kBackgroundClass = 4;


struct PlannedJob {
  std::string kind;              // "probe", "transcode_video", "transcode_audio", "package", "thumbnails", ...
  std::string label;             // "720p"; may be empty
  int job_class = kImprovementClass;
  int priority = 0;
  std::string capability;        // that the worker must have; empty: none
  bool at_vod_service = false;   // pinned to the VOD service that keeps the recording
  int run_limit_seconds = 600;
  int stall_seconds = 60;
  std::vector<int> needs;        // indices of jobs before it in the plan
  int input = -1;                // index of the job whose output it packages; -1: none
  std::shared_ptr<v1::JobSpec> spec;
};

// Hard limit of a job over a recording of this length: max(10 min, 8 times the length).
int RunLimitSeconds(double duration_seconds);

// The first job of a recording, interactive: everything else waits for it.
PlannedJob PlanProbe(const Recording& recording);

// What follows the probe. Copies first, and where no picture can be copied the quickest rendition that is good enough.
// Silence waits for loudness, whose result it gets through SetLoudness.
// Errors: kInvalidArgument with a sentence for the lecturer where nothing in the file can be shown or heard.
absl::StatusOr<std::vector<PlannedJob>> PlanAfterProbe(const Recording& recording, const v1::MediaInfo& media);

// Takes one view of a live lecture in. `pull`: from a source of its hall, until `end_time_ms`; else from a proxy.
PlannedJob PlanLiveIngest(const Recording& recording, int64_t start_time_ms, bool pull, int64_t end_time_ms);

// Ends what a live ingest has stored.
PlannedJob PlanFinalise(const Recording& recording);

// What follows the probe of a live recording, all of whose renditions can be played already. `continuous` (no gap, one set of
// codecs): smaller renditions of better quality take the place of those that were made in real time. Else only pictures, loudness
// and silence. May be empty.
std::vector<PlannedJob> PlanAfterLiveProbe(const Recording& recording, const v1::MediaInfo& media, bool continuous);

// Deletes the recording's media at its VOD service.
PlannedJob PlanDeleteMedia(const Recording& recording);

// The job's spec as JSON for the database. `ids` are the ids of the plan's jobs, in order.
std::string SpecJson(const PlannedJob& job, absl::Span<const int64_t> ids);

// The silence job's spec with the measured loudness filled in.
// Errors: kInvalidArgument where `spec_json` is no silence job.
absl::StatusOr<std::string> WithLoudness(absl::string_view spec_json, double integrated_lufs);

}  // namespace lectern::api
