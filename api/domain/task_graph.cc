#include "api/domain/task_graph.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "api/domain/allocation.h"
#include "common/base/status.h"
#include "common/media/ladder.h"
#include "lectern/v1/jobs.pb.h"

namespace lectern::api {
namespace {

// Slots go first to what the lecture waits for, then to what is quickest.
constexpr int kAudioPriority = 0;
constexpr int kFirstRenditionPriority = 1;
constexpr int kFactsPriority = 5;
constexpr int kRenditionPriority = 10;   // and up, best picture first

constexpr int kDaySeconds = 24 * 3600;
// A recording of a day, copied at the pace of a slow disk, whose progress may stand still while the playlists are ended.
constexpr int kFinaliseLimitSeconds = 4 * 3600;
constexpr int kFinaliseStallSeconds = 300;

// The quickest rendition that people can still work with is published first.
constexpr int kGoodEnoughLines = 470;   // "480p" comes out a little lower where the shape is not exactly 16:9

v1::View ParseView(absl::string_view view) {
  if (view == "cam") return v1::CAM;
  if (view == "pres") return v1::PRES;
  return v1::COMB;
}

media::Content ContentOf(absl::string_view view) {
  if (view == "cam") return media::Content::kCamera;
  if (view == "pres") return media::Content::kSlides;
  return media::Content::kCombined;
}

PlannedJob NewPlanned(const Recording& recording, absl::string_view kind, absl::string_view label) {
  PlannedJob job;
  job.kind = std::string(kind);
  job.label = std::string(label);
  job.spec = std::make_shared<v1::JobSpec>();
  job.spec->set_upload_id(recording.upload_id);
  job.spec->set_lecture(recording.lecture);
  job.spec->set_view(ParseView(recording.view));
  return job;
}

class Planner {
 public:
  Planner(const Recording& recording, const v1::MediaInfo& media) : recording_(recording), media_(media) {}

  std::vector<PlannedJob> RunLive(bool continuous) {
    const bool usable = media_.duration_seconds() > 0;
    if (!usable) return {};
    if (media_.has_video() && continuous) AddRenditions(/*copied=*/true);
    AddFacts(media_.has_video(), media_.has_audio());
    return std::move(jobs_);
  }

  std::vector<PlannedJob> Run() {
    const bool video = media_.has_video(), audio = media_.has_audio();
    const bool copy_video = video && media_.video().copyable(), copy_audio = audio && media_.audio().copyable();
    if (audio && !copy_audio) AddSound();
    if (copy_video || copy_audio) AddCopy(copy_video, copy_audio);
    if (video) AddRenditions(copy_video);
    AddFacts(video, audio);
    return std::move(jobs_);
  }

 private:
  int Add(PlannedJob job) {
    *job.spec->mutable_media() = media_;
    job.run_limit_seconds = RunLimitSeconds(media_.duration_seconds());
    jobs_.push_back(std::move(job));
    return static_cast<int>(jobs_.size()) - 1;
  }

  int AddPackage(absl::string_view label, int job_class, int priority, int input, std::vector<int> needs) {
    PlannedJob job = NewPlanned(recording_, "package", label);
    job.at_vod_service = true;
    job.job_class = job_class;
    job.priority = priority;
    job.input = input;
    job.needs = std::move(needs);
    job.spec->mutable_package()->set_label(job.label);
    return Add(std::move(job));
  }

  // Every picture is published together with the sound, so the sound is always of the first class.
  void AddSound() {
    PlannedJob job = NewPlanned(recording_, "transcode_audio", "audio");
    job.job_class = kFirstPublicationClass;
    job.priority = kAudioPriority;
    job.spec->mutable_transcode_audio()->set_bitrate_bps(media::kAudioBitrateBps);
    const int transcode = Add(std::move(job));
    sound_ = AddPackage("audio", kFirstPublicationClass, kAudioPriority, transcode, {transcode});
  }

  void AddCopy(bool copy_video, bool copy_audio) {
    std::vector<int> needs;
    if (sound_ >= 0) needs.push_back(sound_);
    const int package =
        AddPackage(copy_video ? "source" : "audio", kFirstPublicationClass, kAudioPriority, -1, std::move(needs));
    v1::PackageSpec& spec = *jobs_[package].spec->mutable_package();
    spec.set_source(true);
    spec.set_copy_video(copy_video);
    spec.set_copy_audio(copy_audio);
    if (copy_audio && !copy_video) sound_ = package;
  }

  void AddRenditions(bool copied) {
    const v1::VideoInfo& video = media_.video();
    const std::vector<media::LadderRung> ladder = media::PlanLadder(
        ContentOf(recording_.view),
        {video.width(), video.height(), copied, video.max_gop_seconds(), video.bitrate_bps()});
    const int first = copied ? -1 : FirstRung(ladder);
    for (int i = 0; i < static_cast<int>(ladder.size()); ++i) AddRendition(ladder[i], i == first, kRenditionPriority + i);
  }

  // The smallest that is still good enough, since small is quick; else the largest.
  static int FirstRung(const std::vector<media::LadderRung>& ladder) {
    int first = 0;
    for (int i = 0; i < static_cast<int>(ladder.size()); ++i) {
      if (std::min(ladder[i].width, ladder[i].height) >= kGoodEnoughLines) first = i;
    }
    return first;
  }

