#include "vod_service/library/catalog.h"

#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::vod {
namespace {

using lectern::testing::StatusIs;
using lectern::testing::TempDir;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

class CatalogTest : public ::testing::Test {
 protected:
  void SetUp() override { Reopen(); }
  void Reopen() {
    catalog_.reset();
    ASSERT_OK_AND_ASSIGN(catalog_, Catalog::Open(dir_.path()));
  }
  void Insert(const std::string& id, bool complete = false, const std::string& view = "comb") {
    UploadRecord upload;
    upload.id = id;
    upload.lecture = 12;
    upload.view = view;
    upload.size_bytes = 100;
    upload.created_at = upload.expires_at = kNow;
    ASSERT_OK(catalog_->InsertUpload(upload));
    if (!complete) return;
    ASSERT_OK_AND_ASSIGN(UploadRecord row, catalog_->TakeEpoch(id, "boot", false));
    ASSERT_OK(catalog_->CompleteUpload(id, row.epoch, "abcd"));
  }
  RenditionRecord Rendition(const std::string& upload, const std::string& label, int64_t job, bool audio = false) {
    RenditionRecord rendition;
    rendition.upload = upload;
    rendition.label = label;
    rendition.job = job;
    rendition.dir = upload + "/" + label + "-" + std::to_string(job) + "-1";
    rendition.audio = audio;
    rendition.bandwidth_bps = 1000;
    return rendition;
  }
  absl::Status Publish(const std::string& upload, const std::vector<RenditionRecord>& renditions, bool enough = true) {
    return catalog_->PublishRenditions(upload, renditions.empty() ? 0 : renditions[0].job, 1, renditions, enough, kNow,
                                       absl::Hours(24));
  }
  std::vector<std::string> Sweeps(absl::Time when) {
    std::vector<std::string> targets;
    auto due = catalog_->ListDueSweeps(when, 100);
    if (due.ok()) {
      for (const SweepItem& item : *due) targets.push_back(item.target);
    }
    std::sort(targets.begin(), targets.end());
    return targets;
  }

