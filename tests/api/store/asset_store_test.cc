#include "api/store/asset_store.h"

#include <thread>

#include "tests/api/store/store_fixture.h"

namespace lectern::api {
namespace {

using ::lectern::testing::StatusIs;

class AssetStoreTest : public StoreFixture {
 protected:
  NewUpload Upload(const std::string& fingerprint = "f1", int64_t size_bytes = 1000) {
    return {lecture_, "comb", vod_, "talk.mp4", fingerprint, size_bytes, std::nullopt};
  }
  AssetRow Open(const std::string& fingerprint = "f1", int64_t size_bytes = 1000) {
    absl::StatusOr<OpenedUpload> opened = store_.OpenUpload(Upload(fingerprint, size_bytes));
    EXPECT_OK(opened);
    return opened.ok() ? opened->asset : AssetRow();
  }
  ReceivedUpload Receive(const AssetRow& asset) {
    ReceivedUpload received;
    InTransaction([&](pg::Session& session) {
      absl::StatusOr<ReceivedUpload> result =
          store_.Received(session, asset.vod_resource_id, asset.upload_id, asset.size_bytes, "ab");
      EXPECT_OK(result);
      if (result.ok()) received = *result;
    });
    return received;
  }
  AssetRow OpenAndReceive(const std::string& fingerprint) {
    AssetRow asset = Open(fingerprint);
    Receive(asset);
    return asset;
  }
  std::vector<int64_t> Publish(const AssetRow& asset,
                               std::vector<RenditionRow> renditions = {{"720p", 1280, 720, 2'000'000, "avc1"}}) {
    std::vector<int64_t> superseded;
    InTransaction([&](pg::Session& session) {
      absl::StatusOr<std::vector<MediaRow>> rows = store_.Publish(session, asset.id, renditions, 61'500);
      EXPECT_OK(rows);
      if (rows.ok())
        for (const MediaRow& row : *rows) superseded.push_back(row.asset_id);
    });
    return superseded;
  }
  std::string State(const AssetRow& asset) { return store_.Get(asset.id).value().state; }
  AssetRow Finish(const AssetRow& asset, const std::string& error) {
    AssetRow row;
    InTransaction([&](pg::Session& session) { row = store_.Finish(session, asset.id, error).value(); });
    return row;
  }

  const int64_t school_ = Organization("School");
  const int64_t chair_ = Organization("Chair", school_);
  const int64_t vod_ = Resource(chair_, "vod_service");
  const int64_t lecture_ = Lecture(Course(chair_));
  AssetStore store_{pool_};
};

TEST_F(AssetStoreTest, ASecondCallForTheSameFileResumesTheOpenUpload) {
  ASSERT_OK_AND_ASSIGN(OpenedUpload first, store_.OpenUpload(Upload()));
  EXPECT_FALSE(first.reused);
  EXPECT_EQ(first.asset.upload_id.size(), 32u);
  EXPECT_EQ(first.asset.organization_id, chair_);
  ASSERT_OK_AND_ASSIGN(OpenedUpload again, store_.OpenUpload(Upload()));
  EXPECT_TRUE(again.reused);
  EXPECT_EQ(again.asset.id, first.asset.id);
  NewUpload other_view = Upload();
  other_view.view = "cam";
  NewUpload other_name = Upload();
  other_name.file_name = "other.mp4";
  for (const NewUpload& different : {other_view, other_name, Upload("f2"), Upload("f1", 1001)}) {
    EXPECT_FALSE(store_.OpenUpload(different).value().reused);
  }
  Receive(first.asset);
  EXPECT_FALSE(store_.OpenUpload(Upload()).value().reused);
}

TEST_F(AssetStoreTest, TheSameUploadOpenedByManyAtOnceIsOne) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { EXPECT_OK(store_.OpenUpload(Upload())); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Number("select count(*) from assets"), 1);
}

TEST_F(AssetStoreTest, BadUploadsHaveTheirReason) {
  NewUpload upload = Upload();
  upload.lecture_id = 999;
  EXPECT_THAT(store_.OpenUpload(upload), StatusIs(absl::StatusCode::kNotFound, "LECTURE_NOT_FOUND"));
  EXPECT_THAT(store_.OpenUpload(Upload("f", 0)), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_UPLOAD"));
  upload = Upload();
  upload.vod_resource_id = Resource(chair_, "edge");
  EXPECT_THAT(store_.OpenUpload(upload), StatusIs(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND"));
  database_.Execute("update resources set removed_at = now()");
  EXPECT_THAT(store_.OpenUpload(Upload()), StatusIs(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND"));
  EXPECT_THAT(store_.Get(999), StatusIs(absl::StatusCode::kNotFound, "ASSET_NOT_FOUND"));
  EXPECT_THAT(store_.GetByUpload("nothing"), StatusIs(absl::StatusCode::kNotFound, "UPLOAD_NOT_FOUND"));
}

TEST_F(AssetStoreTest, TheQuotaOfAnAncestorCountsItsWholeSubtree) {
  database_.Execute(absl::StrCat("update organizations set quota_bytes = 2500 where id = ", school_));
  const int64_t elsewhere = Lecture(Course(school_));
  NewUpload big = Upload("big", 2000);
  big.lecture_id = elsewhere;
  ASSERT_OK_AND_ASSIGN(OpenedUpload opened, store_.OpenUpload(big));
  EXPECT_EQ(store_.UsedBytes(school_).value(), 2000);
  EXPECT_EQ(store_.UsedBytes(chair_).value(), 0);
  EXPECT_OK(store_.OpenUpload(Upload("a", 500)));
  EXPECT_THAT(store_.OpenUpload(Upload("b", 1)), StatusIs(absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED"));
  // What is open already may be resumed all the same.
  EXPECT_TRUE(store_.OpenUpload(Upload("a", 500)).value().reused);
  InTransaction([&](pg::Session& session) { EXPECT_OK(store_.Removed(session, vod_, opened.asset.upload_id)); });
  EXPECT_OK(store_.OpenUpload(Upload("b", 1)));
}

TEST_F(AssetStoreTest, UploadsOpenedAtOnceDoNotExceedTheQuotaTogether) {
  database_.Execute(absl::StrCat("update organizations set quota_bytes = 2500 where id = ", school_));
  std::vector<NewUpload> uploads;
  for (int i = 0; i < 6; ++i) {
    uploads.push_back(Upload(absl::StrCat("f", i)));
    uploads.back().lecture_id = Lecture(Course(i % 2 == 0 ? chair_ : school_));
  }
  std::vector<std::thread> threads;
  for (const NewUpload& upload : uploads) {
    threads.emplace_back([&] {
      absl::Status status = store_.OpenUpload(upload).status();
      EXPECT_TRUE(status.ok() || ReasonOf(status) == "QUOTA_EXCEEDED") << status;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Number("select count(*) from assets"), 2);
}

TEST_F(AssetStoreTest, ProgressNeverGoesBackAndEndsWithTheUpload) {
  const AssetRow asset = Open();
  ASSERT_OK(store_.SetProgress(vod_, asset.upload_id, 600));
  ASSERT_OK(store_.SetProgress(vod_, asset.upload_id, 400));
  ASSERT_OK(store_.SetProgress(vod_, asset.upload_id, 5000));
  ASSERT_OK(store_.SetProgress(vod_ + 1, asset.upload_id, 700));
  EXPECT_EQ(store_.Get(asset.id).value().received_bytes, 600);
  Receive(asset);
  ASSERT_OK(store_.SetProgress(vod_, asset.upload_id, 999));
  EXPECT_EQ(store_.Get(asset.id).value().received_bytes, 1000);
}

TEST_F(AssetStoreTest, AnUploadIsReceivedOnceHoweverOftenItIsReported) {
  const AssetRow asset = Open();
  const ReceivedUpload first = Receive(asset);
  EXPECT_TRUE(first.first);
  EXPECT_EQ(first.asset.state, "processing");
  EXPECT_EQ(first.asset.lecture_id, lecture_);
  const ReceivedUpload second = Receive(asset);
  EXPECT_FALSE(second.first);
  EXPECT_EQ(second.asset.state, "processing");
}

TEST_F(AssetStoreTest, AVodServiceReachesOnlyItsOwnUploads) {
  const AssetRow asset = Open();
  const int64_t other = Resource(chair_, "vod_service");
  const auto not_found = StatusIs(absl::StatusCode::kNotFound, "UPLOAD_NOT_FOUND");
  EXPECT_OK(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    EXPECT_THAT(store_.Received(session, other, asset.upload_id, 1000, "ab"), not_found);
    EXPECT_THAT(store_.Rejected(session, other, asset.upload_id, "no"), not_found);
    EXPECT_THAT(store_.Removed(session, other, asset.upload_id), not_found);
    return absl::OkStatus();
  }));
  EXPECT_EQ(State(asset), "uploading");
}

TEST_F(AssetStoreTest, AnotherSizeThanAnnouncedIsAnError) {
  const AssetRow asset = Open();
  EXPECT_THAT(pool_.Transaction([&](pg::Session& session) {
    return store_.Received(session, vod_, asset.upload_id, 999, "").status();
  }),
              StatusIs(absl::StatusCode::kFailedPrecondition, "SIZE_MISMATCH"));
  EXPECT_EQ(State(asset), "uploading");
}

TEST_F(AssetStoreTest, AnUploadWhoseLectureIsGoneStartsNoWork) {
  const AssetRow asset = Open();
  database_.Execute("delete from lectures");
  const ReceivedUpload received = Receive(asset);
  EXPECT_FALSE(received.first);
  EXPECT_EQ(received.asset.state, "removed");
}

TEST_F(AssetStoreTest, LateEventsDoNotUndoWhatWasReceived) {
  const AssetRow asset = Open();
  Receive(asset);
  InTransaction([&](pg::Session& session) {
    EXPECT_EQ(store_.Rejected(session, vod_, asset.upload_id, "late").value().state, "processing");
    EXPECT_EQ(store_.Removed(session, vod_, asset.upload_id).value().state, "processing");
  });
  EXPECT_EQ(store_.Get(asset.id).value().error, "");
  const AssetRow rejected = Open("f2");
  InTransaction(
      [&](pg::Session& session) { EXPECT_OK(store_.Rejected(session, vod_, rejected.upload_id, "not a video")); });
  EXPECT_EQ(State(rejected), "failed");
  EXPECT_EQ(store_.Get(rejected.id).value().error, "not a video");
}

TEST_F(AssetStoreTest, PublishingReplacesTheRenditions) {
  const AssetRow asset = OpenAndReceive("f1");
  EXPECT_TRUE(
      Publish(asset, {{"source", 1920, 1080, 5'000'000, "avc1,mp4a"}, {"audio", 0, 0, 128'000, "mp4a"}}).empty());
  EXPECT_EQ(State(asset), "playable");
  Publish(asset, {{"source", 1920, 1080, 4'000'000, "avc1"}, {"720p", 1280, 720, 2'000'000, "avc1"}});
  EXPECT_EQ(database_.Query("select string_agg(label || ':' || bandwidth_bps, ' ' order by label) from renditions"),
            "720p:2000000 source:4000000");
  EXPECT_EQ(store_.Get(asset.id).value().duration_ms, 61'500);
  EXPECT_THAT(
      pool_.Transaction([&](pg::Session& session) { return store_.Publish(session, asset.id, {}, 1).status(); }),
      StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(AssetStoreTest, ANewerRecordingTakesOverWithItsFirstPublication) {
  const AssetRow old = OpenAndReceive("old");
  Publish(old);
  Finish(old, "");
  const AssetRow middle = OpenAndReceive("middle");
  const AssetRow fresh = OpenAndReceive("new");
  EXPECT_EQ(State(old), "complete");
  EXPECT_EQ(Publish(fresh), std::vector<int64_t>{old.id});
  EXPECT_EQ(State(old), "superseded");
  EXPECT_EQ(State(middle), "processing");
  // An older one that comes late is superseded at once and does not take over.
  EXPECT_EQ(Publish(middle), std::vector<int64_t>{middle.id});
  EXPECT_EQ(State(middle), "superseded");
  EXPECT_EQ(State(fresh), "playable");
  EXPECT_TRUE(Publish(fresh).empty());
}

TEST_F(AssetStoreTest, RecordingsOfAnotherViewAreLeftAlone) {
  const AssetRow comb = OpenAndReceive("comb");
  Publish(comb);
  NewUpload cam = Upload("cam");
  cam.view = "cam";
  const AssetRow other = store_.OpenUpload(cam).value().asset;
  Receive(other);
  EXPECT_TRUE(Publish(other).empty());
  EXPECT_EQ(State(comb), "playable");
}

TEST_F(AssetStoreTest, TwoRecordingsPublishedAtOnceLeaveTheNewerPlayable) {
  for (int round = 0; round < 10; ++round) {
    const AssetRow older = OpenAndReceive(absl::StrCat("a", round));
    const AssetRow newer = OpenAndReceive(absl::StrCat("b", round));
    std::thread thread([&] { Publish(older); });
    Publish(newer);
    thread.join();
    EXPECT_EQ(State(older), "superseded");
    EXPECT_EQ(State(newer), "playable");
  }
}

TEST_F(AssetStoreTest, TheEndOfProcessingKeepsWhatCanBePlayed) {
  const AssetRow good = OpenAndReceive("good");
  Publish(good);
  EXPECT_EQ(Finish(good, "no thumbnails").state, "complete");
  EXPECT_EQ(store_.Get(good.id).value().error, "no thumbnails");
  const AssetRow bad = OpenAndReceive("bad");
  EXPECT_EQ(Finish(bad, "not a video").state, "failed");
  EXPECT_EQ(store_.Get(bad.id).value().error, "not a video");
  const AssetRow silent = OpenAndReceive("silent");
  EXPECT_NE(Finish(silent, "").error, "");
  InTransaction([&](pg::Session& session) { EXPECT_OK(store_.Reopen(session, bad.id)); });
  EXPECT_EQ(State(bad), "processing");
  EXPECT_EQ(store_.Get(bad.id).value().error, "");
  Publish(bad);
  EXPECT_EQ(State(bad), "playable");
}

TEST_F(AssetStoreTest, ASupersededRecordingStaysWhatItIs) {
  const AssetRow old = OpenAndReceive("old");
  const AssetRow fresh = OpenAndReceive("new");
  Publish(old);
  Publish(fresh);
  InTransaction([&](pg::Session& session) {
    EXPECT_EQ(store_.Finish(session, old.id, "").value().state, "superseded");
    EXPECT_OK(store_.Reopen(session, old.id));
  });
  EXPECT_EQ(State(old), "superseded");
}

TEST_F(AssetStoreTest, SupersededMediaAreListedAfterTheirTimeAndUnlessATaskDeletesThem) {
  const AssetRow old = OpenAndReceive("old");
  const AssetRow fresh = OpenAndReceive("new");
  Publish(old);
  Publish(fresh);
  EXPECT_TRUE(store_.ListSuperseded(absl::Hours(24), 10).value().empty());
  ASSERT_OK_AND_ASSIGN(std::vector<MediaRow> due, store_.ListSuperseded(absl::Hours(-1), 10));
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].asset_id, old.id);
  EXPECT_EQ(due[0].vod_resource_id, vod_);
  database_.Execute(absl::StrCat("insert into tasks (organization_id, kind, asset_id) values (", chair_,
                                 ", 'delete_media', ", old.id, ")"));
  EXPECT_TRUE(store_.ListSuperseded(absl::Hours(-1), 10).value().empty());
  InTransaction([&](pg::Session& session) { EXPECT_OK(store_.MarkRemoved(session, old.id)); });
  EXPECT_EQ(State(old), "removed");
}

TEST_F(AssetStoreTest, MediaOfALectureAndACourseAreAllThatMayStillLieSomewhere) {
  const AssetRow a = Open("a");
  const AssetRow b = OpenAndReceive("b");
  const AssetRow gone = Open("gone");
  InTransaction([&](pg::Session& session) {
    EXPECT_OK(store_.MarkRemoved(session, gone.id));
    ASSERT_OK_AND_ASSIGN(std::vector<MediaRow> media, store_.MediaOfLecture(session, lecture_));
    ASSERT_EQ(media.size(), 2u);
    EXPECT_EQ(media[0].asset_id, a.id);
    EXPECT_EQ(media[1].upload_id, b.upload_id);
    EXPECT_EQ(store_.MediaOfCourse(session, Number("select course_id from lectures")).value().size(), 2u);
  });
}

TEST_F(AssetStoreTest, NoUploadIsOpenedForALectureThatIsBeingDeleted) {
  std::thread opening;
  absl::Status opened;
  InTransaction([&](pg::Session& session) {
    ASSERT_TRUE(store_.MediaOfLecture(session, lecture_).value().empty());
    opening = std::thread([&] { opened = store_.OpenUpload(Upload()).status(); });
    const absl::Time give_up = absl::Now() + absl::Seconds(30);
    const std::string waiting =
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    while (Number(waiting) == 0 && absl::Now() < give_up) {
      absl::SleepFor(absl::Milliseconds(5));
    }
    EXPECT_OK(session.Execute(absl::StrCat("delete from lectures where id = ", lecture_)));
  });
  opening.join();
  EXPECT_THAT(opened, StatusIs(absl::StatusCode::kNotFound, "LECTURE_NOT_FOUND"));
  EXPECT_EQ(Number("select count(*) from assets"), 0);
}

TEST_F(AssetStoreTest, ARecordingMayHaveAStillOrNone) {
  ASSERT_OK_AND_ASSIGN(OpenedUpload opened, store_.OpenUpload(Upload()));
  const std::string without = "select count(*) from assets where poster_path is null";
  EXPECT_EQ(Number(without), 1) << "as all that were made before there were stills";
  InTransaction([&](pg::Session& session) { EXPECT_OK(store_.SetThumbnails(session, opened.asset.id, "a/t.vtt", "a/poster.jpg")); });
  EXPECT_EQ(Number("select count(*) from assets where poster_path = 'a/poster.jpg' and thumbnails_path = 'a/t.vtt'"), 1);
  InTransaction([&](pg::Session& session) { EXPECT_OK(store_.SetThumbnails(session, opened.asset.id, "a/t.vtt", "")); });
  EXPECT_EQ(Number(without), 1) << "a worker of the release before says nothing of one";
}

TEST_F(AssetStoreTest, FactsAboutAMissingRecordingAreErrors) {
  const auto not_found = StatusIs(absl::StatusCode::kNotFound, "ASSET_NOT_FOUND");
  InTransaction([&](pg::Session& session) {
    EXPECT_THAT(store_.SetMedia(session, 999, "{}", 1), not_found);
    EXPECT_THAT(store_.SetThumbnails(session, 999, "x", ""), not_found);
    EXPECT_THAT(store_.SetLoudness(session, 999, "{}"), not_found);
    EXPECT_THAT(store_.SetSilences(session, 999, "{}"), not_found);
    EXPECT_THAT(store_.SetError(session, 999, "x"), not_found);
    EXPECT_THAT(store_.Finish(session, 999, ""), not_found);
    EXPECT_THAT(store_.Reopen(session, 999), not_found);
    EXPECT_THAT(store_.Publish(session, 999, {{"720p", 1, 1, 1, "x"}}, 1), not_found);
  });
}

}  // namespace
}  // namespace lectern::api
