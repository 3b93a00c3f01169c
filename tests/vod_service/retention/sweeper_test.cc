#include "vod_service/retention/sweeper.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/vod_service/support/vod_fixture.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {
namespace {

using lectern::testing::FakeClock;
using lectern::testing::TempDir;
using testing::UploadId;

// File times are the machine's; this clock says how far in the future we look.
class LaterClock final : public Clock {
 public:
  absl::Time Now() override { return absl::Now() + later; }
  absl::Duration Steady() override { return RealClock().Steady() + later; }
  absl::Duration later;
};

class SweeperTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(catalog_, Catalog::Open(dir_.path()));
    ASSERT_OK_AND_ASSIGN(blobs_, OpenLocalBlobStore(dir_ / "store"));
    uploads_ = std::make_unique<UploadService>(*catalog_, *blobs_, clock_, UploadLimits());
    ASSERT_OK(uploads_->Recover());
    sweeper_ = std::make_unique<Sweeper>(*catalog_, *blobs_, *uploads_, clock_);
  }
  void Complete(char digit) {
    ASSERT_OK(uploads_->Create({UploadId(digit), 12, "comb", 7, 3, ""}));
    auto session = uploads_->Begin(uploads_->writers().TryClaim(UploadId(digit)), {});
    ASSERT_OK(session);
    ASSERT_OK((*session)->Write("abc"));
    ASSERT_OK((*session)->Finish(true));
  }
  void Publish(char digit, const std::string& label, int64_t job) {
    RenditionRecord rendition;
    rendition.upload = UploadId(digit);
    rendition.label = label;
    rendition.job = job;
    rendition.dir = RenditionDir(rendition.upload, label, job, 1);
    ASSERT_OK(blobs_->Put("media/12/comb/" + rendition.dir + "/index.m3u8", "x"));
    ASSERT_OK(catalog_->PublishRenditions(rendition.upload, job, 1, {rendition}, true, clock_.Now(), absl::Hours(24)));
  }
  bool Exists(const std::string& key) { return blobs_->Open(key).ok(); }

  TempDir dir_;
  LaterClock clock_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<UploadService> uploads_;
  std::unique_ptr<Sweeper> sweeper_;
};

TEST_F(SweeperTest, AReplacedRecordingGoesAfterItsRetention) {
  Complete('1');
  Complete('2');
  Publish('1', "source", 1);
  Publish('2', "source", 2);
  clock_.later = absl::Hours(23);
  sweeper_->Run();
  EXPECT_TRUE(Exists(RecordingKey(UploadId('1'))));
  clock_.later = absl::Hours(25);
  sweeper_->Run();
  EXPECT_FALSE(Exists(RecordingKey(UploadId('1'))));
  EXPECT_FALSE(Exists("media/12/comb/" + RenditionDir(UploadId('1'), "source", 1, 1) + "/index.m3u8"));
  EXPECT_TRUE(Exists(RecordingKey(UploadId('2'))));
  EXPECT_TRUE(Exists("media/12/comb/" + RenditionDir(UploadId('2'), "source", 2, 1) + "/index.m3u8"));
  ASSERT_OK_AND_ASSIGN(UploadRecord old, catalog_->GetUpload(UploadId('1')));
  EXPECT_EQ(old.state, UploadState::kDeleted);
}

