// From real segments on air to a recording: ended playlists, one source file, better renditions, and on air again.
// Everything is fetched over the public port, and FFmpeg decodes it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/file.h"
#include "common/media/hls_playlist.h"
#include "common/media/mp4_boxes.h"
#include "lectern/v1/link.pb.h"
#include "lectern/v1/live_media.pb.h"
#include "tests/support/media.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/vod_service/support/live_client.h"
#include "vod_service/jobs/job_runner.h"
#include "vod_service/library/keys.h"
#include "vod_service/packaging/packager.h"
#include "vod_service/retention/sweeper.h"

namespace lectern::vod {
namespace {

using lectern::testing::MediaFile;
using lectern::testing::RunTool;
using testing::Ask;
using ::testing::HasSubstr;
using testing::kLecture;
using testing::LiveClient;
using ::testing::Not;
using testing::Reply;
using testing::UploadId;

class FakeContext final : public link::JobContext {
 public:
  void Progress(double fraction) override {
    if (on_progress) on_progress(fraction);
  }
  bool ShouldStop() const override { return stop; }
  void OnStop(std::function<void()>) override {}
  bool MayPublish() const override { return true; }
  std::function<void(double)> on_progress;
  bool stop = false;
};

// Segments of a file, as a worker makes them: of video and sound, each with its own init segment.
struct LiveMedia {
  struct Track {
    std::string init;
    media::TrackInit facts;
    std::vector<std::string> segments;
    std::vector<double> seconds;
  };
  Track video;
  Track audio;

  static LiveMedia Of(const std::string& file, const std::string& folder) {
    std::filesystem::create_directories(folder);
    PackageRequest request;
    request.input_path = file;
    request.input_is_upload = true;
    request.output_dir = folder;
    request.video = request.audio = true;
    request.video_track = {"video", 0};
    request.audio_track = {"audio", 0};
    EXPECT_OK(Package(request));
    return {Read(folder + "/video"), Read(folder + "/audio")};
  }
  static Track Read(const std::string& folder) {
    Track track;
    track.init = ReadFile(folder + "/init.mp4").value_or("");
    auto facts = media::ParseInit(track.init);
    EXPECT_OK(facts);
    track.facts = *facts;
    auto playlist = media::ParseMediaPlaylist(ReadFile(folder + "/index.m3u8").value_or(""));
    EXPECT_OK(playlist);
    for (const media::HlsSegment& segment : playlist->segments) {
      track.segments.push_back(ReadFile(folder + "/" + segment.uri).value_or(""));
      track.seconds.push_back(segment.duration_seconds);
    }
    return track;
  }
  // The same segment so much later.
  static std::string Shifted(const Track& track, size_t index, int64_t shift_ms) {
    auto fragments = media::ParseSegment(track.segments[index], track.facts);
    EXPECT_OK(fragments);
    std::string bytes;
    uint32_t sequence = 0;
    for (media::Fragment& fragment : *fragments) {
      fragment.decode_time += shift_ms * track.facts.timescale / 1000;
      bytes += media::WriteFragment(++sequence, track.facts, fragment);
    }
    return bytes;
  }
};

class FinaliseTest : public ::testing::Test {
 protected:
  void SetUp() override { Start(); }
  void Start() {
    runner_.reset();
    publisher_.reset();
    server_.reset();
    server_ = std::make_unique<testing::VodServer>(dir_.path() + "/vod", keys_, testing::VodOptions{});
    publisher_ = std::make_unique<Publisher>(server_->catalog(), server_->blobs(), RealClock(), absl::Hours(24));
    runner_ = std::make_unique<JobRunner>(server_->catalog(), server_->blobs(), server_->uploads(), server_->live(),
                                          *publisher_, metrics_);
  }
  // 24 s, four segments. Made once.
  const LiveMedia& Lecture() {
    static const LiveMedia media = [] {
      lectern::testing::TempDir dir;
      const std::string file = dir / "lecture.mp4";
      bool ok = false;
      const std::string said =
          RunTool({"ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=24",
                   "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=24", "-c:v", "libx264",
                   "-preset", "ultrafast", "-bf", "2", "-g", "50", "-keyint_min", "50", "-sc_threshold", "0", "-c:a",
                   "aac", file},
                  &ok);
      EXPECT_TRUE(ok) << said;
      return LiveMedia::Of(file, dir / "tracks");
    }();
    return media;
  }
  LiveClient Client(int64_t job = 10, int64_t fence = 100) {
    return LiveClient(server_->port(), keys_, UploadId('a'), job, fence);
  }

