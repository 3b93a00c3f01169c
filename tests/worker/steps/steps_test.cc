#include <google/protobuf/util/json_util.h>
#include <signal.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lectern/v1/jobs.pb.h"
#include "lectern/v1/link.pb.h"
#include "tests/support/media.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/worker/steps/fake_vod.h"
#include "worker/steps/step.h"

namespace lectern::worker {
namespace {

using link::Outcome;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::FakeJobContext;
using testing::FakeVod;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using testing::MediaFile;
using testing::RunTool;
using ::testing::SizeIs;
using testing::TempDir;

// One recording at a VOD service, and a worker's surroundings.
class Stage {
 public:
  struct OfFile {
    std::string path;
  };
  explicit Stage(const std::string& recording) : vod(MediaFile(recording)) {}
  explicit Stage(const OfFile& file) : vod(file.path) {}

  Outcome Run(const v1::JobSpec& spec) {
    v1::Assign assign;
    assign.set_job(FakeVod::kJob);
    assign.set_token(FakeVod::kToken);
    assign.set_media_url(vod.url());
    assign.set_job_token(FakeVod::kBearer);
    *assign.mutable_spec() = spec;
    return RunStep(assign, environment, context);
  }

  v1::MediaInfo Probe() {
    v1::JobSpec spec;
    spec.mutable_probe();
    Outcome outcome = Run(spec);
    EXPECT_EQ(outcome.kind, Outcome::kDone) << outcome.error << outcome.log_tail;
    return outcome.result ? outcome.result->probe() : v1::MediaInfo();
  }

