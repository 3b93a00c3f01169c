// What a worker encodes is what the VOD service packages: both together, without the programs around them.
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/media/hls_playlist.h"
#include "lectern/v1/jobs.pb.h"
#include "lectern/v1/link.pb.h"
#include "tests/support/media.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/worker/steps/fake_vod.h"
#include "vod_service/packaging/packager.h"
#include "worker/steps/step.h"

namespace lectern {
namespace {

using testing::FakeJobContext;
using testing::FakeVod;
using ::testing::IsEmpty;
using testing::MediaFile;
using testing::RunTool;
using testing::TempDir;

class Pipeline {
 public:
  explicit Pipeline(const std::string& recording) : vod_(MediaFile(recording)) {}

  v1::JobResult Run(const v1::JobSpec& spec) {
    v1::Assign assign;
    assign.set_job(FakeVod::kJob);
    assign.set_token(FakeVod::kToken);
    assign.set_media_url(vod_.url());
    assign.set_job_token(FakeVod::kBearer);
    *assign.mutable_spec() = spec;
    TempDir scratch;
    worker::StepEnvironment environment{*proxy_, scratch.path(), 0, 1, absl::Seconds(20), absl::Seconds(5)};
    link::Outcome outcome = worker::RunStep(assign, environment, context_);
    EXPECT_EQ(outcome.kind, link::Outcome::kDone) << outcome.error << outcome.log_tail;
    return outcome.result ? *outcome.result : v1::JobResult();
  }

  v1::MediaInfo Probe() {
    v1::JobSpec spec;
    spec.mutable_probe();
    return Run(spec).probe();
  }

  // Encodes and packages; the track's folder is below output().
  void Video(const v1::MediaInfo& media, int width, int height) {
    v1::JobSpec spec;
    *spec.mutable_media() = media;
    v1::TranscodeVideoSpec& video = *spec.mutable_transcode_video();
    video.set_label(absl::StrCat(height, "p"));
    video.set_width(width);
    video.set_height(height);
    video.set_crf(28);
    video.set_max_bitrate_bps(700'000);
    video.set_gop_seconds(2);
    Package(Run(spec).output(), video.label(), false, media.video().duration_seconds());
  }

  void Sound(const v1::MediaInfo& media) {
    v1::JobSpec spec;
    *spec.mutable_media() = media;
    spec.mutable_transcode_audio();
    Package(Run(spec).output(), "audio", true, media.audio().duration_seconds());
  }

  std::string Master() const {
    std::string path = output_ / "master.m3u8";
    std::ofstream(path) << media::WriteMasterPlaylist(renditions_);
    return path;
  }
  std::string Index(const std::string& label) const { return *ReadFile(output_ / (label + "/index.m3u8")); }

 private:
  void Package(const v1::OutputResult& output, const std::string& label, bool audio, double expected) {
    TempDir received;
    vod::PackageRequest request;
    request.input_path = received / output.name();
    vod_.Save(output.name(), request.input_path);
    request.output_dir = output_.path();
    request.video = !audio;
    request.audio = audio;
    request.video_track = request.audio_track = {label, expected};
    auto tracks = vod::Package(request);
    ASSERT_OK(tracks);
    const vod::PackagedTrack& track = tracks->front();
    renditions_.push_back({label + "/index.m3u8", track.codecs, track.bandwidth_bps, track.average_bandwidth_bps, audio,
                           track.width, track.height, track.frame_rate, track.channels});
  }

  FakeVod vod_;
  FakeJobContext context_;
  std::unique_ptr<worker::SourceProxy> proxy_ = *worker::SourceProxy::Start();
  TempDir output_;
  std::vector<media::PublishedRendition> renditions_;
};

std::string DecodeErrors(const std::string& playlist) {
  return RunTool({"ffmpeg", "-nostdin", "-v", "warning", "-xerror", "-i", playlist, "-map", "0", "-f", "null", "-"});
}

TEST(PipelineTest, WhateverCanBeDecodedBecomesPlayable) {
  struct Case {
    const char* file;
    int width, height;
  };
  for (const Case& one :
       {Case{"vp9.webm", 160, 90}, Case{"hevc.mp4", 160, 90}, Case{"ten_bit.mp4", 160, 90}, Case{"odd.mkv", 160, 90},
        Case{"rotated.mp4", 90, 160}, Case{"vfr.mkv", 160, 90}, Case{"late_video.mp4", 160, 90}}) {
    SCOPED_TRACE(one.file);
    Pipeline pipeline(one.file);
    v1::MediaInfo media = pipeline.Probe();
    pipeline.Video(media, one.width, one.height);
    pipeline.Sound(media);
    EXPECT_THAT(DecodeErrors(pipeline.Master()), IsEmpty());
  }
}

TEST(PipelineTest, RenditionsAreCutAtTheSameMoments) {
  Pipeline pipeline("lecture.mp4");
  v1::MediaInfo media = pipeline.Probe();
  pipeline.Video(media, 320, 180);
  pipeline.Video(media, 160, 90);
  EXPECT_EQ(pipeline.Index("180p"), pipeline.Index("90p"));
}

// Begins of what a filter reports, in seconds.
std::vector<double> Moments(const std::string& playlist, const std::vector<std::string>& filter,
                            const std::string& word) {
  std::vector<std::string> argv = {"ffmpeg", "-nostdin", "-v", "info", "-copyts", "-i", playlist};
  argv.insert(argv.end(), filter.begin(), filter.end());
  argv.insert(argv.end(), {"-f", "null", "-"});
  std::string log = RunTool(argv);
  std::vector<double> times;
  for (size_t at = log.find(word); at != std::string::npos; at = log.find(word, at + 1))
    times.push_back(atof(log.c_str() + at + word.size()));
  return times;
}

TEST(PipelineTest, EncodedSoundAndPictureStayTogether) {
  Pipeline pipeline("flash_beep.mp4");
  v1::MediaInfo media = pipeline.Probe();
  pipeline.Video(media, 160, 90);
  pipeline.Sound(media);
  std::string master = pipeline.Master();
  std::vector<double> flashes = Moments(master, {"-vf", "negate,blackdetect=d=0.03:pic_th=0.9", "-an"}, "black_start:");
  std::vector<double> beeps = Moments(master, {"-af", "silencedetect=n=-20dB:d=0.3", "-vn"}, "silence_end: ");
  ASSERT_GE(flashes.size(), 5u);
  ASSERT_GE(beeps.size(), 5u);
  for (size_t i = 0; i < 5; ++i) EXPECT_NEAR(beeps[i], flashes[i], 0.05);
}

}  // namespace
}  // namespace lectern