  // Segment `index` of the media, at `start_ms` of the timeline.
  v1::LiveSet SetOf(LiveClient& client, const LiveMedia& media, size_t index, int64_t number, int64_t start_ms,
                    int64_t origin_ms, const std::string& init = "init") {
    const int64_t length_ms = static_cast<int64_t>(media.video.seconds[index] * 1000 + 0.5);
    v1::LiveSet set = client.Set(number, start_ms, start_ms + length_ms, {"180p", "audio"}, init);
    int64_t own_ms = 0;
    for (size_t i = 0; i < index; ++i) own_ms += static_cast<int64_t>(media.video.seconds[i] * 1000 + 0.5);
    for (int k = 0; k < 2; ++k) {
      const LiveMedia::Track& track = k == 0 ? media.video : media.audio;
      set.mutable_tracks(k)->set_codecs(track.facts.codecs);
      if (k == 0)
        set.mutable_tracks(k)->set_width(track.facts.width), set.mutable_tracks(k)->set_height(track.facts.height);
      set.mutable_tracks(k)->set_init_sha256(testing::Sha256Hex(track.init));
      const std::string bytes = LiveMedia::Shifted(track, index, start_ms - origin_ms - own_ms);
      set.mutable_segments(k)->set_size_bytes(static_cast<int64_t>(bytes.size()));
      set.mutable_segments(k)->set_duration_seconds(track.seconds[index]);
      EXPECT_EQ(client.Put(set.tracks(k).init(), track.init).status, 204);
      EXPECT_EQ(client.Put(set.segments(k).name(), bytes).status, 204);
    }
    return set;
  }
  void Broadcast(LiveClient client, const LiveMedia& media, std::vector<size_t> indices, int64_t start_ms,
                 int64_t origin_ms, const std::string& init = "init") {
    ASSERT_EQ(client.Open().status, 200);
    int64_t number = 0;
    for (size_t index : indices) {
      v1::LiveSet set = SetOf(client, media, index, ++number, start_ms, origin_ms, init);
      Reply reply = client.Commit(set);
      ASSERT_EQ(reply.status, 200) << reply.body;
      start_ms = set.end_ms();
    }
  }
  link::Outcome Finalise(int64_t job, FakeContext* context = nullptr) {
    v1::Assign assign;
    assign.set_job(job);
    assign.set_token(job * 10);
    assign.mutable_spec()->set_upload_id(UploadId('a'));
    assign.mutable_spec()->set_lecture(kLecture);
    assign.mutable_spec()->set_view(v1::COMB);
    assign.mutable_spec()->mutable_finalise();
    FakeContext own;
    return runner_->Run(assign, context != nullptr ? *context : own);
  }
  std::string Address(const std::string& path) {
    return absl::StrCat("http://127.0.0.1:", server_->port(), "/p/", testing::PlaybackToken(keys_, kLecture),
                        "/12/comb/", path);
  }
  Reply Play(const std::string& path) {
    return Ask(server_->port(), "GET", absl::StrCat("/p/", testing::PlaybackToken(keys_, kLecture), "/12/comb/", path),
               {});
  }
  std::string Live(const std::string& name) { return UploadId('a') + "/live/" + name; }
  media::MediaPlaylist Playlist(const std::string& label) {
    auto playlist = media::ParseMediaPlaylist(Play(Live(label + ".m3u8")).body);
    EXPECT_OK(playlist);
    return playlist.value_or(media::MediaPlaylist());
  }
  // Decoded pictures and the times of the first and the last, by a strict decoder.
  struct Decoded {
    int pictures = 0;
    double first = -1;
    double last = -1;
  };
  // A live playlist has no end: `live_pictures` says when it is enough.
  Decoded Decode(const std::string& address, int live_pictures = 0) {
    bool ok = false;
    std::vector<std::string> argv = {"ffprobe",
                                     "-v",
                                     "error",
                                     "-select_streams",
                                     "v:0",
                                     "-show_entries",
                                     "frame=best_effort_timestamp_time",
                                     "-print_format",
                                     "csv=p=0"};
    if (live_pictures > 0)
      argv.insert(argv.end(), {"-live_start_index", "0", "-read_intervals", absl::StrCat("%+#", live_pictures)});
    argv.push_back(address);
    const std::string said = RunTool(argv, &ok);
    EXPECT_TRUE(ok) << said;
    Decoded decoded;
    for (absl::string_view line : absl::StrSplit(said, '\n', absl::SkipEmpty())) {
      double time = 0;
      if (!absl::SimpleAtod(absl::StripSuffix(line, ","), &time)) continue;
      if (++decoded.pictures == 1) decoded.first = time;
      decoded.last = std::max(decoded.last, time);
    }
    return decoded;
  }
  std::string SourcePath() { return dir_.path() + "/vod/store/objects/" + RecordingKey(UploadId('a')); }

