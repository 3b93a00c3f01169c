// Package and delete jobs with real FFmpeg and small recordings; results are fetched over the public port as a player
// does.
#include "vod_service/jobs/job_runner.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/media/hls_playlist.h"
#include "lectern/v1/link.pb.h"
#include "tests/support/media.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/vod_service/support/vod_fixture.h"
#include "vod_service/library/keys.h"
#include "vod_service/retention/sweeper.h"

namespace lectern::vod {
namespace {

using lectern::testing::MediaFile;
using lectern::testing::TempDir;
using testing::Ask;
using testing::kLecture;
using testing::Reply;
using testing::UploadId;

class FakeContext final : public link::JobContext {
 public:
  void Progress(double fraction) override { progress = fraction; }
  bool ShouldStop() const override { return stop; }
  void OnStop(std::function<void()>) override {}
  bool MayPublish() const override {
    ++asked;
    return asked > refusals;
  }
  double progress = 0;
  bool stop = false;
  int refusals = 0;
  mutable int asked = 0;
};

class JobRunnerTest : public ::testing::Test {
 protected:
  void SetUp() override { Start(); }
  void Start() {
    runner_.reset();
    publisher_.reset();
    server_.reset();
    server_ = std::make_unique<testing::VodServer>(dir_.path(), keys_, testing::VodOptions{});
    publisher_ = std::make_unique<Publisher>(server_->catalog(), server_->blobs(), RealClock(), absl::Hours(24));
    runner_ =
        std::make_unique<JobRunner>(server_->catalog(), server_->blobs(), server_->uploads(), server_->live(), *publisher_, metrics_);
  }
  void Upload(char digit, const std::string& media) {
    auto bytes = ReadFile(MediaFile(media));
    ASSERT_OK(bytes);
    std::string token = testing::UploadToken(keys_, UploadId(digit), static_cast<int64_t>(bytes->size()));
    ASSERT_EQ(
        Ask(server_->port(), "PUT", "/uploads/" + UploadId(digit), {"Authorization: Bearer " + token}, *bytes).status,
        204);
  }
  v1::Assign PackageSource(int64_t job, int64_t token, char upload, bool video, bool audio) {
    v1::Assign assign;
    assign.set_job(job);
    assign.set_token(token);
    v1::JobSpec& spec = *assign.mutable_spec();
    spec.set_upload_id(UploadId(upload));
    spec.set_lecture(kLecture);
    spec.set_view(v1::COMB);
    spec.mutable_media()->set_duration_seconds(9);
    if (video) spec.mutable_media()->mutable_video();
    spec.mutable_package()->set_source(true);
    spec.mutable_package()->set_label(video ? "source" : "audio");
    spec.mutable_package()->set_copy_video(video);
    spec.mutable_package()->set_copy_audio(audio);
    return assign;
  }
  // A worker's job `job` stores a file.
  void CommitOutput(int64_t job, const std::string& media) {
    auto bytes = ReadFile(MediaFile(media));
    ASSERT_OK(bytes);
    const std::string bearer = "Authorization: Bearer " + testing::JobToken(keys_, job, 1, UploadId('1'));
    const std::string path = absl::StrCat("/jobs/", job, "/1/");
    ASSERT_EQ(Ask(server_->port(), "PUT", path + "outputs/video.mp4", {bearer}, *bytes).status, 204);
    ASSERT_EQ(Ask(server_->port(), "POST", path + "commit", {bearer}).status, 200);
  }
  v1::Assign PackageOutput(int64_t job, int64_t input) {
    v1::Assign assign = PackageSource(job, 1, '1', true, false);
    assign.mutable_spec()->mutable_package()->set_job(input);
    assign.mutable_spec()->mutable_package()->set_label("720p");
    return assign;
  }
  link::Outcome Run(const v1::Assign& assign) {
    FakeContext context;
    return runner_->Run(assign, context);
  }
  Reply Play(const std::string& path) {
    return Ask(server_->port(), "GET", absl::StrCat("/p/", testing::PlaybackToken(keys_, kLecture), "/12/comb/", path),
               {});
  }
  // All that the master playlist offers, down to the last segment.
  void ExpectPlayable(size_t variants, size_t sounds) {
    auto master = media::ParseMasterPlaylist(Play("master.m3u8").body);
    ASSERT_OK(master);
    EXPECT_EQ(master->variants.size(), variants);
    EXPECT_EQ(master->audio_uris.size(), sounds);
    std::vector<std::string> uris = master->audio_uris;
    for (const media::MasterVariant& variant : master->variants) uris.push_back(variant.uri);
    for (const std::string& uri : uris) {
      auto playlist = media::ParseMediaPlaylist(Play(uri).body);
      ASSERT_OK(playlist) << uri;
      const std::string folder = uri.substr(0, uri.rfind('/') + 1);
      EXPECT_EQ(Play(folder + playlist->map_uri).status, 200);
      for (const media::HlsSegment& segment : playlist->segments) EXPECT_EQ(Play(folder + segment.uri).status, 200);
    }
  }

