// The service is killed while a worker stores; what was answered is there, and the worker goes on. And many workers at
// once.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/media/hls_playlist.h"
#include "lectern/v1/live_media.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/vod_service/support/live_client.h"
#include "vod_service/live/live_set.h"

namespace lectern::vod {
namespace {

using lectern::testing::TempDir;
using testing::Ask;
using testing::LiveClient;
using testing::Reply;
using testing::UploadId;

class Child {
 public:
  Child(const std::string& dir, const testing::VodKeys& keys) {
    int port_pipe[2];
    if (pipe(port_pipe) != 0) abort();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      testing::VodServer server(dir, keys, {});
      int port = server.port();
      if (write(port_pipe[1], &port, sizeof port) != sizeof port) _exit(1);
      pause();
      _exit(0);
    }
    close(port_pipe[1]);
    if (read(port_pipe[0], &port_, sizeof port_) != sizeof port_) port_ = 0;
    close(port_pipe[0]);
  }
  ~Child() { Kill(); }
  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  int port() const { return port_; }

 private:
  pid_t pid_ = 0;
  int port_ = 0;
};

media::MediaPlaylist PlaylistOf(int port, const testing::VodKeys& keys, char upload, const std::string& view = "comb") {
  Reply reply = Ask(port, "GET",
                    absl::StrCat("/p/", testing::PlaybackToken(keys, testing::kLecture), "/12/", view, "/",
                                 UploadId(upload), "/live/audio.m3u8"),
                    {});
  auto playlist = media::ParseMediaPlaylist(reply.body);
  EXPECT_OK(playlist) << reply.status;
  return playlist.value_or(media::MediaPlaylist());
}

TEST(LiveCrashTest, KilledBetweenFilesAndSetItGoesOn) {
  TempDir dir;
  const testing::VodKeys keys = testing::MakeKeys();
  for (int round = 0; round < 3; ++round) {
    Child child(dir / "vod", keys);
    LiveClient client(child.port(), keys, UploadId('a'), 10, 100);
    ASSERT_EQ(LiveClient::Stored(client.Open()).number(), round);
    v1::LiveSet set = client.Set(round + 1, round * 2000, round * 2000 + 2000, {"audio"});
    for (const v1::LiveSegment& segment : set.segments()) {
      ASSERT_EQ(client.Put(segment.name(), testing::Noise(static_cast<size_t>(segment.size_bytes()), 7)).status, 204);
    }
    ASSERT_EQ(client.Put(set.tracks(0).init(), "init").status, 204);
    child.Kill();
    Child again(dir / "vod", keys);
    LiveClient same(again.port(), keys, UploadId('a'), 10, 100);
    // The files are there: the set alone is enough.
    ASSERT_EQ(LiveClient::Stored(same.Commit(set)).number(), round + 1);
    EXPECT_EQ(PlaylistOf(again.port(), keys, 'a').segments.size(), static_cast<size_t>(round) + 1);
  }
}

TEST(LiveCrashTest, WhatWasAnsweredIsThereWheneverItIsKilled) {
  TempDir dir;
  const testing::VodKeys keys = testing::MakeKeys();
  int64_t answered = 0;
  for (int milliseconds : {5, 15, 25, 35, 50, 70}) {
    Child child(dir / "vod", keys);
    std::thread killer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
      child.Kill();
    });
    LiveClient client(child.port(), keys, UploadId('a'), 10, 100);
    const int64_t known = LiveClient::Stored(client.Open()).number();
    if (known >= 0) {
      EXPECT_GE(known, answered);
      answered = known;
      while (true) {
        const v1::LiveStored stored = LiveClient::Stored(
            client.Store(client.Set(answered + 1, answered * 2000, answered * 2000 + 2000, {"audio"})));
        if (stored.number() < 0) break;
        ASSERT_EQ(stored.number(), ++answered);
      }
    }
    killer.join();
  }
  Child last(dir / "vod", keys);
  const auto stored = static_cast<int64_t>(PlaylistOf(last.port(), keys, 'a').segments.size());
  // The last set may have been stored although its answer was lost.
  EXPECT_TRUE(stored == answered || stored == answered + 1) << stored << " " << answered;
}

TEST(LiveCrashTest, TwoHoldersThatRaceLeaveOneOrder) {
  TempDir dir;
  const testing::VodKeys keys = testing::MakeKeys();
  testing::VodServer server(dir / "vod", keys, {});
  std::atomic<int64_t> end_ms = 0;
  std::atomic<int> stored_sets = 0;
  std::vector<std::thread> holders;
  for (int fence = 1; fence <= 6; ++fence) {
    holders.emplace_back([&, fence] {
      LiveClient client(server.port(), keys, UploadId('a'), 10, fence);
      v1::LiveStored stored = LiveClient::Stored(client.Open());
      for (int number = 1; number <= 20 && stored.number() >= 0; ++number) {
        const int64_t start = std::max<int64_t>(stored.end_ms(), 0);
        stored = LiveClient::Stored(client.Store(client.Set(number, start, start + 2000, {"audio"})));
        if (stored.number() < 0) break;
        ++stored_sets;
        end_ms = std::max<int64_t>(end_ms, stored.end_ms());
      }
    });
  }
  for (std::thread& holder : holders) holder.join();
  media::MediaPlaylist playlist = PlaylistOf(server.port(), keys, 'a');
  ASSERT_EQ(playlist.segments.size(), static_cast<size_t>(stored_sets));
  int64_t last_fence = 0;
  for (const media::HlsSegment& segment : playlist.segments) {
    const int64_t fence = std::stoll(segment.uri.substr(6));
    EXPECT_GE(fence, last_fence) << "an older holder stored after a newer one";
    last_fence = fence;
  }
  EXPECT_EQ(last_fence, 6);
  EXPECT_EQ(static_cast<int64_t>(playlist.segments.size()) * 2000, end_ms);
}

