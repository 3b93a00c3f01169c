// What a crash leaves behind, step by step, and how the next start repairs it.
#include "vod_service/upload/upload_service.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/base/text.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {
namespace {

using lectern::testing::FakeClock;
using lectern::testing::StatusIs;
using lectern::testing::TempDir;

const std::string kId(32, '1');

class UploadServiceTest : public ::testing::Test {
 protected:
  void SetUp() override { Restart(); }
  // As after kill -9: nothing is closed in order.
  void Restart() {
    service_.reset();
    catalog_.reset();
    ASSERT_OK_AND_ASSIGN(catalog_, Catalog::Open(dir_.path()));
    ASSERT_OK_AND_ASSIGN(blobs_, OpenLocalBlobStore(dir_ / "store"));
    service_ = std::make_unique<UploadService>(*catalog_, *blobs_, clock_, UploadLimits());
    ended_ = 0;
    service_->SetOnEnded([this] { ++ended_; });
    ASSERT_OK(service_->Recover());
  }
  void Create(uint64_t size) { ASSERT_OK(service_->Create({kId, 12, "comb", 7, size, ""})); }
  std::unique_ptr<UploadSession> Begin(uint64_t offset, std::optional<Checksum> checksum = std::nullopt) {
    auto session = service_->Begin(service_->writers().TryClaim(kId), {offset, false, std::move(checksum)});
    EXPECT_OK(session);
    return session.ok() ? *std::move(session) : nullptr;
  }
  UploadRecord Row() {
    auto row = catalog_->GetUpload(kId);
    return row.ok() ? *row : UploadRecord();
  }
  std::string Part() { return PartPath(blobs_->ScratchDir(), kId); }
  void ForgetBoot() {
    service_.reset();
    catalog_.reset();
    ASSERT_OK_AND_ASSIGN(auto db, Sqlite::Open(dir_ / "catalog.sqlite3"));
    ASSERT_OK(db->Script("update uploads set boot_id = 'another start of the machine'"));
  }