  lectern::testing::TempDir dir_;
  testing::VodKeys keys_ = testing::MakeKeys();
  Metrics metrics_;
  std::unique_ptr<testing::VodServer> server_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<JobRunner> runner_;
};

TEST_F(FinaliseTest, ABroadcastBecomesARecordingWithASourceFile) {
  const LiveMedia& media = Lecture();
  ASSERT_EQ(media.video.segments.size(), 4u);
  Broadcast(Client(), media, {0, 1, 2, 3}, 5000, 5000);
  Decoded live = Decode(Address(Live("180p.m3u8")), 590);
  EXPECT_GE(live.pictures, 580);

  FakeContext context;
  bool playable_first = false;
  context.on_progress = [&](double fraction) {
    if (fraction > 0.1 || playable_first) return;
    playable_first = true;
    EXPECT_TRUE(Playlist("180p").ended);
    EXPECT_THAT(Play("master.m3u8").body, HasSubstr("180p.m3u8"));
    EXPECT_FALSE(std::filesystem::exists(SourcePath()));
  };
  link::Outcome outcome = Finalise(11, &context);
  ASSERT_EQ(outcome.kind, link::Outcome::kDone) << outcome.error;
  EXPECT_TRUE(playable_first);
  const v1::FinaliseResult& result = outcome.result->finalise();
  EXPECT_NEAR(result.duration_seconds(), 24, 0.001);
  EXPECT_TRUE(result.continuous());
  ASSERT_EQ(result.renditions_size(), 2);
  EXPECT_EQ(result.renditions(0).label(), "180p");
  EXPECT_GT(result.renditions(0).bandwidth_bps(), 0);
  auto source = ReadFile(SourcePath());
  ASSERT_OK(source);
  EXPECT_EQ(result.size_bytes(), static_cast<int64_t>(source->size()));
  EXPECT_EQ(result.sha256(), testing::Sha256Hex(*source));
  Decoded made = Decode(SourcePath());
  EXPECT_EQ(made.pictures, 600);
  EXPECT_NEAR(made.first, 0, 0.001);
  EXPECT_NEAR(made.last, 23.96, 0.001);
  Decoded ended = Decode(Address("master.m3u8"));
  EXPECT_EQ(ended.pictures, 600);
  EXPECT_EQ(Play(Live("180p.m3u8")).Header("Cache-Control"), "public, max-age=10, stale-if-error=86400");
  EXPECT_EQ(Play(Live("180p.delta.m3u8")).body, Play(Live("180p.m3u8")).body);
  ASSERT_OK_AND_ASSIGN(UploadRecord upload, server_->catalog().GetUpload(UploadId('a')));
  EXPECT_EQ(upload.state, UploadState::kComplete);
  EXPECT_TRUE(upload.reported);
  // Again, as after an answer that got lost.
  link::Outcome again = Finalise(11);
  ASSERT_EQ(again.kind, link::Outcome::kDone);
  EXPECT_EQ(again.result->finalise().SerializeAsString(), result.SerializeAsString());
}

TEST_F(FinaliseTest, NothingStoredIsForgotten) {
  ASSERT_EQ(Client().Open().status, 200);
  link::Outcome outcome = Finalise(11);
  ASSERT_EQ(outcome.kind, link::Outcome::kDone);
  EXPECT_EQ(outcome.result->finalise().duration_seconds(), 0);
  EXPECT_FALSE(server_->catalog().GetUpload(UploadId('a')).ok());
  EXPECT_EQ(Finalise(12).kind, link::Outcome::kDone) << "never opened";
}

TEST_F(FinaliseTest, AHoleStaysAHole) {
  const LiveMedia& media = Lecture();
  Broadcast(Client(10, 100), media, {0, 1}, 0, 0);
  Broadcast(Client(10, 101), media, {2, 3}, 52'000, 0);
  EXPECT_EQ(Playlist("180p").segments.size(), 11u);
  link::Outcome outcome = Finalise(11);
  ASSERT_EQ(outcome.kind, link::Outcome::kDone) << outcome.error;
  EXPECT_FALSE(outcome.result->finalise().continuous());
  EXPECT_NEAR(outcome.result->finalise().duration_seconds(), 64, 0.001);
  Decoded made = Decode(SourcePath());
  EXPECT_EQ(made.pictures, 600);
  EXPECT_NEAR(made.last, 63.96, 0.001);
  Decoded played = Decode(Address(Live("180p.m3u8")));
  EXPECT_EQ(played.pictures, 600);
}

TEST_F(FinaliseTest, AChangeOfTheCodecsHeadersIsJoined) {
  const LiveMedia& media = Lecture();
  LiveMedia other = LiveMedia::Of(MediaFile("hd.mp4"), dir_.path() + "/other");
  Broadcast(Client(10, 100), media, {0, 1}, 0, 0);
  Broadcast(Client(10, 101), other, {0}, 12'000, 0, "other");
  media::MediaPlaylist playlist = Playlist("180p");
  ASSERT_EQ(playlist.segments.size(), 3u);
  EXPECT_TRUE(playlist.segments[2].discontinuity);
  link::Outcome outcome = Finalise(11);
  ASSERT_EQ(outcome.kind, link::Outcome::kDone) << outcome.error;
  EXPECT_FALSE(outcome.result->finalise().continuous());
  const int64_t end_ms = 12'000 + static_cast<int64_t>(other.video.seconds[0] * 1000 + 0.5);
  EXPECT_NEAR(outcome.result->finalise().duration_seconds(), static_cast<double>(end_ms) / 1000, 0.001);
  Decoded made = Decode(SourcePath());
  EXPECT_GT(made.pictures, 300);
  EXPECT_NEAR(made.first, 0, 0.001);
  EXPECT_NEAR(made.last, static_cast<double>(end_ms) / 1000, 0.1);
}

TEST_F(FinaliseTest, ABetterRenditionTakesTheLabelOfALiveOne) {
  const LiveMedia& media = Lecture();
  Broadcast(Client(), media, {0, 1, 2, 3}, 1000, 1000);
  ASSERT_EQ(Finalise(11).kind, link::Outcome::kDone);
  v1::Assign package;
  package.set_job(20);
  package.set_token(200);
  package.mutable_spec()->set_upload_id(UploadId('a'));
  package.mutable_spec()->set_lecture(kLecture);
  package.mutable_spec()->set_view(v1::COMB);
  package.mutable_spec()->mutable_media()->set_duration_seconds(24);
  package.mutable_spec()->mutable_media()->mutable_video();
  package.mutable_spec()->mutable_package()->set_source(true);
  package.mutable_spec()->mutable_package()->set_label("180p");
  package.mutable_spec()->mutable_package()->set_copy_video(true);
  FakeContext context;
  link::Outcome outcome = runner_->Run(package, context);
  ASSERT_EQ(outcome.kind, link::Outcome::kDone) << outcome.error;
  const std::string master = Play("master.m3u8").body;
  EXPECT_THAT(master, HasSubstr("/180p-20-200/index.m3u8"));
  EXPECT_THAT(master, HasSubstr("/live/audio.m3u8"));
  EXPECT_THAT(master, Not(HasSubstr("live/180p")));
  // The same picture at the same time in both.
  Decoded live = Decode(Address(Live("180p.m3u8"))),
          better = Decode(Address(UploadId('a') + "/180p-20-200/index.m3u8"));
  EXPECT_EQ(live.pictures, better.pictures);
  EXPECT_NEAR(live.first, better.first, 0.001);
  EXPECT_NEAR(live.last, better.last, 0.001);

  // On air again: the better one is taken back, and everything is there.
  Broadcast(Client(30, 300), media, {0}, 40'000, 1000);
  media::MediaPlaylist playlist = Playlist("180p");
  EXPECT_FALSE(playlist.ended);
  EXPECT_EQ(playlist.segments.size(), 8u);
  EXPECT_EQ(Play(Live("180p-100-1.m4s")).status, 200);
  EXPECT_THAT(Play("master.m3u8").body, HasSubstr("live/180p.m3u8"));
  EXPECT_EQ(runner_->Run(package, context).failure_class, v1::REJECTED_INPUT) << "of the recording as it was";
  link::Outcome end = Finalise(31);
  ASSERT_EQ(end.kind, link::Outcome::kDone) << end.error;
  EXPECT_NEAR(end.result->finalise().duration_seconds(), 45, 0.001);
  EXPECT_THAT(Play("master.m3u8").body, HasSubstr("live/180p.m3u8"));
  EXPECT_NEAR(Decode(SourcePath()).last, 44.96, 0.001);
}

TEST_F(FinaliseTest, AnEndOfAnOlderJobDoesNotStopWhatWasTakenUpAgain) {
  const LiveMedia& media = Lecture();
  Broadcast(Client(10, 100), media, {0}, 0, 0);
  Broadcast(Client(12, 120), media, {1}, 6000, 0);
  link::Outcome outcome = Finalise(11);
  EXPECT_EQ(outcome.kind, link::Outcome::kFailed);
  EXPECT_EQ(outcome.failure_class, v1::REJECTED_INPUT);
  EXPECT_FALSE(Playlist("180p").ended);
  EXPECT_EQ(Finalise(13).kind, link::Outcome::kDone);
  EXPECT_TRUE(Playlist("180p").ended);
  // Opened again, and nothing came: it stays what it was.
  ASSERT_EQ(Client(14, 140).Open().status, 200);
  EXPECT_TRUE(Playlist("180p").ended);
  link::Outcome nothing = Finalise(15);
  ASSERT_EQ(nothing.kind, link::Outcome::kDone);
  EXPECT_NEAR(nothing.result->finalise().duration_seconds(), 12, 0.001);
}

TEST_F(FinaliseTest, DeletedOnAirItTakesNothingMoreAndLeavesNothing) {
  const LiveMedia& media = Lecture();
  Broadcast(Client(), media, {0}, 0, 0);
  v1::Assign remove;
  remove.set_job(9);
  remove.set_token(1);
  remove.mutable_spec()->set_lecture(kLecture);
  remove.mutable_spec()->mutable_delete_media();
  FakeContext context;
  ASSERT_EQ(runner_->Run(remove, context).kind, link::Outcome::kDone);
  EXPECT_EQ(Play("master.m3u8").status, 404);
  LiveClient client = Client();
  EXPECT_EQ(client.Put("180p-100-2.m4s", "x").status, 410);
  EXPECT_EQ(client.Open().status, 410);
  Sweeper sweeper(server_->catalog(), server_->blobs(), server_->uploads(), RealClock());
  sweeper.Run();
  ASSERT_OK_AND_ASSIGN(auto left, server_->blobs().List(""));
  EXPECT_TRUE(left.empty()) << left[0].key;
  EXPECT_EQ(Client(12, 120).Open().status, 410);
}

TEST_F(FinaliseTest, AnUploadOfTheSameViewIsShownWhenTheBroadcastIsOver) {
  const LiveMedia& media = Lecture();
  Broadcast(Client(), media, {0}, 0, 0);
  auto bytes = ReadFile(MediaFile("no_audio.mp4"));
  ASSERT_OK(bytes);
  std::string token = testing::UploadToken(keys_, UploadId('b'), static_cast<int64_t>(bytes->size()));
  ASSERT_EQ(Ask(server_->port(), "PUT", "/uploads/" + UploadId('b'), {"Authorization: Bearer " + token}, *bytes).status,
            204);
  v1::Assign package;
  package.set_job(20);
  package.set_token(200);
  package.mutable_spec()->set_upload_id(UploadId('b'));
  package.mutable_spec()->set_lecture(kLecture);
  package.mutable_spec()->mutable_media()->mutable_video();
  package.mutable_spec()->mutable_package()->set_source(true);
  package.mutable_spec()->mutable_package()->set_label("source");
  package.mutable_spec()->mutable_package()->set_copy_video(true);
  FakeContext context;
  ASSERT_EQ(runner_->Run(package, context).kind, link::Outcome::kDone);
  EXPECT_THAT(Play("master.m3u8").body, HasSubstr("live/180p.m3u8"));
  ASSERT_EQ(Finalise(21).kind, link::Outcome::kDone);
  EXPECT_THAT(Play("master.m3u8").body, HasSubstr(UploadId('b') + "/source-20-200"));
}

TEST_F(FinaliseTest, FilesThatNoSetNamesAreSwept) {
  const LiveMedia& media = Lecture();
  LiveClient client = Client();
  Broadcast(client, media, {0, 1}, 0, 0);
  ASSERT_EQ(client.Put("180p-100-77.m4s", "of a set that never came").status, 204);
  Sweeper sweeper(server_->catalog(), server_->blobs(), server_->uploads(), RealClock());
  sweeper.SweepOrphans(absl::ZeroDuration());
  EXPECT_EQ(Play(Live("180p-100-77.m4s")).status, 200) << "its set may still come";
  EXPECT_EQ(Play(Live("180p-100-1.m4s")).status, 200);
  ASSERT_EQ(Finalise(11).kind, link::Outcome::kDone);
  sweeper.SweepOrphans(absl::ZeroDuration());
  EXPECT_EQ(Play(Live("180p-100-77.m4s")).status, 404);
  EXPECT_EQ(Decode(Address("master.m3u8")).pictures, 300);
  EXPECT_TRUE(std::filesystem::exists(SourcePath()));
}

TEST_F(FinaliseTest, FilesOfAReplacedTrackGoAndItsPastIsAGapThen) {
  const LiveMedia& media = Lecture();
  Broadcast(Client(), media, {0, 1}, 0, 0);
  ASSERT_EQ(Finalise(11).kind, link::Outcome::kDone);
  RenditionRecord better;
  better.upload = UploadId('a');
  better.label = "180p";
  better.job = 20;
  better.dir = RenditionDir(better.upload, "180p", 20, 200);
  ASSERT_OK(
      server_->catalog().PublishRenditions(better.upload, 20, 200, {better}, true, absl::Now(), absl::ZeroDuration()));
  Sweeper sweeper(server_->catalog(), server_->blobs(), server_->uploads(), RealClock());
  sweeper.Run();
  EXPECT_EQ(Play(Live("180p-100-1.m4s")).status, 404);
  EXPECT_EQ(Play(Live("180p.m3u8")).status, 404);
  EXPECT_EQ(Play(Live("audio-100-1.m4s")).status, 200);
  Broadcast(Client(30, 300), media, {2}, 12'000, 0);
  media::MediaPlaylist picture = Playlist("180p"), sound = Playlist("audio");
  ASSERT_EQ(picture.segments.size(), 3u);
  EXPECT_TRUE(picture.segments[0].gap && picture.segments[1].gap);
  EXPECT_FALSE(picture.segments[2].gap || sound.segments[0].gap);
}

}  // namespace
}  // namespace lectern::vod