TEST(LiveCrashTest, ManyStreamsStoreAtOnceAndComeBackAfterARestart) {
  TempDir dir;
  const testing::VodKeys keys = testing::MakeKeys();
  constexpr char kDigits[] = "0123456789abcdef";
  {
    testing::VodServer server(dir / "vod", keys, {});
    std::vector<std::thread> workers;
    for (char digit : std::string(kDigits)) {
      workers.emplace_back([&, digit] {
        LiveClient client(server.port(), keys, UploadId(digit), digit, digit);
        EXPECT_EQ(client.Open().status, 200);
        for (int i = 0; i < 10; ++i) {
          EXPECT_EQ(LiveClient::Stored(client.Store(client.Set(i + 1, i * 2000, i * 2000 + 2000, {"audio"}))).number(),
                    i + 1);
        }
      });
    }
    for (std::thread& worker : workers) worker.join();
    EXPECT_EQ(server.live().figures().sets, 160);
  }
  testing::VodServer server(dir / "vod", keys, {});
  for (char digit : std::string(kDigits)) {
    LiveClient client(server.port(), keys, UploadId(digit), digit, digit);
    EXPECT_EQ(LiveClient::Stored(client.Open()).sets(), 10) << digit;
  }
}

// A figure, not an assertion: a lecture of five hours at the start of the service.
TEST(LiveCrashTest, ALongLectureIsThereAgainAfterARestart) {
  TempDir dir;
  auto catalog = Catalog::Open(dir.path());
  ASSERT_OK(catalog);
  UploadRecord upload;
  upload.id = UploadId('a');
  upload.lecture = 12;
  upload.view = "comb";
  ASSERT_OK_AND_ASSIGN(LiveRecord live, (*catalog)->OpenLive(upload, 1'700'000'000'000, 10, 100));
  LiveFormat format;
  for (const char* label : {"1080p", "720p", "480p", "audio"}) {
    format.push_back({.label = label,
                      .audio = label[0] == 'a',
                      .codecs = "avc1.64001f",
                      .init = absl::StrCat(label, "-100-1-init.mp4"),
                      .init_sha256 = std::string(64, 'a')});
  }
  constexpr int kSets = 9000;
  std::vector<LiveCommit> commits(kSets);
  for (int i = 0; i < kSets; ++i) {
    LiveCommit& commit = commits[static_cast<size_t>(i)];
    commit.recording = live.id;
    commit.upload = upload.id;
    if (i == 0) commit.new_tracks = EncodeFormat(format);
    commit.set = {i,        10,
                  100,      i + 1,
                  i * 2000, i * 2000 + 2000,
                  1,        ",500000,2000000;,200000,2000000;,90000,2000000;,32000,2000000"};
    commit.goes_on_air = i == 0;
  }
  std::vector<const LiveCommit*> all;
  for (const LiveCommit& commit : commits) all.push_back(&commit);
  for (const absl::Status& status : (*catalog)->CommitLiveSets(all)) ASSERT_OK(status);
  auto blobs = OpenLocalBlobStore(dir.path() + "/store");
  ASSERT_OK(blobs);
  LiveLibrary library(**catalog, **blobs, RealClock(), {});
  const absl::Time start = absl::Now();
  ASSERT_OK(library.Load());
  const absl::Time loaded = absl::Now();
  auto text = library.Find(12, "comb", UploadId('a') + "/live/1080p.m3u8", false);
  ASSERT_TRUE(text.has_value());
  printf("9000 sets of 4 tracks: loaded in %.1f ms, playlist of %zu bytes made in %.2f ms\n",
         absl::ToDoubleMilliseconds(loaded - start), text->text->size(),
         absl::ToDoubleMilliseconds(absl::Now() - loaded));
  ASSERT_OK_AND_ASSIGN(media::MediaPlaylist playlist, media::ParseMediaPlaylist(*text->text));
  EXPECT_EQ(playlist.segments.size(), 9000u);
  const absl::Time ending = absl::Now();
  ASSERT_OK_AND_ASSIGN(EndedLive ended, library.End(upload.id, 11, 200));
  printf("ended in %.1f ms\n", absl::ToDoubleMilliseconds(absl::Now() - ending));
  EXPECT_EQ(ended.end_ms, 18'000'000);
}

}  // namespace
}  // namespace lectern::vod