  void AddRendition(const media::LadderRung& rung, bool first, int priority) {
    const int job_class = first ? kFirstPublicationClass : kImprovementClass;
    if (first) priority = kFirstRenditionPriority;
    PlannedJob job = NewPlanned(recording_, "transcode_video", rung.label);
    job.job_class = job_class;
    job.priority = priority;
    v1::TranscodeVideoSpec& spec = *job.spec->mutable_transcode_video();
    spec.set_label(rung.label);
    spec.set_width(rung.width);
    spec.set_height(rung.height);
    spec.set_crf(rung.crf);
    spec.set_max_bitrate_bps(rung.max_bitrate_bps);
    spec.set_niceness(rung.niceness);
    spec.set_tune(rung.tune);
    spec.set_gop_seconds(rung.gop_seconds);
    const int transcode = Add(std::move(job));
    std::vector<int> needs = {transcode};
    if (sound_ >= 0) needs.push_back(sound_);
    AddPackage(rung.label, job_class, priority, transcode, std::move(needs));
  }

  void AddFacts(bool video, bool audio) {
    if (video) {
      const media::ThumbnailPlan plan = media::PlanThumbnails(media_.duration_seconds());
      PlannedJob job = NewPlanned(recording_, "thumbnails", "");
      job.priority = kFactsPriority;
      job.spec->mutable_thumbnails()->set_tile_width(plan.tile_width);
      job.spec->mutable_thumbnails()->set_interval_seconds(plan.interval_seconds);
      Add(std::move(job));
    }
    if (!audio) return;
    PlannedJob loudness = NewPlanned(recording_, "loudness", "");
    loudness.priority = kFactsPriority;
    loudness.spec->mutable_loudness();
    const int measured = Add(std::move(loudness));
    PlannedJob silence = NewPlanned(recording_, "silence", "");
    silence.priority = kFactsPriority;
    silence.needs = {measured};
    silence.spec->mutable_silence();
    Add(std::move(silence));
  }

  const Recording& recording_;
  const v1::MediaInfo& media_;
  std::vector<PlannedJob> jobs_;
  int sound_ = -1;   // index of the job that publishes the sound; -1: none, or with the picture
};

}  // namespace

int RunLimitSeconds(double duration_seconds) {
  constexpr double kLeast = 600, kMost = 7 * 24 * 3600;
  if (!std::isfinite(duration_seconds)) return static_cast<int>(kLeast);
  return static_cast<int>(std::clamp(8 * duration_seconds, kLeast, kMost));
}

PlannedJob PlanProbe(const Recording& recording) {
  PlannedJob job = NewPlanned(recording, "probe", "");
  job.job_class = kInteractiveClass;
  job.spec->mutable_probe();
  return job;
}

PlannedJob PlanLiveIngest(const Recording& recording, int64_t start_time_ms, bool pull, int64_t end_time_ms) {
  PlannedJob job = NewPlanned(recording, kLiveIngestKind, "");
  job.job_class = kLiveClass;
  job.capability = kLiveCapability;
  job.run_limit_seconds = kDaySeconds;
  job.stall_seconds = 2 * kDaySeconds;   // longer than it may run: none
  v1::LiveIngestSpec& spec = *job.spec->mutable_live_ingest();
  spec.set_start_time_ms(start_time_ms);
  spec.set_pull(pull);
  if (pull) spec.set_end_time_ms(end_time_ms);
  return job;
}

PlannedJob PlanFinalise(const Recording& recording) {
  PlannedJob job = NewPlanned(recording, kFinaliseKind, "");
  job.job_class = kInteractiveClass;
  job.at_vod_service = true;
  job.run_limit_seconds = kFinaliseLimitSeconds;
  job.stall_seconds = kFinaliseStallSeconds;
  job.spec->mutable_finalise();
  return job;
}

PlannedJob PlanDeleteMedia(const Recording& recording) {
  PlannedJob job = NewPlanned(recording, "delete_media", "");
  job.job_class = kBackgroundClass;
  job.at_vod_service = true;
  job.spec->mutable_delete_media();
  return job;
}

std::vector<PlannedJob> PlanAfterLiveProbe(const Recording& recording, const v1::MediaInfo& media, bool continuous) {
  return Planner(recording, media).RunLive(continuous);
}

absl::StatusOr<std::vector<PlannedJob>> PlanAfterProbe(const Recording& recording, const v1::MediaInfo& media) {
  if (!media.has_video() && !media.has_audio()) {
    return WithReason(absl::InvalidArgumentError("the file has neither pictures nor sound that can be read"), "NOTHING_USABLE");
  }
  if (!(media.duration_seconds() > 0)) {
    return WithReason(absl::InvalidArgumentError("the recording has no length"), "NOTHING_USABLE");
  }
  std::vector<PlannedJob> jobs = Planner(recording, media).Run();
  const bool publishes = std::any_of(jobs.begin(), jobs.end(), [](const PlannedJob& job) { return job.kind == "package"; });
  if (!publishes) {
    return WithReason(absl::InvalidArgumentError("the pictures of the recording have no size that can be shown"), "NOTHING_USABLE");
  }
  return jobs;
}

std::string SpecJson(const PlannedJob& job, absl::Span<const int64_t> ids) {
  v1::JobSpec spec = *job.spec;
  if (job.input >= 0) spec.mutable_package()->set_job(ids[job.input]);
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(spec, &json).ok()) return "{}";
  return json;
}

absl::StatusOr<std::string> WithLoudness(absl::string_view spec_json, double integrated_lufs) {
  v1::JobSpec spec;
  google::protobuf::util::JsonParseOptions lenient;
  lenient.ignore_unknown_fields = true;
  if (!google::protobuf::util::JsonStringToMessage({spec_json.data(), spec_json.size()}, &spec, lenient).ok() ||
      !spec.has_silence()) {
    return absl::InvalidArgumentError("not the spec of a silence job");
  }
  spec.mutable_silence()->set_integrated_lufs(integrated_lufs);
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(spec, &json).ok()) return absl::InternalError("the spec cannot be written");
  return json;
}

}  // namespace lectern::api
