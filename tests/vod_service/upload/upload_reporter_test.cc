#include "vod_service/upload/upload_reporter.h"

#include <gtest/gtest.h>

#include "absl/synchronization/mutex.h"
#include "lectern/v1/link.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::vod {
namespace {

const std::string kFirst(32, '1');
const std::string kSecond(32, '2');

class UploadReporterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(catalog_, Catalog::Open(dir_.path()));
    ASSERT_OK_AND_ASSIGN(blobs_, OpenLocalBlobStore(dir_.path() + "/store"));
    uploads_ = std::make_unique<UploadService>(*catalog_, *blobs_, RealClock(), UploadLimits());
    ASSERT_OK(uploads_->Recover());
    reporter_ = std::make_unique<UploadReporter>(*uploads_, [this](const v1::UploadEvent& event) {
      absl::MutexLock lock(&mu_);
      events_.push_back(event);
    });
    uploads_->SetOnEnded([this] { reporter_->Wake(); });
  }
  void TearDown() override { reporter_.reset(); }
  std::unique_ptr<UploadSession> Begin(const std::string& id) {
    EXPECT_OK(uploads_->Create({id, 12, "comb", 7, 3, ""}));
    auto session = uploads_->Begin(uploads_->writers().TryClaim(id), {});
    EXPECT_OK(session);
    return *std::move(session);
  }
  void Complete(const std::string& id) {
    auto session = Begin(id);
    ASSERT_OK(session->Write("abc"));
    ASSERT_OK(session->Finish(true));
  }
  int Count(const std::string& id, v1::UploadEvent::Kind kind) ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    int count = 0;
    for (const v1::UploadEvent& event : events_) count += event.upload_id() == id && event.kind() == kind;
    return count;
  }
  // Wakes the loop, as an attached link does, until enough events came.
  void WaitFor(const std::string& id, v1::UploadEvent::Kind kind, int count) {
    absl::MutexLock lock(&mu_);
    auto there = [&] { return Count(id, kind) >= count; };
    while (!there()) {
      reporter_->Wake();
      mu_.AwaitWithTimeout(absl::Condition(&there), absl::Milliseconds(20));
    }
  }

  lectern::testing::TempDir dir_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<UploadService> uploads_;
  std::unique_ptr<UploadReporter> reporter_;
  absl::Mutex mu_;
  std::vector<v1::UploadEvent> events_ ABSL_GUARDED_BY(mu_);
};

TEST_F(UploadReporterTest, ACompleteUploadIsReportedUntilItIsRecordedAndNoLonger) {
  Complete(kFirst);
  WaitFor(kFirst, v1::UploadEvent::COMPLETED, 3);
  {
    absl::MutexLock lock(&mu_);
    for (const v1::UploadEvent& event : events_) {
      if (event.kind() != v1::UploadEvent::COMPLETED) continue;
      EXPECT_EQ(event.sha256(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
      EXPECT_EQ(event.size_bytes(), 3);
    }
  }
  reporter_->Recorded(kFirst);
  // A round that began before may still be under way; what begins after the second upload's end is not.
  Complete(kSecond);
  WaitFor(kSecond, v1::UploadEvent::COMPLETED, 1);
  absl::MutexLock lock(&mu_);
  const int seen = Count(kFirst, v1::UploadEvent::COMPLETED);
  const int others = Count(kSecond, v1::UploadEvent::COMPLETED);
  auto more = [&] { return Count(kSecond, v1::UploadEvent::COMPLETED) >= others + 2; };
  while (!more()) {
    reporter_->Wake();
    mu_.AwaitWithTimeout(absl::Condition(&more), absl::Milliseconds(20));
  }
  EXPECT_EQ(Count(kFirst, v1::UploadEvent::COMPLETED), seen);
}

TEST_F(UploadReporterTest, ProgressAndRemovalAreReported) {
  auto session = Begin(kFirst);
  ASSERT_OK(session->Write("ab"));
  ASSERT_OK(session->Finish(true));
  session.reset();
  WaitFor(kFirst, v1::UploadEvent::PROGRESSED, 1);
  ASSERT_OK(uploads_->Terminate(uploads_->writers().TryClaim(kFirst)));
  WaitFor(kFirst, v1::UploadEvent::REMOVED, 2);
}

}  // namespace
}  // namespace lectern::vod
