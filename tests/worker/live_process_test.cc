// The whole program takes a real encoder's stream in, against an API and a VOD service in this process.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/exec/process.h"
#include "lectern/v1/link.pb.h"
#include "lectern/v1/live_media.pb.h"
#include "tests/common/link/fake_api.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/worker/ingest/camera.h"
#include "tests/worker/ingest/fake_live_vod.h"

namespace lectern::worker {
namespace {

using ::lectern::testing::Camera;
using ::lectern::testing::FakeApi;
using ::lectern::testing::FakeLiveVod;
using ::lectern::testing::kPatience;
using ::lectern::testing::TempDir;
using ::testing::Contains;
using ::testing::HasSubstr;
using Message = v1::ResourceMessage;

class Child {
 public:
  explicit Child(ProcessOptions options) {
    absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(std::move(options));
    EXPECT_OK(process);
    process_ = *std::move(process);
    thread_ = std::thread([this] { exit_ = process_->Wait(); });
  }
  ~Child() {
    process_->Signal(SIGKILL);
    if (thread_.joinable()) thread_.join();
  }
  void Signal(int signal) { process_->Signal(signal); }
  ProcessExit Wait() {
    thread_.join();
    return exit_;
  }

 private:
  std::unique_ptr<Process> process_;
  ProcessExit exit_;
  std::thread thread_;
};

class LiveProcessTest : public ::testing::Test {
 protected:
  std::unique_ptr<Child> StartWorker() {
    ProcessOptions options;
    options.argv = {LECTERN_WORKER,         absl::StrCat("--api=", api_.address()), absl::StrCat("--state_dir=", dir_ / "state"),
                    "--slots=1",            "--live_slots=2",                       "--rtmp_listen=127.0.0.1",
                    "--live_renditions=0",  "--drain_timeout=10s"};
    options.environment = {"LECTERN_TOKEN=organization-token"};
    return std::make_unique<Child>(std::move(options));
  }
  v1::ServerMessage Assign(int64_t token) {
    v1::ServerMessage message;
    v1::Assign& assign = *message.mutable_assign();
    assign.set_job(5);
    assign.set_token(token);
    assign.mutable_spec()->mutable_live_ingest()->set_start_time_ms(absl::ToUnixMillis(absl::Now()));
    assign.set_media_url(vod_.url());
    assign.set_job_token(FakeLiveVod::kBearer);
    assign.set_ingest_key("geheim");
    return message;
  }
  // An encoder with key frames every second.
  std::unique_ptr<Child> Publish(const std::string& public_url, int64_t token) {
    ProcessOptions options;
    options.argv = {"ffmpeg", "-nostdin", "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25", "-f", "lavfi",
                    "-i", "sine=frequency=440:sample_rate=48000", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25",
                    "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", absl::StrCat(public_url, "/ingest/5-", token, "?key=geheim")};
    return std::make_unique<Child>(std::move(options));
  }
  v1::LiveReport ReportLike(testing::Attachment& stream, const std::function<bool(const v1::LiveReport&)>& like) {
    for (absl::Time end = absl::Now() + kPatience; absl::Now() < end;) {
      v1::LiveReport report = stream.Expect(Message::kLive).live();
      if (like(report)) return report;
    }
    ADD_FAILURE() << "no such report";
    return {};
  }