TEST_F(SweeperTest, OrphansGoOnlyWhenTheyAreOld) {
  Complete('1');
  Publish('1', "source", 1);
  const std::vector<std::string> orphans = {RecordingKey(UploadId('9')), "jobs/77/1/a.mp4",
                                            "media/12/comb/" + UploadId('1') + "/720p-5-1/seg-00001.m4s",
                                            "media/13/cam/" + UploadId('8') + "/720p-5-1/index.m3u8"};
  for (const std::string& key : orphans) ASSERT_OK(blobs_->Put(key, "x"));
  ASSERT_OK(MakeDirectories(StagedFolder(blobs_->ScratchDir(), 88, 1)));
  std::ofstream(blobs_->ScratchDir() + "/put-abc") << "x";
  std::ofstream(PartPath(blobs_->ScratchDir(), UploadId('7'))) << "x";
  sweeper_->Run();
  sweeper_->SweepOrphans(absl::Hours(1));
  for (const std::string& key : orphans) EXPECT_TRUE(Exists(key)) << key;
  clock_.later = absl::Hours(2);
  sweeper_->Run();
  sweeper_->SweepOrphans(absl::Hours(1));
  for (const std::string& key : orphans) EXPECT_FALSE(Exists(key)) << key;
  EXPECT_FALSE(std::filesystem::exists(StagedFolder(blobs_->ScratchDir(), 88, 1)));
  EXPECT_FALSE(std::filesystem::exists(blobs_->ScratchDir() + "/put-abc"));
  EXPECT_FALSE(std::filesystem::exists(PartPath(blobs_->ScratchDir(), UploadId('7'))));
  EXPECT_TRUE(Exists(RecordingKey(UploadId('1'))));
  EXPECT_TRUE(Exists("media/12/comb/" + RenditionDir(UploadId('1'), "source", 1, 1) + "/index.m3u8"));
}

TEST_F(SweeperTest, AReplacedRenditionIsNoOrphanBeforeItsTime) {
  Complete('1');
  Publish('1', "720p", 1);
  Publish('1', "720p", 2);
  const std::string old = "media/12/comb/" + RenditionDir(UploadId('1'), "720p", 1, 1) + "/index.m3u8";
  clock_.later = absl::Hours(5);
  sweeper_->SweepOrphans(absl::Hours(1));
  EXPECT_TRUE(Exists(old)) << "somebody may still be watching it";
  clock_.later = absl::Hours(25);
  sweeper_->Run();
  EXPECT_FALSE(Exists(old));
}

TEST_F(SweeperTest, StagedOutputsOfAnOvertakenFenceGo) {
  Complete('1');
  for (int64_t fence : {1, 2}) {
    ASSERT_OK(catalog_->RaiseFence(5, fence));
    ASSERT_OK(MakeDirectories(StagedFolder(blobs_->ScratchDir(), 5, fence)));
    ASSERT_OK(catalog_->StageOutput({5, fence, "a.mp4", UploadId('1'), 1, "00", ""}));
  }
  sweeper_->Run();
  EXPECT_FALSE(std::filesystem::exists(StagedFolder(blobs_->ScratchDir(), 5, 1)));
  EXPECT_TRUE(std::filesystem::exists(StagedFolder(blobs_->ScratchDir(), 5, 2)));
  ASSERT_OK_AND_ASSIGN(auto outputs, catalog_->ListOutputs(5, 1));
  EXPECT_TRUE(outputs.empty());
}

TEST_F(SweeperTest, AFinishedRenditionThatWaitsToBePublishedIsNoOrphan) {
  Complete('1');
  const std::string segment = "media/12/comb/" + RenditionDir(UploadId('1'), "720p", 5, 2) + "/seg-00001.m4s";
  ASSERT_OK(blobs_->Put(segment, "x"));
  ASSERT_OK(MakeDirectories(PackageFolder(blobs_->ScratchDir(), 5, 2)));
  clock_.later = absl::Hours(9);
  sweeper_->SweepOrphans(absl::Hours(1));
  EXPECT_TRUE(Exists(segment)) << "its job is about to publish it";
  sweeper_->CleanPackages();
  sweeper_->SweepOrphans(absl::Hours(1));
  EXPECT_FALSE(Exists(segment));
}

TEST_F(SweeperTest, ARecordingThatIsPublishedIsNeverSwept) {
  Complete('1');
  Publish('1', "source", 1);
  ASSERT_OK(catalog_->AddSweep(SweepItem::kUpload, UploadId('1'), clock_.Now()));
  sweeper_->Run();
  EXPECT_TRUE(Exists(RecordingKey(UploadId('1'))));
  EXPECT_THAT(catalog_->MarkDeleted(UploadId('1')),
              lectern::testing::StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_OK_AND_ASSIGN(UploadRecord upload, catalog_->GetUpload(UploadId('1')));
  EXPECT_EQ(upload.state, UploadState::kComplete);
}

}  // namespace
}  // namespace lectern::vod