  TempDir dir_;
  std::unique_ptr<Catalog> catalog_;
};

TEST_F(CatalogTest, TwoProcessesNeverShareAFolder) {
  EXPECT_THAT(Catalog::Open(dir_.path()), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(CatalogTest, ANewerSchemaIsNotTouched) {
  catalog_.reset();
  {
    ASSERT_OK_AND_ASSIGN(auto db, Sqlite::Open(dir_ / "catalog.sqlite3"));
    ASSERT_OK(db->Script("PRAGMA user_version = 99"));
  }
  EXPECT_THAT(Catalog::Open(dir_.path()), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(CatalogTest, UploadsSurviveAReopen) {
  Insert("a");
  ASSERT_OK_AND_ASSIGN(UploadRecord taken, catalog_->TakeEpoch("a", "boot", true));
  ASSERT_OK(catalog_->Checkpoint("a", taken.epoch, 40, false, kNow + absl::Hours(1)));
  Reopen();
  ASSERT_OK_AND_ASSIGN(UploadRecord row, catalog_->GetUpload("a"));
  EXPECT_EQ(row.durable_offset, 40u);
  EXPECT_EQ(row.expires_at, kNow + absl::Hours(1));
  EXPECT_EQ(row.boot_id, "boot");
  EXPECT_FALSE(row.unverified);
  EXPECT_THAT(catalog_->InsertUpload(row), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(CatalogTest, AnOlderWriterCanRecordNothing) {
  Insert("a");
  ASSERT_OK_AND_ASSIGN(UploadRecord old_writer, catalog_->TakeEpoch("a", "boot", false));
  ASSERT_OK_AND_ASSIGN(UploadRecord new_writer, catalog_->TakeEpoch("a", "boot", false));
  EXPECT_GT(new_writer.epoch, old_writer.epoch);
  EXPECT_THAT(catalog_->Checkpoint("a", old_writer.epoch, 10, false, kNow),
              StatusIs(absl::StatusCode::kAborted, "SUPERSEDED"));
  EXPECT_THAT(catalog_->CompleteUpload("a", old_writer.epoch, "x"), StatusIs(absl::StatusCode::kAborted, "SUPERSEDED"));
  EXPECT_OK(catalog_->CompleteUpload("a", new_writer.epoch, "x"));
  EXPECT_THAT(catalog_->TakeEpoch("a", "boot", false), StatusIs(absl::StatusCode::kFailedPrecondition, "UPLOAD_GONE"));
}

TEST_F(CatalogTest, AnEndedUploadIsReportedUntilItIsRecorded) {
  Insert("a", true);
  Insert("b");
  Insert("c");
  ASSERT_OK(catalog_->CloseUpload("c", UploadState::kBroken, "disk"));
  ASSERT_OK_AND_ASSIGN(auto unreported, catalog_->ListUnreported(10));
  ASSERT_EQ(unreported.size(), 2u);
  EXPECT_EQ(unreported[0].id, "a");
  EXPECT_EQ(unreported[1].error, "disk");
  ASSERT_OK(catalog_->MarkReported("a"));
  ASSERT_OK(catalog_->MarkReported("b")) << "an open one has nothing to report";
  ASSERT_OK(catalog_->MarkReported("c"));
  ASSERT_OK_AND_ASSIGN(unreported, catalog_->ListUnreported(10));
  EXPECT_TRUE(unreported.empty());
  ASSERT_OK_AND_ASSIGN(UploadRecord b, catalog_->GetUpload("b"));
  EXPECT_FALSE(b.reported);
}

TEST_F(CatalogTest, OpenTotalsCountWhatIsMissing) {
  Insert("a");
  Insert("b");
  ASSERT_OK_AND_ASSIGN(UploadRecord row, catalog_->TakeEpoch("a", "boot", false));
  ASSERT_OK(catalog_->Checkpoint("a", row.epoch, 30, false, kNow));
  ASSERT_OK_AND_ASSIGN(Catalog::OpenTotals totals, catalog_->GetOpenTotals());
  EXPECT_EQ(totals.count, 2);
  EXPECT_EQ(totals.missing_bytes, 170u);
}

TEST_F(CatalogTest, FencesOnlyGrow) {
  EXPECT_OK(catalog_->RaiseFence(5, 3));
  EXPECT_OK(catalog_->RaiseFence(5, 3));
  EXPECT_THAT(catalog_->RaiseFence(5, 2), StatusIs(absl::StatusCode::kFailedPrecondition, "FENCED"));
  EXPECT_OK(catalog_->RaiseFence(5, 7));
  EXPECT_OK(catalog_->RaiseFence(6, 1));
  Reopen();
  EXPECT_THAT(catalog_->RaiseFence(5, 6), StatusIs(absl::StatusCode::kFailedPrecondition, "FENCED"));
}

TEST_F(CatalogTest, ALateCommitIsRefusedAndOlderOutputsAreSwept) {
  OutputRecord output{5, 1, "v.mp4", "a", 10, "00", ""};
  ASSERT_OK(catalog_->RaiseFence(5, 1));
  ASSERT_OK(catalog_->StageOutput(output));
  output.key = "jobs/5/1/v.mp4";
  ASSERT_OK(catalog_->CommitOutputs(5, 1, {output}, kNow));
  ASSERT_OK(catalog_->RaiseFence(5, 2));
  EXPECT_THAT(catalog_->CommitOutputs(5, 1, {output}, kNow), StatusIs(absl::StatusCode::kFailedPrecondition, "FENCED"));
  OutputRecord newer{5, 2, "v.mp4", "a", 11, "11", ""};
  ASSERT_OK(catalog_->StageOutput(newer));
  newer.key = "jobs/5/2/v.mp4";
  ASSERT_OK(catalog_->CommitOutputs(5, 2, {newer}, kNow));
  ASSERT_OK_AND_ASSIGN(OutputRecord committed, catalog_->GetCommitted(5, "v.mp4"));
  EXPECT_EQ(committed.key, "jobs/5/2/v.mp4");
  EXPECT_EQ(Sweeps(kNow), std::vector<std::string>{"jobs/5/1"});
  ASSERT_OK_AND_ASSIGN(auto due, catalog_->ListDueSweeps(kNow, 10));
  ASSERT_OK(catalog_->FinishSweep(due[0]));
  ASSERT_OK_AND_ASSIGN(bool knows, catalog_->KnowsOutputs(5, 1));
  EXPECT_FALSE(knows);
}

TEST_F(CatalogTest, ALateRepetitionOfAnOutputLeavesTheCommittedOne) {
  OutputRecord output{5, 1, "v.mp4", "a", 10, "00", ""};
  ASSERT_OK(catalog_->RaiseFence(5, 1));
  ASSERT_OK(catalog_->StageOutput({5, 1, "v.mp4", "a", 9, "ff", ""}));
  ASSERT_OK(catalog_->StageOutput(output));
  output.key = "jobs/5/1/v.mp4";
  ASSERT_OK(catalog_->CommitOutputs(5, 1, {output}, kNow));
  ASSERT_OK(catalog_->StageOutput({5, 1, "v.mp4", "a", 10, "00", ""}));
  ASSERT_OK_AND_ASSIGN(OutputRecord committed, catalog_->GetCommitted(5, "v.mp4"));
  EXPECT_EQ(committed.key, "jobs/5/1/v.mp4");
  EXPECT_EQ(committed.size_bytes, 10u);
}

TEST_F(CatalogTest, ANewerRecordingTakesOverAndTheOldOneIsSweptLater) {
  Insert("a", true);
  Insert("b", true);
  ASSERT_OK(Publish("a", {Rendition("a", "source", 1)}));
  ASSERT_OK(Publish("b", {Rendition("b", "source", 2)}));
  ASSERT_OK_AND_ASSIGN(PublishedView view, catalog_->GetPublished(12, "comb"));
  EXPECT_EQ(view.upload, "b");
  EXPECT_TRUE(Sweeps(kNow + absl::Hours(23)).empty());
  EXPECT_EQ(Sweeps(kNow + absl::Hours(24)), std::vector<std::string>{"a"});
}

TEST_F(CatalogTest, AnOlderRecordingThatIsReadyLateChangesNothing) {
  Insert("a", true);
  Insert("b", true);
  ASSERT_OK(Publish("b", {Rendition("b", "source", 2)}));
  ASSERT_OK(Publish("a", {Rendition("a", "source", 1)}));
  ASSERT_OK_AND_ASSIGN(PublishedView view, catalog_->GetPublished(12, "comb"));
  EXPECT_EQ(view.upload, "b");
  EXPECT_EQ(Sweeps(kNow + absl::Hours(24)), std::vector<std::string>{"a"});
}

TEST_F(CatalogTest, SoundAloneDoesNotReplaceAnOlderRecording) {
  Insert("a", true);
  Insert("b", true);
  ASSERT_OK(Publish("a", {Rendition("a", "source", 1)}));
  ASSERT_OK(Publish("b", {Rendition("b", "audio", 2, true)}, /*enough=*/false));
  ASSERT_OK_AND_ASSIGN(PublishedView view, catalog_->GetPublished(12, "comb"));
  EXPECT_EQ(view.upload, "a");
  ASSERT_OK(Publish("b", {Rendition("b", "720p", 3)}));
  ASSERT_OK_AND_ASSIGN(view, catalog_->GetPublished(12, "comb"));
  EXPECT_EQ(view.upload, "b");
  ASSERT_OK_AND_ASSIGN(auto renditions, catalog_->ListRenditions("b"));
  EXPECT_EQ(renditions.size(), 2u);
}

TEST_F(CatalogTest, SoundAloneIsBetterThanNothing) {
  Insert("b", true);
  ASSERT_OK(Publish("b", {Rendition("b", "audio", 2, true)}, /*enough=*/false));
  EXPECT_OK(catalog_->GetPublished(12, "comb"));
}

TEST_F(CatalogTest, AFencedJobPublishesNothing) {
  Insert("a", true);
  ASSERT_OK(catalog_->RaiseFence(1, 2));
  EXPECT_THAT(Publish("a", {Rendition("a", "source", 1)}), StatusIs(absl::StatusCode::kFailedPrecondition, "FENCED"));
  ASSERT_OK_AND_ASSIGN(auto renditions, catalog_->ListRenditions("a"));
  EXPECT_TRUE(renditions.empty());
}

TEST_F(CatalogTest, AMasterPlaylistIsPendingUntilItsVersionIsWritten) {
  Insert("a", true);
  ASSERT_OK(Publish("a", {Rendition("a", "source", 1)}));
  ASSERT_OK_AND_ASSIGN(auto pending, catalog_->ListUnwrittenMasters());
  ASSERT_EQ(pending.size(), 1u);
  ASSERT_OK(Publish("a", {Rendition("a", "720p", 2)}));
  ASSERT_OK(catalog_->MarkMasterWritten(pending[0])) << "of the version before";
  ASSERT_OK_AND_ASSIGN(pending, catalog_->ListUnwrittenMasters());
  ASSERT_EQ(pending.size(), 1u);
  ASSERT_OK(catalog_->MarkMasterWritten(pending[0]));
  ASSERT_OK_AND_ASSIGN(pending, catalog_->ListUnwrittenMasters());
  EXPECT_TRUE(pending.empty());
}

TEST_F(CatalogTest, AReplacedRenditionIsSweptAfterAWhile) {
  Insert("a", true);
  ASSERT_OK(Publish("a", {Rendition("a", "720p", 1)}));
  ASSERT_OK(Publish("a", {Rendition("a", "720p", 2)}));
  EXPECT_EQ(Sweeps(kNow + absl::Hours(24)), std::vector<std::string>{"media/12/comb/a/720p-1-1"});
}

TEST_F(CatalogTest, DeleteMediaSparesTheOneToKeepAndOtherViews) {
  Insert("a", true);
  Insert("b", true);
  Insert("c", true, "cam");
  Insert("d");
  ASSERT_OK(Publish("a", {Rendition("a", "source", 1)}));
  ASSERT_OK(Publish("b", {Rendition("b", "source", 2)}));
  ASSERT_OK(Publish("c", {Rendition("c", "source", 3)}));
  ASSERT_OK_AND_ASSIGN(auto gone, catalog_->DeleteMedia(12, "comb", "b", kNow));
  EXPECT_TRUE(gone.empty());
  EXPECT_EQ(Sweeps(kNow), std::vector<std::string>{"a"});
  ASSERT_OK_AND_ASSIGN(UploadRecord d, catalog_->GetUpload("d"));
  EXPECT_EQ(d.state, UploadState::kTerminated);
  ASSERT_OK_AND_ASSIGN(gone, catalog_->DeleteMedia(12, "", "", kNow));
  EXPECT_EQ(gone.size(), 2u);
  EXPECT_EQ(Sweeps(kNow), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_THAT(catalog_->GetPublished(12, "comb"), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_OK(catalog_->MarkDeleted("a"));
  EXPECT_THAT(Publish("a", {Rendition("a", "480p", 9)}),
              StatusIs(absl::StatusCode::kFailedPrecondition, "UPLOAD_GONE"));
}

// What version 1 wrote, without what came later.
TEST_F(CatalogTest, ACatalogOfVersionOneIsBroughtUpToDate) {
  Insert("a", true);
  ASSERT_OK(Publish("a", {Rendition("a", "720p", 5)}));
  catalog_.reset();
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((dir_ / "catalog.sqlite3").c_str(), &db), SQLITE_OK);
  const char* downgrade =
      "drop table live_recordings; drop table live_formats; drop table live_sets; drop table live_swept; drop table waiting; "
      "pragma user_version = 1;";
  ASSERT_EQ(sqlite3_exec(db, downgrade, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
  Reopen();
  ASSERT_OK_AND_ASSIGN(auto renditions, catalog_->ListRenditions("a"));
  EXPECT_EQ(renditions.size(), 1u);
  UploadRecord upload;
  upload.id = "b";
  upload.lecture = 12;
  upload.view = "cam";
  EXPECT_OK(catalog_->OpenLive(upload, 1000, 1, 1));
  ASSERT_OK_AND_ASSIGN(auto on_air, catalog_->ListOnAir());
  ASSERT_EQ(on_air.size(), 1u);
  EXPECT_EQ(on_air[0].view, "cam");
  EXPECT_EQ(on_air[0].start_time_ms, 1000);
}

TEST_F(CatalogTest, ACatalogOfALaterVersionIsRefused) {
  catalog_.reset();
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((dir_ / "catalog.sqlite3").c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "pragma user_version = 3", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  EXPECT_THAT(Catalog::Open(dir_.path()), StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace lectern::vod
