// Live media over real sockets: what a worker stores is what a player gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/media/hls_playlist.h"
#include "lectern/v1/live_media.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/vod_service/support/live_client.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {
namespace {

using testing::Ask;
using ::testing::HasSubstr;
using testing::kLecture;
using testing::LiveClient;
using ::testing::Not;
using testing::Reply;
using testing::UploadId;

class LiveTest : public ::testing::Test {
 protected:
  void SetUp() override { Start(); }
  void Start(LiveLimits limits = {}) {
    server_.reset();
    server_ = std::make_unique<testing::VodServer>(dir_.path(), keys_, testing::VodOptions{.live = limits});
  }
  LiveClient Client(int64_t job = 10, int64_t fence = 100, char upload = 'a') {
    return LiveClient(server_->port(), keys_, UploadId(upload), job, fence);
  }
  Reply Play(const std::string& path, const std::vector<std::string>& headers = {}, const std::string& method = "GET") {
    return Ask(server_->port(), method, absl::StrCat("/p/", testing::PlaybackToken(keys_, kLecture), "/12/comb/", path),
               headers);
  }
  std::string Live(const std::string& name, char upload = 'a') { return UploadId(upload) + "/live/" + name; }
  media::MediaPlaylist Playlist(const std::string& label) {
    auto playlist = media::ParseMediaPlaylist(Play(Live(label + ".m3u8")).body);
    EXPECT_OK(playlist);
    return playlist.value_or(media::MediaPlaylist());
  }

