// A recording's way through the control room: a VOD service and a worker played by the test.
#include "tests/api/control/control_fixture.h"

namespace lectern::api {
namespace {

using ::testing::HasSubstr;
using Message = v1::ServerMessage;

constexpr char kUpload[] = "0123456789abcdef0123456789abcdef";

class RecordingTest : public ControlFixture {
 protected:
  void SetUp() override {
    vod_id_ = Join("vod_service", 2);
    worker_id_ = Join("worker", 3);
    database_.Execute(absl::StrCat(R"sql(
      update resources set public_url = 'http://vod.test' where kind = 'vod_service';
      insert into courses (organization_id, title, visibility) values (3, 'course', 'public');
      insert into lectures (course_id, title) values (1, 'lecture');
      insert into assets (upload_id, lecture_id, organization_id, view, vod_resource_id, file_name, fingerprint, size_bytes, state)
        values (')sql", kUpload, "', 1, 3, 'cam', ", vod_id_, ", 'talk.mp4', 'f', 1000, 'uploading')"));
    api_ = Start("a");
    vod_ = std::make_unique<FakeResource>(api_->address(), vod_id_);
    vod_->Attach("vod", 4);
    worker_ = std::make_unique<FakeResource>(api_->address(), worker_id_);
    worker_->Attach("worker", 4);
  }

  v1::UploadRecorded Upload(v1::UploadEvent::Kind kind, int64_t size = 1000) {
    v1::ResourceMessage message;
    message.mutable_upload()->set_upload_id(kUpload);
    message.mutable_upload()->set_kind(kind);
    message.mutable_upload()->set_size_bytes(size);
    message.mutable_upload()->set_sha256(std::string(64, 'a'));
    message.mutable_upload()->set_error("this is no video");
    vod_->Send(message);
    std::optional<v1::ServerMessage> recorded = vod_->Next(Message::kUploadRecorded);
    EXPECT_TRUE(recorded.has_value());
    return recorded ? recorded->upload_recorded() : v1::UploadRecorded();
  }

  // Ends the next job that comes to the resource; its kind must be that.
  v1::Assign Finish(FakeResource& resource, v1::JobSpec::WorkCase work, const v1::JobResult& result) {
    const v1::Assign assign = resource.NextAssign();
    EXPECT_EQ(assign.spec().work_case(), work);
    resource.Accept(assign);
    resource.Done(assign.job(), assign.token(), result);
    EXPECT_TRUE(resource.NextRecorded().accepted());
    return assign;
  }

  static v1::JobResult Probed(bool copyable) {
    v1::JobResult result;
    v1::MediaInfo& media = *result.mutable_probe();
    media.set_duration_seconds(60);
    media.mutable_video()->set_width(640);
    media.mutable_video()->set_height(360);
    media.mutable_video()->set_copyable(copyable);
    media.mutable_audio()->set_copyable(true);
    return result;
  }

  std::string AssetState() { return Text("select state as t from assets"); }

  int64_t vod_id_ = 0, worker_id_ = 0;
  std::unique_ptr<Instance> api_;
  std::unique_ptr<FakeResource> vod_, worker_;
};

TEST_F(RecordingTest, ACopyableRecordingIsPlayableAfterTheFirstPackageAndCompleteAfterTheLastJob) {
  EXPECT_EQ(Upload(v1::UploadEvent::COMPLETED).upload_id(), kUpload);
  EXPECT_EQ(AssetState(), "processing");
  const v1::Assign probe = Finish(*worker_, v1::JobSpec::kProbe, Probed(true));
  EXPECT_EQ(probe.media_url(), "http://vod.test");
  EXPECT_NE(probe.job_token(), "");
  EXPECT_EQ(probe.spec().upload_id(), kUpload);
  const v1::Assign copy = vod_->NextAssign();
  EXPECT_TRUE(copy.spec().package().source());
  vod_->Accept(copy);
  v1::JobResult packaged;
  v1::RenditionInfo& rendition = *packaged.mutable_package()->add_renditions();
  rendition.set_label("source");
  rendition.set_bandwidth_bps(1'000'000);
  rendition.set_codecs("avc1.640028,mp4a.40.2");
  packaged.mutable_package()->set_duration_seconds(60);
  vod_->Done(copy.job(), copy.token(), packaged);
  EXPECT_TRUE(vod_->NextRecorded().accepted());
  EXPECT_EQ(AssetState(), "playable");
  // What is left, in whatever order it comes.
  v1::JobResult any;
  while (TaskState(1) == "open") {
    const bool at_vod = Number("select count(*) as n from jobs where kind = 'package'") > 0 &&
                        Number("select count(*) as n from jobs where kind <> 'package'") == 0;
    FakeResource& resource = at_vod ? *vod_ : *worker_;
    const v1::Assign assign = resource.NextAssign();
    ASSERT_NE(assign.job(), 0);
    v1::JobResult result;
    switch (assign.spec().work_case()) {
      case v1::JobSpec::kThumbnails:
        result.mutable_thumbnails()->set_vtt_path("1/thumbnails/index.vtt");
        result.mutable_thumbnails()->set_poster_path("1/thumbnails/poster.jpg");
        break;
      case v1::JobSpec::kLoudness: result.mutable_loudness()->set_integrated_lufs(-25); break;
      case v1::JobSpec::kSilence:
        EXPECT_EQ(assign.spec().silence().integrated_lufs(), -25);
        result.mutable_silence()->set_threshold_db(-40);
        break;
      case v1::JobSpec::kPackage: result = packaged; break;
      default: result.mutable_output()->set_name("video.mp4"); break;
    }
    resource.Accept(assign);
    resource.Done(assign.job(), assign.token(), result);
    ASSERT_TRUE(resource.NextRecorded().accepted());
  }
  EXPECT_EQ(TaskState(1), "done");
  EXPECT_EQ(AssetState(), "complete");
  EXPECT_EQ(Text("select thumbnails_path as t from assets"), "1/thumbnails/index.vtt");
  EXPECT_EQ(Text("select poster_path as t from assets"), "1/thumbnails/poster.jpg");
  EXPECT_EQ(Number("select (loudness ->> 'integratedLufs')::int as n from assets"), -25);
}

TEST_F(RecordingTest, ACompletedUploadThatIsToldTwiceMakesOneTask) {
  Upload(v1::UploadEvent::COMPLETED);
  Upload(v1::UploadEvent::COMPLETED);
  EXPECT_EQ(Number("select count(*) as n from tasks"), 1);
}

TEST_F(RecordingTest, AnUploadOfAnotherVodServiceIsNotTouched) {
  const int64_t other = Join("vod_service", 4);
  FakeResource foreign(api_->address(), other);
  foreign.Attach("foreign");
  v1::ResourceMessage message;
  message.mutable_upload()->set_upload_id(kUpload);
  message.mutable_upload()->set_kind(v1::UploadEvent::COMPLETED);
  message.mutable_upload()->set_size_bytes(1000);
  message.mutable_upload()->set_sha256(std::string(64, 'a'));
  foreign.Send(message);
  EXPECT_TRUE(foreign.Next(Message::kUploadRecorded).has_value());
  EXPECT_EQ(AssetState(), "uploading");
  EXPECT_EQ(Number("select count(*) as n from tasks"), 0);
}

TEST_F(RecordingTest, ARejectedUploadFailsWithItsSentenceAndStandsInTheAudit) {
  Upload(v1::UploadEvent::REJECTED);
  EXPECT_EQ(AssetState(), "failed");
  EXPECT_EQ(Text("select error as t from assets"), "this is no video");
  EXPECT_THAT(Text("select detail as t from audit_events where action = 'upload.rejected'"), HasSubstr("this is no video"));
}

TEST_F(RecordingTest, ARecordingWithoutAnythingUsableFailsWithASentence) {
  Upload(v1::UploadEvent::COMPLETED);
  v1::JobResult empty;
  empty.mutable_probe()->set_duration_seconds(60);
  Finish(*worker_, v1::JobSpec::kProbe, empty);
  EXPECT_EQ(TaskState(1), "failed");
  EXPECT_EQ(AssetState(), "failed");
  EXPECT_THAT(Text("select error as t from assets"), HasSubstr("neither pictures nor sound"));
}

TEST_F(RecordingTest, BadInputFailsAfterASecondTryWhereThereIsOneWorker) {
  Upload(v1::UploadEvent::COMPLETED);
  for (int i = 0; i < 2; ++i) {
    const v1::Assign probe = worker_->NextAssign();
    worker_->Accept(probe);
    worker_->Fail(probe, v1::MEDIA, "moov atom not found");
    EXPECT_TRUE(worker_->NextRecorded().accepted());
    database_.Execute("update jobs set run_at = now() where state = 'retry_wait'");
    api_->control().hints().work();
  }
  EXPECT_EQ(TaskState(1), "failed");
  EXPECT_EQ(AssetState(), "failed");
  EXPECT_THAT(Text("select error as t from assets"), HasSubstr("moov atom not found"));
  EXPECT_EQ(Number("select count(*) as n from job_attempts where failure_class = 'media'"), 2);
}

TEST_F(RecordingTest, AnAnswerOfTheWrongKindIsAFailureOfTheResource) {
  Upload(v1::UploadEvent::COMPLETED);
  const v1::Assign probe = worker_->NextAssign();
  worker_->Accept(probe);
  v1::JobResult wrong;
  wrong.mutable_output()->set_name("x");
  worker_->Done(probe.job(), probe.token(), wrong);
  EXPECT_TRUE(worker_->NextRecorded().accepted());
  EXPECT_EQ(Number("select count(*) as n from job_attempts where failure_class = 'infrastructure'"), 1);
  EXPECT_EQ(AssetState(), "processing");
}

}  // namespace
}  // namespace lectern::api