  TempDir dir_;
  FakeClock clock_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<UploadService> service_;
  int ended_ = 0;
};

TEST_F(UploadServiceTest, AfterAProcessCrashThePageCacheCounts) {
  Create(10);
  auto session = Begin(0);
  ASSERT_OK(session->Write("abcd"));
  EXPECT_EQ(Row().durable_offset, 0u);
  session.reset();
  Restart();
  EXPECT_EQ(Row().durable_offset, 4u);
  session = Begin(4);
  ASSERT_OK(session->Write("efghij"));
  ASSERT_OK(session->Finish(true));
  EXPECT_EQ(Row().sha256, HexEncode([] {
              Digest digest(DigestAlgorithm::kSha256);
              digest.Update("abcdefghij");
              return digest.Value();
            }()));
}

TEST_F(UploadServiceTest, AfterACrashOfTheMachineOnlySyncedBytesCount) {
  Create(10);
  auto session = Begin(0);
  ASSERT_OK(session->Write("ab"));
  ASSERT_OK(session->Checkpoint(clock_.Steady()));
  ASSERT_OK(session->Write("\0\0\0"));
  session.reset();
  ForgetBoot();
  Restart();
  EXPECT_EQ(Row().durable_offset, 2u);
  EXPECT_EQ(std::filesystem::file_size(Part()), 2u);
}

TEST_F(UploadServiceTest, BytesThatNobodyVouchedForAreDroppedAfterACrash) {
  Create(10);
  auto session = Begin(0, Checksum{DigestAlgorithm::kSha1, std::string(20, 'x')});
  ASSERT_OK(session->Write("abcd"));
  session.reset();
  Restart();
  EXPECT_EQ(Row().durable_offset, 0u);
  EXPECT_EQ(std::filesystem::file_size(Part()), 0u);
}

TEST_F(UploadServiceTest, CutOffBeforeTheMoveItIsCompletedAtTheNextStart) {
  Create(4);
  auto session = Begin(0);
  ASSERT_OK(session->Write("abcd"));
  ASSERT_OK(session->Checkpoint(clock_.Steady()));
  session.reset();
  Restart();
  EXPECT_EQ(Row().state, UploadState::kOpen);
  service_->FinishPending();
  EXPECT_EQ(Row().state, UploadState::kComplete);
  EXPECT_EQ(ended_, 1);
  service_->FinishPending();
  EXPECT_EQ(ended_, 1) << "once";
}

TEST_F(UploadServiceTest, CutOffBetweenTheMoveAndTheCommitItIsCompletedAtTheNextStart) {
  Create(4);
  auto session = Begin(0);
  ASSERT_OK(session->Write("abcd"));
  ASSERT_OK(session->Checkpoint(clock_.Steady()));
  session.reset();
  ASSERT_OK(blobs_->PutFile(RecordingKey(kId), Part()));
  Restart();
  service_->FinishPending();
  EXPECT_EQ(Row().state, UploadState::kComplete);
  EXPECT_FALSE(Row().sha256.empty());
  EXPECT_OK(blobs_->Open(RecordingKey(kId)));
}

TEST_F(UploadServiceTest, AnUploadWhoseBytesAreGoneIsBrokenAndNotResumed) {
  Create(10);
  auto session = Begin(0);
  ASSERT_OK(session->Write("abcd"));
  ASSERT_OK(session->Finish(true));
  session.reset();
  unlink(Part().c_str());
  Restart();
  EXPECT_EQ(Row().state, UploadState::kBroken);
  EXPECT_EQ(ended_, 1);
  EXPECT_FALSE(Row().reported);
  EXPECT_THAT(service_->Get(kId), StatusIs(absl::StatusCode::kFailedPrecondition, "UPLOAD_GONE"));
}

TEST_F(UploadServiceTest, ALongerFileThanAnnouncedIsNotCompletedWithItsFirstBytes) {
  Create(4);
  auto session = Begin(0);
  ASSERT_OK(session->Write("a"));
  ASSERT_OK(session->Checkpoint(clock_.Steady()));
  ASSERT_OK(session->Write("xyz"));
  EXPECT_THAT(session->Write("more"), StatusIs(absl::StatusCode::kOutOfRange, "TOO_LARGE"));
  ASSERT_OK_AND_ASSIGN(UploadRecord upload, session->Finish(false));
  EXPECT_EQ(upload.state, UploadState::kOpen);
  EXPECT_EQ(upload.durable_offset, 1u);
  EXPECT_EQ(std::filesystem::file_size(Part()), 1u);
  session.reset();
  session = Begin(1);
  ASSERT_OK(session->Write("bcd"));
  ASSERT_OK(session->Finish(true));
  EXPECT_EQ(Row().state, UploadState::kComplete);
  Digest digest(DigestAlgorithm::kSha256);
  digest.Update("abcd");
  EXPECT_EQ(Row().sha256, HexEncode(digest.Value()));
}

TEST_F(UploadServiceTest, AShorterFileThanRecordedIsBroken) {
  Create(10);
  auto session = Begin(0);
  ASSERT_OK(session->Write("abcd"));
  ASSERT_OK(session->Finish(true));
  session.reset();
  ASSERT_EQ(truncate(Part().c_str(), 2), 0);
  Restart();
  EXPECT_EQ(Row().state, UploadState::kBroken);
}

TEST_F(UploadServiceTest, AFailedSyncBreaksTheUpload) {
  Create(10);
  auto session = Begin(0);
  ASSERT_OK(session->Write("abcd"));
  // The session's descriptor becomes a pipe, which cannot be synced.
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  bool replaced = false;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    if (std::filesystem::read_symlink(entry.path(), ignored) != Part()) continue;
    ASSERT_GE(dup2(ends[0], std::stoi(entry.path().filename().string())), 0);
    replaced = true;
    break;
  }
  ASSERT_TRUE(replaced);
  EXPECT_THAT(session->Checkpoint(clock_.Steady()), StatusIs(absl::StatusCode::kDataLoss, "UPLOAD_BROKEN"));
  session.reset();
  EXPECT_EQ(Row().state, UploadState::kBroken);
  EXPECT_THAT(service_->Get(kId), StatusIs(absl::StatusCode::kFailedPrecondition, "UPLOAD_GONE"));
  close(ends[0]);
  close(ends[1]);
}

TEST_F(UploadServiceTest, AWriterThatLostItsEpochRecordsNothing) {
  Create(10);
  auto session = Begin(0);
  ASSERT_OK(session->Write("abcd"));
  ASSERT_OK(catalog_->TakeEpoch(kId, "x", false));
  EXPECT_THAT(session->Finish(true), StatusIs(absl::StatusCode::kAborted, "SUPERSEDED"));
  EXPECT_EQ(Row().durable_offset, 0u);
}

TEST_F(UploadServiceTest, ManyOrderedRequestsNeedNoSecondReading) {
  Create(1000);
  std::string all;
  for (int i = 0; i < 10; ++i) {
    std::string chunk(100, static_cast<char>('a' + i));
    auto session = Begin(all.size());
    ASSERT_OK(session->Write(chunk));
    ASSERT_OK(session->Finish(true));
    all += chunk;
  }
  Digest digest(DigestAlgorithm::kSha256);
  digest.Update(all);
  EXPECT_EQ(Row().sha256, HexEncode(digest.Value()));
}

}  // namespace
}  // namespace lectern::vod