  lectern::testing::TempDir dir_;
  testing::VodKeys keys_ = testing::MakeKeys();
  std::unique_ptr<testing::VodServer> server_;
};

TEST_F(LiveTest, AStoredSetIsPlayable) {
  LiveClient client = Client();
  v1::LiveStored stored = LiveClient::Stored(client.Open());
  EXPECT_EQ(stored.origin_ms(), -1);
  EXPECT_EQ(stored.number(), 0);
  EXPECT_EQ(Play("master.m3u8").status, 404);
  stored = LiveClient::Stored(client.Store(client.Set(1, 3500, 5500)));
  EXPECT_EQ(stored.number(), 1);
  EXPECT_EQ(stored.origin_ms(), 3500);
  EXPECT_EQ(stored.end_ms(), 5500);
  EXPECT_EQ(stored.sets(), 1);
  EXPECT_EQ(stored.target_duration_seconds(), 2);
  EXPECT_EQ(stored.tracks_size(), 2);
  EXPECT_FALSE(stored.ended());

  Reply master = Play("master.m3u8");
  ASSERT_EQ(master.status, 200);
  EXPECT_EQ(master.Header("Cache-Control"), "public, max-age=2");
  ASSERT_OK_AND_ASSIGN(media::MasterPlaylist read, media::ParseMasterPlaylist(master.body));
  ASSERT_EQ(read.variants.size(), 1u);
  EXPECT_EQ(read.variants[0].uri, Live("720p.m3u8"));
  EXPECT_EQ(read.variants[0].width, 1280);
  EXPECT_EQ(read.variants[0].bandwidth_bps, 1'500'000 + 192'000);
  EXPECT_EQ(read.audio_uris, std::vector<std::string>{Live("audio.m3u8")});

  Reply media = Play(Live("720p.m3u8"));
  EXPECT_EQ(media.Header("Cache-Control"), "public, max-age=1");
  EXPECT_EQ(
      media.body,
      "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:EVENT\n"
      "#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=60.0\n#EXT-X-MAP:URI=\"720p-100-1-init.mp4\"\n"
      "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:23.500Z\n#EXTINF:2.000000,\n720p-100-1.m4s\n");
  EXPECT_EQ(Play(Live("720p.m3u8"), {"If-None-Match: " + media.Header("ETag")}).status, 304);
  EXPECT_EQ(Play(Live("720p.m3u8"), {}, "HEAD").Header("Content-Length"), absl::StrCat(media.body.size()));
  Reply segment = Play(Live("720p-100-1.m4s"));
  EXPECT_EQ(segment.body.size(), 250'000u);
  EXPECT_THAT(segment.Header("Cache-Control"), HasSubstr("immutable"));
  EXPECT_EQ(Play(Live("720p-100-1-init.mp4")).status, 200);

  client.Store(client.Set(2, 5500, 7500));
  EXPECT_EQ(Playlist("720p").segments.size(), 2u);
  EXPECT_EQ(Playlist("audio").segments.size(), 2u);
  EXPECT_NE(Play(Live("720p.m3u8")).Header("ETag"), media.Header("ETag"));
  EXPECT_EQ(Play("master.m3u8").Header("ETag"), master.Header("ETag"));
}

TEST_F(LiveTest, ARepeatedSetIsAnsweredAgainAndASkippedOneIsRefused) {
  LiveClient client = Client();
  client.Open();
  client.Store(client.Set(1, 0, 2000));
  EXPECT_EQ(LiveClient::Stored(client.Commit(client.Set(1, 0, 2000))).number(), 1);
  Reply skipped = client.Store(client.Set(3, 4000, 6000));
  EXPECT_EQ(skipped.status, 409);
  EXPECT_THAT(skipped.body, HasSubstr("OUT_OF_ORDER"));
  EXPECT_EQ(skipped.Header("X-Expected-Number"), "2");
  EXPECT_EQ(Playlist("720p").segments.size(), 1u);
}

TEST_F(LiveTest, ANewerHolderFencesTheOlderOff) {
  LiveClient old = Client(10, 100), next = Client(10, 101), reopened = Client(11, 90);
  old.Open();
  old.Store(old.Set(1, 0, 2000));
  EXPECT_EQ(LiveClient::Stored(next.Open()).number(), 0);
  for (const Reply& reply :
       {old.Open(), old.Put("720p-100-2.m4s", "x"), old.Commit(old.Set(2, 2000, 4000)), old.PutPreview("x")}) {
    EXPECT_TRUE(reply.status == 409 || reply.status == 400) << reply.status;
  }
  EXPECT_THAT(old.Commit(old.Set(2, 2000, 4000)).body, HasSubstr("FENCED"));
  EXPECT_EQ(LiveClient::Stored(next.Store(next.Set(1, 2000, 4000))).sets(), 2);
  // A newer job counts more than a higher fence.
  EXPECT_EQ(reopened.Open().status, 200);
  EXPECT_THAT(next.Commit(next.Set(2, 4000, 6000)).body, HasSubstr("FENCED"));
  EXPECT_EQ(LiveClient::Stored(reopened.Store(reopened.Set(1, 4000, 6000))).sets(), 3);
}

TEST_F(LiveTest, AHoleIsARowOfGapsInAllTracks) {
  LiveClient client = Client();
  client.Open();
  client.Store(client.Set(1, 0, 2000));
  v1::LiveSet late = client.Set(2, 7000, 9000);
  late.mutable_segments(0)->clear_name();
  EXPECT_EQ(LiveClient::Stored(client.Store(late)).sets(), 5);
  for (const char* label : {"720p", "audio"}) {
    media::MediaPlaylist playlist = Playlist(label);
    ASSERT_EQ(playlist.segments.size(), 5u) << label;
    for (size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(playlist.segments[i].gap, (i >= 1 && i <= 3) || (i == 4 && label == std::string("720p"))) << label << i;
      EXPECT_FALSE(playlist.segments[i].discontinuity);
    }
    EXPECT_EQ(playlist.segments[1].date_ms, 1'700'000'002'000);
    EXPECT_EQ(playlist.segments[4].date_ms, 1'700'000'007'000);
    EXPECT_NEAR(playlist.DurationSeconds(), 9, 0.01);
  }
  EXPECT_EQ(Play(Live("gap.m4s")).status, 404);
}

TEST_F(LiveTest, AnotherInitSegmentIsADiscontinuityInAllTracks) {
  LiveClient client = Client(10, 100), next = Client(10, 101);
  client.Open();
  client.Store(client.Set(1, 0, 2000));
  next.Open();
  // The same bytes under another name change nothing.
  next.Store(next.Set(1, 2000, 4000));
  v1::LiveSet changed = next.Set(2, 4000, 6000, {"720p", "audio"}, "other");
  changed.mutable_tracks(1)->set_init_sha256(testing::Sha256Hex("initaudio"));
  next.Store(changed);
  media::MediaPlaylist video = Playlist("720p"), audio = Playlist("audio");
  ASSERT_EQ(video.segments.size(), 3u);
  EXPECT_EQ(video.map_uri, "720p-100-1-init.mp4");
  EXPECT_EQ(video.segments[1].map_uri, "");
  EXPECT_FALSE(video.segments[1].discontinuity);
  EXPECT_TRUE(video.segments[2].discontinuity);
  EXPECT_EQ(video.segments[2].map_uri, "720p-101-1-other.mp4");
  EXPECT_TRUE(audio.segments[2].discontinuity);
  EXPECT_EQ(audio.segments[2].map_uri, "");
}

TEST_F(LiveTest, WhatIsNotStoredCannotBeInASet) {
  LiveClient client = Client();
  EXPECT_THAT(client.Put("720p-100-1.m4s", "x").body, HasSubstr("NOT_OPEN"));
  client.Open();
  v1::LiveSet set = client.Set(1, 0, 2000);
  Reply missing = client.Commit(set);
  EXPECT_EQ(missing.status, 409);
  EXPECT_THAT(missing.body, HasSubstr("FILE_MISSING"));
  set.mutable_segments(0)->set_name("../../../720p-1-1.m4s");
  EXPECT_EQ(client.Commit(set).status, 400);
  EXPECT_EQ(client.Put("720p.m3u8", "x").status, 400);
  EXPECT_EQ(client.Put("../720p-1-1.m4s", "x").status, 400);
  EXPECT_EQ(client.Put("audio-1-1.jpg", "x").status, 400);
  Reply wrong = Ask(server_->port(), "PUT", client.Path("files/720p-100-9.m4s"),
                    {client.bearer(), "X-Content-SHA256: " + testing::Sha256Hex("other")}, "bytes");
  EXPECT_THAT(wrong.body, HasSubstr("DIGEST_MISMATCH"));
  EXPECT_EQ(Ask(server_->port(), "POST", client.Path("sets"), {client.bearer()}, "no message").status, 400);
  EXPECT_EQ(Ask(server_->port(), "POST", client.Path("open"), {}, "").status, 401);
  EXPECT_EQ(Ask(server_->port(), "POST", "/live/11/100/open", {client.bearer()}, "").status, 403);
}

TEST_F(LiveTest, ASegmentThatIsInThePlaylistCannotBeReplaced) {
  LiveClient client = Client();
  client.Open();
  EXPECT_EQ(client.Put("720p-100-1.m4s", "another try").status, 204);
  ASSERT_EQ(client.Store(client.Set(1, 0, 2000)).status, 200);
  Reply again = client.Put("720p-100-1.m4s", testing::Noise(250'000, 7));
  EXPECT_EQ(again.status, 204);
  Reply other = client.Put("720p-100-1.m4s", testing::Noise(250'000, 8));
  EXPECT_EQ(other.status, 409);
  EXPECT_THAT(other.body, HasSubstr("NAME_TAKEN"));
  EXPECT_EQ(Play(Live("720p-100-1.m4s")).body, testing::Noise(250'000, 7));
}

TEST_F(LiveTest, ARestartGoesOnWhereItWas) {
  LiveClient client = Client();
  client.Open();
  for (int i = 0; i < 3; ++i) client.Store(client.Set(i + 1, i * 2000, i * 2000 + 2000));
  Reply before = Play(Live("720p.m3u8")), master = Play("master.m3u8");
  Start();
  LiveClient again = Client();
  EXPECT_EQ(Play(Live("720p.m3u8")).body, before.body);
  EXPECT_EQ(Play(Live("720p.m3u8")).Header("ETag"), before.Header("ETag"));
  EXPECT_EQ(Play("master.m3u8").body, master.body);
  EXPECT_EQ(LiveClient::Stored(again.Open()).number(), 3);
  EXPECT_EQ(LiveClient::Stored(again.Store(again.Set(4, 6000, 8000))).sets(), 4);
}

TEST_F(LiveTest, ALongPlaylistHasAShortForm) {
  LiveClient client = Client();
  client.Open();
  for (int i = 0; i < 40; ++i)
    ASSERT_EQ(client.Store(client.Set(i + 1, i * 2000, i * 2000 + 2000, {"audio"})).status, 200);
  Reply whole = Play(Live("audio.m3u8"));
  Reply delta = Play(Live("audio.m3u8?_HLS_skip=YES"));
  EXPECT_EQ(delta.body, Play(Live("audio.delta.m3u8")).body);
  EXPECT_NE(delta.Header("ETag"), whole.Header("ETag"));
  ASSERT_OK_AND_ASSIGN(media::MediaPlaylist read, media::ParseMediaPlaylist(delta.body));
  EXPECT_EQ(read.skipped, 10);
  ASSERT_EQ(read.segments.size(), 30u);
  EXPECT_EQ(read.segments[0].uri, "audio-100-11.m4s");
  EXPECT_EQ(read.map_uri, "audio-100-1-init.mp4");
  EXPECT_EQ(Play(Live("audio.m3u8?_HLS_msn=3&x=_HLS_skip=YES")).body, whole.body);
}

TEST_F(LiveTest, ThePreviewIsShownWhileOnAir) {
  LiveClient client = Client();
  client.Open();
  EXPECT_EQ(client.PutPreview("not a picture").status, 400);
  EXPECT_EQ(client.PutPreview("\xff\xd8\xff picture").status, 204);
  EXPECT_EQ(Play("preview.jpg").status, 404) << "nothing is on air yet";
  client.Store(client.Set(1, 0, 2000));
  Reply picture = Play("preview.jpg");
  EXPECT_EQ(picture.body, "\xff\xd8\xff picture");
  EXPECT_EQ(picture.Header("Content-Type"), "image/jpeg");
  EXPECT_EQ(picture.Header("Cache-Control"), "public, max-age=10");
}

TEST_F(LiveTest, AFullDiskIsSaidClearly) {
  Start({.min_free_bytes = int64_t{1} << 60});
  LiveClient client = Client();
  client.Open();
  Reply full = client.Put("720p-100-1.m4s", "x");
  EXPECT_EQ(full.status, 507);
  EXPECT_THAT(full.body, HasSubstr("DISK_FULL"));
  EXPECT_NE(full.Header("Retry-After"), "");
}

TEST_F(LiveTest, ALongerSegmentRaisesTheTargetDuration) {
  LiveClient client = Client();
  client.Open();
  client.Store(client.Set(1, 0, 2000));
  EXPECT_EQ(LiveClient::Stored(client.Store(client.Set(2, 2000, 5700))).target_duration_seconds(), 4);
  EXPECT_EQ(LiveClient::Stored(client.Store(client.Set(3, 5700, 7700))).target_duration_seconds(), 4);
  EXPECT_EQ(Playlist("720p").target_seconds, 4);
}

TEST_F(LiveTest, WhatBeginsBeforeTheEndIsRefused) {
  LiveClient client = Client();
  client.Open();
  client.Store(client.Set(1, 0, 2000));
  EXPECT_THAT(client.Store(client.Set(2, 1000, 3000)).body, HasSubstr("OVERLAPS"));
  // Rounding is not a hole and not an overlap.
  EXPECT_EQ(LiveClient::Stored(client.Store(client.Set(2, 1980, 4000))).sets(), 2);
  EXPECT_EQ(LiveClient::Stored(client.Store(client.Set(3, 4040, 6000))).sets(), 3);
}

TEST_F(LiveTest, ARecordingThatWasUploadedIsNotOnAir) {
  std::string token = testing::UploadToken(keys_, UploadId('a'), 10);
  ASSERT_EQ(
      Ask(server_->port(), "PUT", "/uploads/" + UploadId('a'), {"Authorization: Bearer " + token}, "0123456789").status,
      204);
  EXPECT_EQ(Client().Open().status, 410);
}

}  // namespace
}  // namespace lectern::vod