  // A rendition of this size, of the probed recording.
  v1::JobSpec VideoSpec(int width, int height) {
    v1::JobSpec spec;
    *spec.mutable_media() = Probe();
    v1::TranscodeVideoSpec& video = *spec.mutable_transcode_video();
    video.set_label(absl::StrCat(height, "p"));
    video.set_width(width);
    video.set_height(height);
    video.set_crf(30);
    video.set_max_bitrate_bps(700'000);
    video.set_niceness(5);
    video.set_gop_seconds(2);
    return spec;
  }

  TempDir scratch;
  FakeVod vod;
  FakeJobContext context;
  std::unique_ptr<SourceProxy> proxy = *SourceProxy::Start();
  StepEnvironment environment{*proxy, scratch.path(), 0, 1, absl::Seconds(20), absl::Seconds(5)};
};

v1::JobSpec ProbeSpec() {
  v1::JobSpec spec;
  spec.mutable_probe();
  return spec;
}

void ExpectFailure(const Outcome& outcome, v1::FailureClass failure, const std::string& words) {
  EXPECT_EQ(outcome.kind, Outcome::kFailed);
  EXPECT_EQ(outcome.failure_class, failure) << outcome.error;
  EXPECT_THAT(outcome.error, HasSubstr(words));
}

TEST(ProbeStepTest, AnOrdinaryRecordingMayBePublishedAsItIs) {
  v1::MediaInfo media = Stage("lecture.mp4").Probe();
  EXPECT_NEAR(media.duration_seconds(), 9, 0.05);
  EXPECT_EQ(media.size_bytes(), static_cast<int64_t>(std::filesystem::file_size(MediaFile("lecture.mp4"))));
  EXPECT_EQ(media.video().codec(), "h264");
  EXPECT_EQ(media.video().width(), 320);
  EXPECT_EQ(media.video().height(), 180);
  EXPECT_EQ(media.video().frame_rate(), 25);
  EXPECT_FALSE(media.video().variable_frame_rate());
  EXPECT_NEAR(media.video().max_gop_seconds(), 2, 0.01);
  EXPECT_TRUE(media.video().copyable()) << media.video().not_copyable_reason();
  EXPECT_EQ(media.audio().codec(), "aac");
  EXPECT_EQ(media.audio().sample_rate(), 44100);
  EXPECT_TRUE(media.audio().copyable());
}

TEST(ProbeStepTest, OtherContainersAreTheSameRecording) {
  for (const char* file : {"lecture.mkv", "lecture.ts", "lecture.flv"}) {
    SCOPED_TRACE(file);
    v1::MediaInfo media = Stage(file).Probe();
    EXPECT_NEAR(media.duration_seconds(), 9, 0.1);
    EXPECT_TRUE(media.video().copyable()) << media.video().not_copyable_reason();
    EXPECT_TRUE(media.audio().copyable());
  }
}

TEST(ProbeStepTest, WhatIsNoRecordingIsRefusedWithAClearSentence) {
  struct Case {
    const char* file;
    const char* words;
  };
  for (const Case& bad :
       {Case{"not_a_video.mp4", "is not a video or sound file that FFmpeg can read"},
        Case{"picture.mp4", "is not a video or sound file"}, Case{"empty.mp4", "is empty"},
        Case{"truncated.mp4", "its index (moov) is missing"}, Case{"playlist.mp4", "is not a video or sound file"}}) {
    SCOPED_TRACE(bad.file);
    Stage stage(bad.file);
    ExpectFailure(stage.Run(ProbeSpec()), v1::REJECTED_INPUT, bad.words);
    EXPECT_THAT(stage.vod.committed(), IsEmpty());
  }
}

TEST(ProbeStepTest, AnFfprobeThatNeverLooksAtTheRecordingIsNotBelieved) {
  TempDir programs;
  std::string path = getenv("PATH");
  setenv("PATH", absl::StrCat(programs.path(), ":", path).c_str(), 1);
  for (const char* ending : {"echo broken >&2; exit 1", "exit 0"}) {
    SCOPED_TRACE(ending);
    std::ofstream(programs / "ffprobe") << "#!/bin/sh\n" << ending << "\n";
    std::filesystem::permissions(programs / "ffprobe", std::filesystem::perms::owner_all);
    Stage stage("lecture.mp4");
    ExpectFailure(stage.Run(ProbeSpec()), v1::INFRASTRUCTURE, "read");
  }
  setenv("PATH", path.c_str(), 1);
}

TEST(ProbeStepTest, SoundOnlyAndPictureOnlyAreRecordingsToo) {
  v1::MediaInfo sound = Stage("audio_only.m4a").Probe();
  EXPECT_FALSE(sound.has_video());
  EXPECT_TRUE(sound.audio().copyable());
  v1::MediaInfo picture = Stage("no_audio.mp4").Probe();
  EXPECT_FALSE(picture.has_audio());
  EXPECT_TRUE(picture.video().copyable());
}

TEST(ProbeStepTest, SaysWhyAVideoMustBeEncodedAgain) {
  struct Case {
    const char* file;
    const char* reason;
  };
  for (const Case& one : {Case{"odd.mkv", "yuv444p"}, Case{"ten_bit.mp4", "yuv420p10le"}, Case{"hevc.mp4", "hevc"},
                          Case{"vp9.webm", "vp9"}, Case{"rotated.mp4", "rotated by "},
                          Case{"anamorphic.mp4", "not square"}, Case{"long_gop.mp4", "up to 15.0 s apart"}}) {
    SCOPED_TRACE(one.file);
    v1::MediaInfo media = Stage(one.file).Probe();
    EXPECT_FALSE(media.video().copyable());
    EXPECT_THAT(media.video().not_copyable_reason(), HasSubstr(one.reason));
  }
}

TEST(ProbeStepTest, SizesAreAsDisplayed) {
  v1::MediaInfo rotated = Stage("rotated.mp4").Probe();
  EXPECT_EQ(rotated.video().width(), 180);
  EXPECT_EQ(rotated.video().height(), 320);
  v1::MediaInfo wide = Stage("anamorphic.mp4").Probe();
  EXPECT_EQ(wide.video().width(), 427);
  EXPECT_EQ(wide.video().height(), 180);
}

TEST(ProbeStepTest, SeesAVaryingFrameRate) {
  EXPECT_TRUE(Stage("vfr.mkv").Probe().video().variable_frame_rate());
}

TEST(ProbeStepTest, AVodServiceOutOfReachIsNobodysMediaFault) {
  Stage stage("lecture.mp4");
  stage.environment.media_patience = absl::Milliseconds(200);
  stage.vod.Stop();
  ExpectFailure(stage.Run(ProbeSpec()), v1::INFRASTRUCTURE, "");
  stage.vod.Start();
}

TEST(ProbeStepTest, AFencedJobEndsAsCancelled) {
  Stage stage("lecture.mp4");
  stage.vod.answer = 409;
  EXPECT_EQ(stage.Run(ProbeSpec()).kind, Outcome::kCancelled);
}

// ---- transcoding ----

std::string Entries(const std::string& file, const std::string& entries, const std::string& stream = "v:0") {
  std::string text =
      RunTool({"ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", entries, "-of", "csv=p=0", file});
  return std::string(absl::StripAsciiWhitespace(text));
}

std::vector<std::string> KeyFrames(const std::string& file) {
  std::vector<std::string> keys;
  std::vector<std::string> lines = absl::StrSplit(Entries(file, "packet=pts_time,flags"), '\n');
  for (const std::string& line : lines) {
    if (absl::StrContains(line, "K")) keys.push_back(line.substr(0, line.find(',')));
  }
  return keys;
}

TEST(TranscodeVideoStepTest, EverySourceBecomesProgressiveH264) {
  struct Case {
    const char* file;
    int width, height;
  };
  for (const Case& one : {Case{"lecture.mp4", 160, 90}, Case{"odd.mkv", 320, 180}, Case{"ten_bit.mp4", 160, 90},
                          Case{"hevc.mp4", 160, 90}, Case{"vp9.webm", 160, 90}, Case{"rotated.mp4", 90, 160},
                          Case{"anamorphic.mp4", 426, 180}, Case{"no_audio.mp4", 160, 90}}) {
    SCOPED_TRACE(one.file);
    Stage stage(one.file);
    Outcome outcome = stage.Run(stage.VideoSpec(one.width, one.height));
    ASSERT_EQ(outcome.kind, Outcome::kDone) << outcome.error << outcome.log_tail;
    const v1::OutputResult& output = outcome.result->output();
    std::string file = stage.scratch / "check.mp4";
    stage.vod.Save(output.name(), file);
    EXPECT_EQ(output.size_bytes(), static_cast<int64_t>(std::filesystem::file_size(file)));
    EXPECT_THAT(output.sha256(), SizeIs(64));
    EXPECT_EQ(Entries(file, "stream=codec_name,profile,width,height,sample_aspect_ratio,pix_fmt"),
              absl::StrCat("h264,High,", one.width, ",", one.height, ",1:1,yuv420p"));
    EXPECT_EQ(Entries(file, "stream=codec_name", "a"), "");
    EXPECT_EQ(RunTool({"ffmpeg", "-v", "error", "-xerror", "-i", file, "-f", "null", "-"}), "");
  }
}

TEST(TranscodeVideoStepTest, KeyFramesOfAllRenditionsStandOnTheSameGrid) {
  std::vector<std::string> first;
  for (int height : {180, 90}) {
    Stage stage("lecture.mp4");
    Outcome outcome = stage.Run(stage.VideoSpec(height * 16 / 9, height));
    ASSERT_EQ(outcome.kind, Outcome::kDone) << outcome.error;
    std::string file = stage.scratch / "check.mp4";
    stage.vod.Save(outcome.result->output().name(), file);
    std::vector<std::string> keys = KeyFrames(file);
    EXPECT_THAT(keys, ElementsAre("0.000000", "2.000000", "4.000000", "6.000000", "8.000000"));
  }
}

TEST(TranscodeVideoStepTest, AVaryingRateBecomesConstantAndKeepsItsLength) {
  Stage stage("vfr.mkv");
  Outcome outcome = stage.Run(stage.VideoSpec(160, 90));
  ASSERT_EQ(outcome.kind, Outcome::kDone) << outcome.error;
  std::string file = stage.scratch / "check.mp4";
  stage.vod.Save(outcome.result->output().name(), file);
  EXPECT_NEAR(outcome.result->output().duration_seconds(), 12, 0.2);
  EXPECT_THAT(KeyFrames(file),
              ElementsAre("0.000000", "2.000000", "4.000000", "6.000000", "8.000000", "10.000000", "12.000000"));
}

TEST(TranscodeVideoStepTest, ProgressGrowsToOne) {
  v1::JobSpec spec = Stage("lecture.mp4").VideoSpec(160, 90);
  Stage stage("lecture.mp4");
  ASSERT_EQ(stage.Run(spec).kind, Outcome::kDone);
  std::vector<double> progress = stage.context.progress();
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
  EXPECT_EQ(progress.back(), 1);
  EXPECT_THAT(progress, Each(AllOf(Ge(0), Le(1))));
}

TEST(TranscodeVideoStepTest, SurvivesARestartOfTheVodService) {
  Stage stage("lecture.mp4");
  v1::JobSpec spec = stage.VideoSpec(320, 180);
  stage.vod.break_after = 60'000;
  std::thread restart([&] {
    stage.vod.Stop();
    stage.vod.Start();
  });
  Outcome outcome = stage.Run(spec);
  restart.join();
  EXPECT_EQ(outcome.kind, Outcome::kDone) << outcome.error;
  EXPECT_GT(stage.vod.reads, 3);
}

TEST(TranscodeVideoStepTest, DamagedFramesAreTheMediasFault) {
  Stage stage("broken.mp4");
  v1::JobSpec spec = Stage("lecture.mp4").VideoSpec(160, 90);
  Outcome outcome = stage.Run(spec);
  ExpectFailure(outcome, v1::MEDIA, "");
  EXPECT_THAT(outcome.log_tail, ::testing::Not(IsEmpty()));
  EXPECT_THAT(stage.vod.committed(), IsEmpty());
}

TEST(TranscodeVideoStepTest, TooLittleScratchSpaceIsAShortage) {
  Stage stage("lecture.mp4");
  v1::JobSpec spec = stage.VideoSpec(320, 180);
  stage.environment.scratch_limit_bytes = 20'000;
  ExpectFailure(stage.Run(spec), v1::RESOURCE_SHORT, "scratch space");
}

TEST(TranscodeVideoStepTest, AFullDiskAtTheVodServiceIsAShortage) {
  Stage stage("lecture.mp4");
  v1::JobSpec spec = stage.VideoSpec(160, 90);
  stage.vod.answer_to_put = 507;
  ExpectFailure(stage.Run(spec), v1::RESOURCE_SHORT, "no space for the result");
}

TEST(TranscodeVideoStepTest, AnOutdatedHolderPublishesNothing) {
  Stage stage("lecture.mp4");
  v1::JobSpec spec = stage.VideoSpec(160, 90);
  stage.vod.answer_to_put = 409;
  EXPECT_EQ(stage.Run(spec).kind, Outcome::kCancelled);
  EXPECT_THAT(stage.vod.committed(), IsEmpty());
}

// The pids of FFmpeg processes of which this process is the parent.
std::vector<int> Children() {
  std::vector<int> pids;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream stat(entry.path() / "stat");
    std::string pid, name, state, parent;
    if (stat >> pid >> name >> state >> parent && parent == std::to_string(getpid()) && name == "(ffmpeg)")
      pids.push_back(std::stoi(pid));
  }
  return pids;
}

TEST(TranscodeVideoStepTest, AKilledFfmpegIsNobodysMediaFault) {
  Stage stage("lecture.mp4");
  v1::JobSpec spec = stage.VideoSpec(320, 180);
  stage.vod.Stop();  // FFmpeg waits for the source until it is killed
  std::atomic<bool> done = false;
  std::thread killer([&] {
    while (!done) {
      for (int pid : Children()) kill(pid, SIGKILL);
      std::this_thread::yield();
    }
  });
  Outcome outcome = stage.Run(spec);
  done = true;
  killer.join();
  ExpectFailure(outcome, v1::INFRASTRUCTURE, "killed by signal 9");
  stage.vod.Start();
}

TEST(TranscodeVideoStepTest, StoppingEndsFfmpegAndPublishesNothing) {
  Stage stage("lecture.mp4");
  v1::JobSpec spec = stage.VideoSpec(320, 180);
  stage.vod.Stop();
  std::thread stopper([&] {
    while (Children().empty()) std::this_thread::yield();
    stage.context.Stop();
  });
  EXPECT_EQ(stage.Run(spec).kind, Outcome::kCancelled);
  stopper.join();
  EXPECT_THAT(Children(), IsEmpty());
  EXPECT_THAT(stage.vod.committed(), IsEmpty());
  stage.vod.Start();
}

TEST(TranscodeVideoStepTest, WaitsForTheLeaseBeforeItPublishes) {
  v1::JobSpec spec = Stage("no_audio.mp4").VideoSpec(160, 90);
  Stage stage("no_audio.mp4");
  stage.context.may_publish = false;
  std::thread stopper([&] {
    while (stage.context.progress().empty() || stage.context.progress().back() < 0.9) std::this_thread::yield();
    EXPECT_THAT(stage.vod.committed(), IsEmpty());
    stage.context.may_publish = true;
  });
  Outcome outcome = stage.Run(spec);
  stopper.join();
  EXPECT_EQ(outcome.kind, Outcome::kDone);
  EXPECT_THAT(stage.vod.committed(), SizeIs(1));
}

TEST(TranscodeVideoStepTest, RefusesSettingsThatMakeNoSense) {
  Stage stage("no_audio.mp4");
  ExpectFailure(stage.Run(stage.VideoSpec(161, 90)), v1::INFRASTRUCTURE, "make no sense");
}

TEST(TranscodeAudioStepTest, SoundBecomesAac) {
  for (const char* file : {"vp9.webm", "odd.mkv", "audio_only.m4a", "late_sound.mp4"}) {
    SCOPED_TRACE(file);
    Stage stage(file);
    v1::JobSpec spec;
    *spec.mutable_media() = stage.Probe();
    spec.mutable_transcode_audio()->set_bitrate_bps(128'000);
    Outcome outcome = stage.Run(spec);
    ASSERT_EQ(outcome.kind, Outcome::kDone) << outcome.error;
    std::string check = stage.scratch / "check.mp4";
    stage.vod.Save(outcome.result->output().name(), check);
    EXPECT_EQ(Entries(check, "stream=codec_name,profile,sample_rate,channels", "a"), "aac,LC,48000,2");
  }
}

// ---- facts ----

TEST(ThumbnailsStepTest, EveryMomentHasItsPicture) {
  Stage stage("lecture.mp4");
  v1::JobSpec spec;
  *spec.mutable_media() = stage.Probe();
  spec.mutable_thumbnails()->set_tile_width(64);
  spec.mutable_thumbnails()->set_interval_seconds(2);
  Outcome outcome = stage.Run(spec);
  ASSERT_EQ(outcome.kind, Outcome::kDone) << outcome.error;
  EXPECT_EQ(outcome.result->thumbnails().count(), 5);
  EXPECT_EQ(outcome.result->thumbnails().vtt_path(), "a1/thumbnails/thumbnails.vtt");
  auto files = stage.vod.committed();
  ASSERT_THAT(files, SizeIs(3));
  EXPECT_EQ(outcome.result->thumbnails().poster_path(), "a1/thumbnails/poster.jpg");
  const std::string& vtt = files["thumbnails.vtt"];
  EXPECT_THAT(vtt, ::testing::StartsWith("WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nsprite-001.jpg#xywh=0,0,64,36\n"));
  EXPECT_THAT(vtt, HasSubstr("00:00:08.000 --> 00:00:09.0"));
  EXPECT_THAT(vtt, HasSubstr("sprite-001.jpg#xywh=256,0,64,36\n"));
  stage.vod.Save("sprite-001.jpg", stage.scratch / "check.jpg");
  EXPECT_EQ(Entries(stage.scratch / "check.jpg", "stream=codec_name,width,height"), "mjpeg,640,360");
}

TEST(ThumbnailsStepTest, AShortPortraitRecordingHasThemToo) {
  Stage stage("rotated.mp4");
  v1::JobSpec spec;
  *spec.mutable_media() = stage.Probe();
  spec.mutable_thumbnails()->set_tile_width(64);
  spec.mutable_thumbnails()->set_interval_seconds(30);
  Outcome outcome = stage.Run(spec);
  ASSERT_EQ(outcome.kind, Outcome::kDone) << outcome.error;
  EXPECT_EQ(outcome.result->thumbnails().count(), 1);
  EXPECT_THAT(stage.vod.committed()["thumbnails.vtt"], HasSubstr("#xywh=0,0,64,114"));
}

// Runs the thumbnails step on the recording and saves its still.
std::string Poster(Stage& stage) {
  v1::JobSpec spec;
  *spec.mutable_media() = stage.Probe();
  spec.mutable_thumbnails();
  Outcome outcome = stage.Run(spec);
  EXPECT_EQ(outcome.kind, Outcome::kDone) << outcome.error;
  if (!outcome.result || outcome.result->thumbnails().poster_path().empty()) return "";
  stage.vod.Save("poster.jpg", stage.scratch / "still.jpg");
  return stage.scratch / "still.jpg";
}

TEST(PosterTest, IsSixHundredAndFortyPixelsWideOrAsWideAsTheRecording) {
  Stage large("hd.mp4");
  EXPECT_EQ(Entries(Poster(large), "stream=codec_name,width,height"), "mjpeg,640,360");
  Stage small("lecture.mp4");
  EXPECT_EQ(Entries(Poster(small), "stream=codec_name,width,height"), "mjpeg,320,180");
  Stage portrait("rotated.mp4");
  EXPECT_EQ(Entries(Poster(portrait), "stream=codec_name,width,height"), "mjpeg,180,320");
}

TEST(PosterTest, AMomentThatShowsSomethingIsPreferred) {
  TempDir dir;
  const std::string recording = dir / "dark.mp4";
  bool made = false;
  const std::string log = RunTool({"ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "color=black:s=320x180:r=25:d=8", "-f", "lavfi", "-i",
                                   "testsrc2=s=320x180:r=25:d=4", "-filter_complex", "[0][1]concat=n=2:v=1", "-g", "25", "-pix_fmt", "yuv420p",
                                   recording}, &made);
  ASSERT_TRUE(made) << log;
  Stage stage(Stage::OfFile{recording});
  const std::string still = Poster(stage);
  ASSERT_FALSE(still.empty());
  EXPECT_GT(std::filesystem::file_size(still), 4000u) << "it shows black";
}

TEST(PosterTest, ARecordingThatShowsNothingHasAPosterToo) {
  TempDir dir;
  const std::string recording = dir / "black.mp4";
  bool made = false;
  RunTool({"ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "color=black:s=320x180:r=25:d=3", "-pix_fmt", "yuv420p", recording}, &made);
  ASSERT_TRUE(made);
  Stage stage(Stage::OfFile{recording});
  EXPECT_EQ(Entries(Poster(stage), "stream=codec_name,width,height"), "mjpeg,320,180");
}

double Seconds(const google::protobuf::Duration& duration) {
  return static_cast<double>(duration.seconds()) + duration.nanos() / 1e9;
}

TEST(SilenceStepTest, AQuietLectureIsNotSilentAndItsPausesAreFound) {
  Stage stage("quiet_speech.mp4");
  v1::JobSpec spec;
  *spec.mutable_media() = stage.Probe();
  spec.mutable_loudness();
  Outcome loudness = stage.Run(spec);
  ASSERT_EQ(loudness.kind, Outcome::kDone) << loudness.error;
  double lufs = loudness.result->loudness().integrated_lufs();
  EXPECT_LT(lufs, -35);
  EXPECT_GT(lufs, -60);
  EXPECT_LT(loudness.result->loudness().true_peak_dbtp(), -15);
  spec.mutable_silence()->set_integrated_lufs(lufs);
  Outcome outcome = stage.Run(spec);
  ASSERT_EQ(outcome.kind, Outcome::kDone) << outcome.error;
  const auto& silences = outcome.result->silence().silences();
  auto pauses = testing::QuietSpeechPauses();
  ASSERT_EQ(silences.size(), static_cast<int>(pauses.size()));
  for (int i = 0; i < silences.size(); ++i) {
    EXPECT_NEAR(Seconds(silences[i].start()), pauses[i].first, 0.6);
    EXPECT_NEAR(Seconds(silences[i].end()), pauses[i].second, 0.6);
  }
}

TEST(SilenceStepTest, MeasuresTheLoudnessItselfWhereItIsNotGiven) {
  Stage stage("quiet_speech.mp4");
  v1::JobSpec spec;
  *spec.mutable_media() = stage.Probe();
  spec.mutable_silence();
  Outcome outcome = stage.Run(spec);
  ASSERT_EQ(outcome.kind, Outcome::kDone) << outcome.error;
  EXPECT_EQ(outcome.result->silence().silences_size(), 4);
}

TEST(SilenceStepTest, ASteadyToneHasNoPauses) {
  Stage stage("lecture.mp4");
  v1::JobSpec spec;
  *spec.mutable_media() = stage.Probe();
  spec.mutable_silence()->set_integrated_lufs(-20);
  Outcome outcome = stage.Run(spec);
  ASSERT_EQ(outcome.kind, Outcome::kDone) << outcome.error;
  EXPECT_EQ(outcome.result->silence().silences_size(), 0);
}

TEST(NoopStepTest, EndsAfterItsTimeOrWhenStopped) {
  Stage stage("empty.mp4");
  v1::JobSpec spec;
  spec.mutable_noop()->set_duration_ms(20);
  EXPECT_EQ(stage.Run(spec).kind, Outcome::kDone);
  spec.mutable_noop()->set_duration_ms(600'000);
  stage.context.Stop();
  EXPECT_EQ(stage.Run(spec).kind, Outcome::kCancelled);
}

TEST(StepTest, AKindOfJobThatIsUnknownFailsWithoutBlamingTheMedia) {
  Stage stage("empty.mp4");
  ExpectFailure(stage.Run(v1::JobSpec()), v1::INFRASTRUCTURE, "does not know that kind of job");
}

}  // namespace
}  // namespace lectern::worker
