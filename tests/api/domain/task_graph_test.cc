#include "api/domain/task_graph.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lectern/v1/jobs.pb.h"
#include "tests/support/status_matchers.h"

namespace lectern::api {
namespace {

using ::lectern::testing::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Recording kRecording{"0123456789abcdef0123456789abcdef", 7, "comb"};

v1::MediaInfo Media(bool video, bool copy_video, bool audio, bool copy_audio) {
  v1::MediaInfo media;
  media.set_duration_seconds(5400);
  if (video) {
    media.mutable_video()->set_codec("h264");
    media.mutable_video()->set_width(1920);
    media.mutable_video()->set_height(1080);
    media.mutable_video()->set_copyable(copy_video);
    media.mutable_video()->set_max_gop_seconds(2);
    media.mutable_video()->set_bitrate_bps(4'000'000);
  }
  if (audio) {
    media.mutable_audio()->set_codec("aac");
    media.mutable_audio()->set_copyable(copy_audio);
  }
  return media;
}

std::vector<PlannedJob> Plan(const v1::MediaInfo& media, const std::string& view = "comb") {
  Recording recording = kRecording;
  recording.view = view;
  return PlanAfterProbe(recording, media).value();
}

std::vector<std::string> Names(const std::vector<PlannedJob>& plan) {
  std::vector<std::string> names;
  for (const PlannedJob& job : plan) names.push_back(job.label.empty() ? job.kind : absl::StrCat(job.kind, " ", job.label));
  return names;
}

const PlannedJob* Find(const std::vector<PlannedJob>& plan, const std::string& kind, const std::string& label) {
  for (const PlannedJob& job : plan) {
    if (job.kind == kind && job.label == label) return &job;
  }
  return nullptr;
}

int Index(const std::vector<PlannedJob>& plan, const PlannedJob* job) { return static_cast<int>(job - plan.data()); }

TEST(TaskGraphTest, TheProbeComesFirstAndWaitsForNothing) {
  const PlannedJob probe = PlanProbe(kRecording);
  EXPECT_EQ(probe.kind, "probe");
  EXPECT_EQ(probe.job_class, kInteractiveClass);
  EXPECT_THAT(probe.needs, IsEmpty());
  EXPECT_THAT(SpecJson(probe, {}), HasSubstr(kRecording.upload_id));
}

TEST(TaskGraphTest, ACopyableRecordingIsPublishedByCopyFirst) {
  const std::vector<PlannedJob> plan = Plan(Media(true, true, true, true));
  const PlannedJob* copy = Find(plan, "package", "source");
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(copy->job_class, kFirstPublicationClass);
  EXPECT_TRUE(copy->at_vod_service);
  EXPECT_THAT(copy->needs, IsEmpty());
  EXPECT_TRUE(copy->spec->package().source());
  EXPECT_TRUE(copy->spec->package().copy_video());
  EXPECT_TRUE(copy->spec->package().copy_audio());
  EXPECT_EQ(Find(plan, "transcode_audio", "audio"), nullptr);
  for (const PlannedJob& job : plan) {
    if (&job != copy) EXPECT_EQ(job.job_class, kImprovementClass) << job.kind;
  }
}

TEST(TaskGraphTest, WithoutACopyOneGoodEnoughRenditionComesFirst) {
  const std::vector<PlannedJob> plan = Plan(Media(true, false, true, true));
  std::vector<std::string> first;
  for (const PlannedJob& job : plan) {
    if (job.kind == "transcode_video" && job.job_class == kFirstPublicationClass) first.push_back(job.label);
  }
  EXPECT_THAT(first, ElementsAre("480p"));
  EXPECT_NE(Find(plan, "transcode_video", "1080p"), nullptr);
  EXPECT_EQ(Find(plan, "package", "480p")->job_class, kFirstPublicationClass);
}

TEST(TaskGraphTest, ARenditionIsPackagedAfterItsTranscodeAndTheSound) {
  const std::vector<PlannedJob> plan = Plan(Media(true, false, true, false));
  const PlannedJob* sound = Find(plan, "package", "audio");
  const PlannedJob* transcode = Find(plan, "transcode_video", "720p");
  const PlannedJob* package = Find(plan, "package", "720p");
  ASSERT_TRUE(sound && transcode && package);
  EXPECT_THAT(sound->needs, ElementsAre(Index(plan, Find(plan, "transcode_audio", "audio"))));
  EXPECT_THAT(package->needs, ElementsAre(Index(plan, transcode), Index(plan, sound)));
  EXPECT_EQ(package->input, Index(plan, transcode));
  EXPECT_EQ(sound->job_class, kFirstPublicationClass);
}

TEST(TaskGraphTest, ACopiedPictureWaitsForSoundThatMustBeTranscoded) {
  const std::vector<PlannedJob> plan = Plan(Media(true, true, true, false));
  const PlannedJob* copy = Find(plan, "package", "source");
  ASSERT_NE(copy, nullptr);
  EXPECT_FALSE(copy->spec->package().copy_audio());
  EXPECT_THAT(copy->needs, ElementsAre(Index(plan, Find(plan, "package", "audio"))));
}

TEST(TaskGraphTest, SoundAloneIsPublished) {
  EXPECT_THAT(Names(Plan(Media(false, false, true, true))), ElementsAre("package audio", "loudness", "silence"));
  EXPECT_THAT(Names(Plan(Media(false, false, true, false))),
              ElementsAre("transcode_audio audio", "package audio", "loudness", "silence"));
}

TEST(TaskGraphTest, PicturesAloneNeedNoSound) {
  const std::vector<std::string> names = Names(Plan(Media(true, true, false, false)));
  EXPECT_THAT(names, Contains("package source"));
  EXPECT_THAT(names, Contains("thumbnails"));
  EXPECT_THAT(names, Not(Contains("loudness")));
  EXPECT_THAT(names, Not(Contains("package audio")));
}

TEST(TaskGraphTest, SilenceWaitsForLoudnessAndGetsIt) {
  const std::vector<PlannedJob> plan = Plan(Media(true, true, true, true));
  const PlannedJob* silence = Find(plan, "silence", "");
  ASSERT_NE(silence, nullptr);
  EXPECT_THAT(silence->needs, ElementsAre(Index(plan, Find(plan, "loudness", ""))));
  std::vector<int64_t> ids(plan.size(), 1);
  absl::StatusOr<std::string> completed = WithLoudness(SpecJson(*silence, ids), -25.5);
  ASSERT_OK(completed);
  v1::JobSpec spec;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(*completed, &spec).ok());
  EXPECT_EQ(spec.silence().integrated_lufs(), -25.5);
  EXPECT_EQ(spec.upload_id(), kRecording.upload_id);
  EXPECT_THAT(WithLoudness(SpecJson(plan[0], ids), -20), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(WithLoudness("{", -20), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(TaskGraphTest, SpecsNameTheJobWhoseOutputIsPackaged) {
  const std::vector<PlannedJob> plan = Plan(Media(true, false, true, false));
  std::vector<int64_t> ids;
  for (size_t i = 0; i < plan.size(); ++i) ids.push_back(1000 + static_cast<int64_t>(i));
  const PlannedJob* package = Find(plan, "package", "720p");
  v1::JobSpec spec;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(SpecJson(*package, ids), &spec).ok());
  EXPECT_EQ(spec.package().job(), 1000 + package->input);
  EXPECT_EQ(spec.media().duration_seconds(), 5400);
  EXPECT_EQ(spec.view(), v1::COMB);
}

TEST(TaskGraphTest, SettingsFollowTheView) {
  EXPECT_EQ(Find(Plan(Media(true, false, true, true), "comb"), "transcode_video", "1080p")->spec->transcode_video().crf(), 24);
  EXPECT_EQ(Find(Plan(Media(true, false, true, true), "cam"), "transcode_video", "1080p")->spec->transcode_video().crf(), 26);
  const v1::TranscodeVideoSpec slides =
      Find(Plan(Media(true, false, true, true), "pres"), "transcode_video", "1080p")->spec->transcode_video();
  EXPECT_EQ(slides.crf(), 20);
  EXPECT_EQ(slides.tune(), "stillimage");
}

TEST(TaskGraphTest, NothingUsableIsSaidInASentence) {
  EXPECT_THAT(PlanAfterProbe(kRecording, Media(false, false, false, false)),
              StatusIs(absl::StatusCode::kInvalidArgument, "NOTHING_USABLE"));
  v1::MediaInfo endless = Media(true, true, true, true);
  endless.set_duration_seconds(0);
  EXPECT_THAT(PlanAfterProbe(kRecording, endless), StatusIs(absl::StatusCode::kInvalidArgument, "NOTHING_USABLE"));
}

TEST(TaskGraphTest, NeedsPointBackwardsAndRunLimitsGrowWithTheRecording) {
  for (int bits = 1; bits < 16; ++bits) {
    const v1::MediaInfo media = Media(bits & 1, bits & 2, bits & 4, bits & 8);
    if (!media.has_video() && !media.has_audio()) continue;
    const std::vector<PlannedJob> plan = Plan(media);
    for (size_t i = 0; i < plan.size(); ++i) {
      for (const int need : plan[i].needs) EXPECT_LT(need, static_cast<int>(i));
      EXPECT_EQ(plan[i].run_limit_seconds, 8 * 5400);
    }
  }
  EXPECT_EQ(RunLimitSeconds(10), 600);
  EXPECT_EQ(RunLimitSeconds(0.0 / 0.0), 600);
}

TEST(LiveGraphTest, AnIngestIsLiveWorkWithoutAStallLimit) {
  const PlannedJob job = PlanLiveIngest(kRecording, 1000, /*pull=*/true, 5000);
  EXPECT_EQ(job.job_class, kLiveClass);
  EXPECT_EQ(job.capability, "live");
  EXPECT_GT(job.stall_seconds, job.run_limit_seconds);
  EXPECT_EQ(job.run_limit_seconds, 24 * 3600);
  EXPECT_TRUE(job.spec->live_ingest().pull());
  EXPECT_EQ(job.spec->live_ingest().start_time_ms(), 1000);
  EXPECT_EQ(job.spec->live_ingest().end_time_ms(), 5000);
  EXPECT_EQ(job.spec->upload_id(), kRecording.upload_id);
}

TEST(LiveGraphTest, AContinuousRecordingGetsSmallerRenditionsAndNoCopies) {
  const std::vector<PlannedJob> plan = PlanAfterLiveProbe(kRecording, Media(true, true, true, true), /*continuous=*/true);
  EXPECT_NE(Find(plan, "transcode_video", "720p"), nullptr);
  EXPECT_NE(Find(plan, "thumbnails", ""), nullptr);
  EXPECT_NE(Find(plan, "silence", ""), nullptr);
  for (const PlannedJob& job : plan) {
    EXPECT_NE(job.kind, "transcode_audio");
    EXPECT_FALSE(job.kind == "package" && job.spec->package().source()) << job.label;
    EXPECT_EQ(job.job_class, kImprovementClass) << job.kind;
  }
}

TEST(LiveGraphTest, ARecordingWithGapsGetsPicturesLoudnessAndSilenceOnly) {
  EXPECT_THAT(Names(PlanAfterLiveProbe(kRecording, Media(true, true, true, true), /*continuous=*/false)),
              ElementsAre("thumbnails", "loudness", "silence"));
  EXPECT_THAT(Names(PlanAfterLiveProbe(kRecording, Media(false, false, true, true), true)), ElementsAre("loudness", "silence"));
  EXPECT_THAT(PlanAfterLiveProbe(kRecording, v1::MediaInfo(), true), IsEmpty());
}

}  // namespace
}  // namespace lectern::api