  TempDir dir_;
  FakeApi api_;
  FakeLiveVod vod_;
};

TEST_F(LiveProcessTest, StoresAnEncodersStreamAndReportsIt) {
  auto worker = StartWorker();
  auto stream = api_.NextAttachment();
  EXPECT_THAT(stream->hello().capabilities(), Contains("live"));
  ASSERT_THAT(stream->hello().public_url(), HasSubstr("rtmp://127.0.0.1:"));
  EXPECT_EQ(stream->Expect(Message::kCredit).credit().live_slots(), 2);
  stream->Send(Assign(3));
  stream->Expect(Message::kAccept);
  auto encoder = Publish(stream->hello().public_url(), 3);
  ASSERT_TRUE(vod_.WaitForSets(3));
  v1::LiveReport report = ReportLike(*stream, [](const v1::LiveReport& r) { return r.sets() >= 2 && r.facts().level_dbfs() < 0; });
  EXPECT_TRUE(report.receiving());
  EXPECT_EQ(report.facts().video_codec(), "h264");
  EXPECT_EQ(report.facts().height(), 360);
  EXPECT_GT(report.facts().luma(), 0.1) << "somebody looked";
  EXPECT_EQ(report.renditions_size(), 2);
  EXPECT_EQ(vod_.preview().substr(0, 2), "\xff\xd8");
  v1::ServerMessage cancel;
  cancel.mutable_cancel()->set_job(5);
  cancel.mutable_cancel()->set_token(3);
  stream->Send(cancel);
  EXPECT_EQ(stream->Expect(Message::kDone).done().job(), 5);
  stream->Recorded(5, 3);

  // What was stored is one continuous film.
  std::vector<v1::LiveSet> sets = vod_.sets();
  std::string picture = dir_ / "picture.mp4";
  std::ofstream film(picture, std::ios::binary);
  film << vod_.files()[sets[0].tracks(0).init()];
  for (size_t i = 0; i < sets.size(); ++i) {
    if (i > 0) EXPECT_EQ(sets[i].start_ms(), sets[i - 1].end_ms());
    film << vod_.files()[sets[i].segments(0).name()];
  }
  film.close();
  ProcessOptions probe;
  probe.argv = {"ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", picture};
  ASSERT_OK_AND_ASSIGN(std::string frames, RunProcess(probe, absl::Seconds(30)));
  double seconds = static_cast<double>(sets.back().end_ms() - sets[0].start_ms()) / 1000;
  EXPECT_NEAR(std::stod(frames), seconds * 25, 2);
  worker->Signal(SIGTERM);
  EXPECT_EQ(worker->Wait().code, 0);
}

TEST_F(LiveProcessTest, GoesOnWhileTheApiIsAway) {
  auto worker = StartWorker();
  auto stream = api_.NextAttachment();
  stream->Expect(Message::kCredit);
  stream->Send(Assign(3));
  stream->Expect(Message::kAccept);
  auto encoder = Publish(stream->hello().public_url(), 3);
  ASSERT_TRUE(vod_.WaitForSets(1));
  api_.lease_ms = 100;
  api_.refuses_with = static_cast<int>(absl::StatusCode::kUnavailable);
  stream->Reset();
  size_t before = vod_.sets().size();
  EXPECT_TRUE(vod_.WaitForSets(before + 3));
  api_.refuses_with = 0;
  auto again = api_.NextAttachment();
  ASSERT_EQ(again->hello().running_size(), 1);
  EXPECT_TRUE(ReportLike(*again, [](const v1::LiveReport& r) { return r.receiving(); }).receiving());
}

TEST_F(LiveProcessTest, HandsTheStreamBackAtOnceWhenItIsToldToStop) {
  auto worker = StartWorker();
  auto stream = api_.NextAttachment();
  stream->Expect(Message::kCredit);
  stream->Send(Assign(3));
  stream->Expect(Message::kAccept);
  auto encoder = Publish(stream->hello().public_url(), 3);
  ASSERT_TRUE(vod_.WaitForSets(1));
  worker->Signal(SIGTERM);
  stream->Expect(Message::kDrain);
  Message rejected = stream->Expect(Message::kReject);
  EXPECT_EQ(rejected.reject().job(), 5);
  EXPECT_EQ(rejected.reject().reason(), "DRAINING");
  EXPECT_EQ(worker->Wait().code, 0);
  EXPECT_NE(encoder->Wait().code, 0) << "the leg was closed";
}

TEST_F(LiveProcessTest, FetchesACameraThatComesLateAndEndsByTheSchedule) {
  if (!Camera::Available()) GTEST_SKIP() << "no RTSP server here: gir1.2-gst-rtsp-server-1.0";
  auto worker = StartWorker();
  auto stream = api_.NextAttachment();
  stream->Expect(Message::kCredit);
  Camera camera;
  v1::ServerMessage assign = Assign(3);
  assign.mutable_assign()->clear_ingest_key();
  assign.mutable_assign()->set_pull_url(camera.Url("cam:geheim@"));
  v1::LiveIngestSpec& spec = *assign.mutable_assign()->mutable_spec()->mutable_live_ingest();
  spec.set_pull(true);
  spec.set_end_time_ms(spec.start_time_ms() + 15'000);
  stream->Send(assign);
  stream->Expect(Message::kAccept);
  v1::LiveReport waiting = ReportLike(*stream, [](const v1::LiveReport& r) { return !r.reason().empty(); });
  EXPECT_EQ(waiting.reason(), "The source refuses the connection.");
  EXPECT_FALSE(waiting.receiving());
  ASSERT_TRUE(camera.Start("cam:geheim"));
  EXPECT_EQ(ReportLike(*stream, [](const v1::LiveReport& r) { return r.receiving(); }).reason(), "");
  EXPECT_EQ(stream->Expect(Message::kDone).done().job(), 5);
  stream->Recorded(5, 3);
  std::vector<v1::LiveSet> sets = vod_.sets();
  ASSERT_FALSE(sets.empty());
  EXPECT_GT(sets[0].start_ms(), 0) << "the timeline began before";
  EXPECT_LT(sets.back().end_ms(), 25'000);
  EXPECT_EQ(sets.back().tracks_size(), 2);
}

}  // namespace
}  // namespace lectern::worker