  TempDir dir_;
  testing::VodKeys keys_ = testing::MakeKeys();
  Metrics metrics_;
  std::unique_ptr<testing::VodServer> server_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<JobRunner> runner_;
};

TEST_F(JobRunnerTest, ACopiedRecordingIsPlayable) {
  Upload('1', "lecture.mp4");
  EXPECT_EQ(Play("master.m3u8").status, 404);
  link::Outcome outcome = Run(PackageSource(1, 1, '1', true, true));
  ASSERT_EQ(outcome.kind, link::Outcome::kDone) << outcome.error;
  EXPECT_EQ(outcome.result->package().renditions_size(), 2);
  EXPECT_NEAR(outcome.result->package().duration_seconds(), 9, 0.5);
  ExpectPlayable(1, 1);
  EXPECT_TRUE(std::filesystem::is_empty(server_->blobs().ScratchDir() + "/packages"));
}

TEST_F(JobRunnerTest, ARepeatedJobAdoptsWhatItPublished) {
  Upload('1', "lecture.mp4");
  ASSERT_EQ(Run(PackageSource(1, 1, '1', true, true)).kind, link::Outcome::kDone);
  const std::string master = Play("master.m3u8").body;
  link::Outcome again = Run(PackageSource(1, 2, '1', true, true));
  EXPECT_EQ(again.kind, link::Outcome::kDone);
  EXPECT_EQ(again.result->package().renditions_size(), 2);
  EXPECT_EQ(Play("master.m3u8").body, master);
}

TEST_F(JobRunnerTest, AMasterPlaylistLostInACrashIsWrittenAtTheStart) {
  Upload('1', "no_audio.mp4");
  ASSERT_EQ(Run(PackageSource(1, 1, '1', true, false)).kind, link::Outcome::kDone);
  // As after a kill between the catalog's commit and the playlist.
  ASSERT_OK(server_->catalog().PublishRenditions(UploadId('1'), 1, 1, {}, true, absl::Now(), absl::Hours(24)));
  ASSERT_OK(server_->blobs().Delete(MasterKey(kLecture, "comb")));
  Start();
  EXPECT_EQ(Play("master.m3u8").status, 404);
  ASSERT_OK(publisher_->WritePending());
  ExpectPlayable(1, 0);
}

TEST_F(JobRunnerTest, AnOlderFencePublishesNothing) {
  Upload('1', "no_audio.mp4");
  ASSERT_OK(server_->catalog().RaiseFence(1, 2));
  link::Outcome outcome = Run(PackageSource(1, 1, '1', true, false));
  EXPECT_EQ(outcome.kind, link::Outcome::kFailed);
  EXPECT_EQ(Play("master.m3u8").status, 404);
}

TEST_F(JobRunnerTest, ResultsAreHeldBackUntilTheLinkSaysSo) {
  Upload('1', "no_audio.mp4");
  FakeContext context;
  context.refusals = 3;
  EXPECT_EQ(runner_->Run(PackageSource(1, 1, '1', true, false), context).kind, link::Outcome::kDone);
  EXPECT_GT(context.asked, 3);
  EXPECT_GT(context.progress, 0.5);
}

TEST_F(JobRunnerTest, AStoppedJobLeavesNothing) {
  Upload('1', "no_audio.mp4");
  FakeContext context;
  context.stop = true;
  EXPECT_EQ(runner_->Run(PackageSource(1, 1, '1', true, false), context).kind, link::Outcome::kCancelled);
  EXPECT_EQ(Play("master.m3u8").status, 404);
  EXPECT_TRUE(std::filesystem::is_empty(server_->blobs().ScratchDir() + "/packages"));
}

TEST_F(JobRunnerTest, WhatIsNoVideoIsTheMediasFault) {
  Upload('1', "not_a_video.mp4");
  link::Outcome outcome = Run(PackageSource(1, 1, '1', true, false));
  EXPECT_EQ(outcome.kind, link::Outcome::kFailed);
  EXPECT_EQ(outcome.failure_class, v1::MEDIA);
  EXPECT_FALSE(outcome.error.empty());
  EXPECT_EQ(Play("master.m3u8").status, 404);
}

TEST_F(JobRunnerTest, AWorkersOutputBecomesARendition) {
  Upload('1', "lecture.mp4");
  ASSERT_EQ(Run(PackageSource(1, 1, '1', true, true)).kind, link::Outcome::kDone);
  CommitOutput(20, "lecture.mp4");
  link::Outcome outcome = Run(PackageOutput(21, 20));
  ASSERT_EQ(outcome.kind, link::Outcome::kDone) << outcome.error;
  EXPECT_EQ(outcome.result->package().renditions_size(), 3);
  ExpectPlayable(2, 1);
}

TEST_F(JobRunnerTest, AWorkersOutputThatIsTooShortIsNotPublished) {
  Upload('1', "lecture.mp4");
  ASSERT_EQ(Run(PackageSource(1, 1, '1', true, true)).kind, link::Outcome::kDone);
  CommitOutput(20, "no_audio.mp4");  // 4 s of 9
  link::Outcome outcome = Run(PackageOutput(21, 20));
  EXPECT_EQ(outcome.kind, link::Outcome::kFailed);
  EXPECT_EQ(outcome.failure_class, v1::MEDIA);
  ExpectPlayable(1, 1);
}

TEST_F(JobRunnerTest, ANewerRecordingReplacesTheOlderAndDeletionLeavesNothing) {
  Upload('1', "no_audio.mp4");
  ASSERT_EQ(Run(PackageSource(1, 1, '1', true, false)).kind, link::Outcome::kDone);
  Upload('2', "lecture.mp4");
  ASSERT_EQ(Run(PackageSource(2, 1, '2', true, true)).kind, link::Outcome::kDone);
  EXPECT_TRUE(absl::StrContains(Play("master.m3u8").body, UploadId('2')));
  v1::Assign remove;
  remove.set_job(9);
  remove.set_token(1);
  remove.mutable_spec()->set_lecture(kLecture);
  remove.mutable_spec()->mutable_delete_media()->set_keep_upload_id(UploadId('2'));
  Sweeper sweeper(server_->catalog(), server_->blobs(), server_->uploads(), RealClock());
  ASSERT_EQ(Run(remove).kind, link::Outcome::kDone);
  sweeper.Run();
  ExpectPlayable(1, 1);
  ASSERT_OK_AND_ASSIGN(auto left, server_->blobs().List("recordings"));
  EXPECT_EQ(left.size(), 1u);
  remove.set_job(10);
  remove.mutable_spec()->mutable_delete_media()->clear_keep_upload_id();
  ASSERT_EQ(Run(remove).kind, link::Outcome::kDone);
  EXPECT_EQ(Play("master.m3u8").status, 404) << "at once";
  sweeper.Run();
  ASSERT_OK_AND_ASSIGN(left, server_->blobs().List(""));
  EXPECT_TRUE(left.empty()) << left[0].key;
  EXPECT_EQ(Run(PackageSource(11, 1, '2', true, true)).failure_class, v1::REJECTED_INPUT);
}

TEST_F(JobRunnerTest, ARepeatedDeletionTakesTheMasterPlaylistThatAnInterruptedOneLeft) {
  Upload('1', "no_audio.mp4");
  ASSERT_EQ(Run(PackageSource(1, 1, '1', true, false)).kind, link::Outcome::kDone);
  ASSERT_OK(server_->catalog().DeleteMedia(kLecture, "comb", "", absl::Now()));
  ASSERT_EQ(Play("master.m3u8").status, 200);
  v1::Assign remove;
  remove.set_job(9);
  remove.set_token(2);
  remove.mutable_spec()->set_lecture(kLecture);
  remove.mutable_spec()->mutable_delete_media();
  ASSERT_EQ(Run(remove).kind, link::Outcome::kDone);
  EXPECT_EQ(Play("master.m3u8").status, 404);
}

TEST_F(JobRunnerTest, KilledInTheMiddleOfPackagingItIsDoneAgain) {
  Upload('1', "lecture.mp4");
  runner_.reset();
  publisher_.reset();
  server_.reset();
  for (int milliseconds : {20, 80, 150, 220, 300, 400}) {
    pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      Start();
      Run(PackageSource(1, milliseconds, '1', true, true));
      _exit(0);
    }
    usleep(milliseconds * 1000);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    Start();
    const int status = Play("master.m3u8").status;
    EXPECT_TRUE(status == 404 || status == 200);
    if (status == 200) ExpectPlayable(1, 1);
    ASSERT_OK(publisher_->WritePending());
    runner_.reset();
    publisher_.reset();
    server_.reset();
  }
  Start();
  link::Outcome outcome = Run(PackageSource(1, 1000, '1', true, true));
  ASSERT_EQ(outcome.kind, link::Outcome::kDone) << outcome.error;
  ExpectPlayable(1, 1);
}

}  // namespace
}  // namespace lectern::vod
