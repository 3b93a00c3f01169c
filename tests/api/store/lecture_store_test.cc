#include "api/store/lecture_store.h"

#include "api/store/asset_store.h"
#include "tests/api/store/store_fixture.h"

namespace lectern::api {
namespace {

using ::lectern::testing::StatusIs;
using ::testing::ElementsAre;

class LectureStoreTest : public StoreFixture {
 protected:
  int64_t Asset(int64_t lecture, const std::string& view, const std::string& state, const std::string& error = "") {
    return Number(absl::StrCat(
        "insert into assets (upload_id, lecture_id, organization_id, view, vod_resource_id, file_name, fingerprint, "
        "size_bytes, received_bytes, state, error, duration_ms) values (md5(random()::text), ",
        lecture, ", ", chair_, ", '", view, "', ", vod_, ", 'f', 'f', 1000, 400, '", state, "', '", error,
        "', 60000) returning id"));
  }
  void Rendition(int64_t asset, const std::string& label, int width) {
    database_.Execute(absl::StrCat(
        "insert into renditions (asset_id, label, width, height, bandwidth_bps, codecs) values (", asset, ", '", label,
        "', ", width, ", ", width * 9 / 16, ", ", width * 1000, ", 'avc1.64001f,mp4a.40.2')"));
  }
  int64_t Task(int64_t asset) {
    return Number(absl::StrCat("insert into tasks (organization_id, kind, asset_id) values (", chair_,
                               ", 'publish_recording', ", asset, ") returning id"));
  }
  void Job(int64_t task, const std::string& table, const std::string& kind, const std::string& label,
           const std::string& state, double progress) {
    database_.Execute(absl::StrCat("insert into ", table,
                                   " (id, task_id, organization_id, kind, label, class, state, progress, spec) "
                                   "values (nextval('job_ids'), ",
                                   task, ", ", chair_, ", '", kind, "', '", label, "', 2, '", state, "', ", progress,
                                   ", '{}')"));
  }
  // A stream that carries the recording; something of it is stored unless it is new.
  int64_t Stream(int64_t asset, const std::string& state, bool stored = true) {
    const int64_t task = Number(absl::StrCat("insert into tasks (organization_id, kind, asset_id) values (", chair_, ", 'live', ", asset,
                                             ") returning id"));
    Job(task, "jobs", "live_ingest", "", "running", 0);
    return Number(absl::StrCat(
        "insert into live_streams (lecture_id, organization_id, view, source, state, asset_id, task_id, job_id, first_media_at, end_ms) "
        "select lecture_id, organization_id, view, 'encoder', '", state, "', id, ", task, ", 1, ", stored ? "now()" : "null",
        ", 4000 from assets where id = ", asset, " returning id"));
  }
  LectureRow Get(int64_t id) {
    absl::StatusOr<LectureRow> row = store_.Get(id);
    EXPECT_OK(row);
    return row.ok() ? *row : LectureRow();
  }

  const int64_t chair_ = Organization("Chair");
  const int64_t vod_ = Resource(chair_, "vod_service");
  const int64_t course_ = Course(chair_);
  const absl::Time noon_ = absl::FromUnixSeconds(1'800'000'000);
  LectureStore store_{pool_};
};

TEST_F(LectureStoreTest, ALectureIsReadAsItWasWritten) {
  ASSERT_OK_AND_ASSIGN(LectureRow made, store_.Insert({course_, "Sequences", noon_, noon_ + absl::Minutes(90)}));
  EXPECT_EQ(made.title, "Sequences");
  EXPECT_EQ(made.course_id, course_);
  EXPECT_EQ(made.organization_id, chair_);
  EXPECT_EQ(made.starts_at, noon_);
  EXPECT_EQ(made.ends_at, noon_ + absl::Minutes(90));
  EXPECT_EQ(made.state, "scheduled");
  EXPECT_TRUE(made.views.empty());
  ASSERT_OK_AND_ASSIGN(LectureRow unscheduled, store_.Insert({course_, "Some time", std::nullopt, std::nullopt}));
  EXPECT_EQ(unscheduled.starts_at, std::nullopt);
}

TEST_F(LectureStoreTest, BadInputHasItsReason) {
  EXPECT_THAT(store_.Insert({999, "X", std::nullopt, std::nullopt}),
              StatusIs(absl::StatusCode::kNotFound, "COURSE_NOT_FOUND"));
  EXPECT_THAT(store_.Insert({course_, "", std::nullopt, std::nullopt}),
              StatusIs(absl::StatusCode::kInvalidArgument, "BAD_LECTURE"));
  EXPECT_THAT(store_.Insert({course_, "X", noon_, noon_}), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_LECTURE"));
  const auto not_found = StatusIs(absl::StatusCode::kNotFound, "LECTURE_NOT_FOUND");
  EXPECT_THAT(store_.Get(999), not_found);
  EXPECT_THAT(store_.Update(999, {}), not_found);
  EXPECT_THAT(store_.End(999), not_found);
  EXPECT_THAT(pool_.Transaction([&](pg::Session& session) { return store_.Delete(session, 999); }), not_found);
}

TEST_F(LectureStoreTest, AbsentFieldsOfAChangeStayAndTheFirstEndCounts) {
  ASSERT_OK_AND_ASSIGN(LectureRow lecture, store_.Insert({course_, "Old", noon_, std::nullopt}));
  LectureChange change;
  change.title = "New";
  ASSERT_OK_AND_ASSIGN(lecture, store_.Update(lecture.id, change));
  EXPECT_EQ(lecture.title, "New");
  EXPECT_EQ(lecture.starts_at, noon_);
  change.ends_at = noon_ - absl::Seconds(1);
  EXPECT_THAT(store_.Update(lecture.id, change), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_LECTURE"));
  ASSERT_OK_AND_ASSIGN(LectureRow first, store_.End(lecture.id));
  ASSERT_TRUE(first.ended_at.has_value());
  EXPECT_EQ(store_.End(lecture.id).value().ended_at, first.ended_at);
}

TEST_F(LectureStoreTest, AnUploadAloneIsNotYetProcessing) {
  const int64_t lecture = Lecture(course_);
  Asset(lecture, "cam", "uploading");
  const LectureRow row = Get(lecture);
  EXPECT_EQ(row.state, "scheduled");
  ASSERT_EQ(row.views.size(), 1u);
  EXPECT_EQ(row.views[0].view, "cam");
  EXPECT_EQ(row.views[0].state, "uploading");
  EXPECT_EQ(row.views[0].upload_size_bytes, 1000);
  EXPECT_EQ(row.views[0].uploaded_bytes, 400);
  EXPECT_FALSE(row.views[0].playable());
}

TEST_F(LectureStoreTest, AViewHasAllThatIsKnownOfIt) {
  const int64_t lecture = Lecture(course_);
  const int64_t asset = Asset(lecture, "pres", "playable");
  database_.Execute(
      absl::StrCat("update assets set thumbnails_path = 'a/thumbs.vtt', loudness = '{\"integratedLufs\": -23.5}', "
                   "silences = '{\"silences\": []}' where id = ",
                   asset));
  Rendition(asset, "audio", 0);
  Rendition(asset, "720p", 1280);
  Rendition(asset, "1080p", 1920);
  const int64_t task = Task(asset);
  Job(task, "jobs_ended", "probe", "", "done", 0.3);
  Job(task, "jobs", "transcode_video", "1080p", "running", 0.25);
  Job(task, "jobs", "package", "1080p", "blocked", 0);
  Job(task, "jobs_ended", "thumbnails", "", "failed", 0.9);
  const LectureRow row = Get(lecture);
  EXPECT_EQ(row.state, "recorded");
  ASSERT_EQ(row.views.size(), 1u);
  const ViewRow& view = row.views[0];
  EXPECT_EQ(view.state, "playable");
  EXPECT_EQ(view.duration_ms, 60'000);
  EXPECT_EQ(view.thumbnails_path, "a/thumbs.vtt");
  EXPECT_EQ(view.loudness_lufs, -23.5);
  EXPECT_EQ(view.silences_json, R"({"silences": []})");
  EXPECT_EQ(view.vod_resource_id, vod_);
  std::vector<std::string> renditions, steps;
  for (const RenditionRow& r : view.renditions)
    renditions.push_back(absl::StrCat(r.label, " ", r.width, "x", r.height, " ", r.codecs));
  for (const StepRow& s : view.steps)
    steps.push_back(absl::StrCat(s.kind, " ", s.label, " ", s.state, " ", s.progress));
  EXPECT_THAT(renditions, ElementsAre("1080p 1920x1080 avc1.64001f,mp4a.40.2", "720p 1280x720 avc1.64001f,mp4a.40.2",
                                      "audio 0x0 avc1.64001f,mp4a.40.2"));
  EXPECT_THAT(steps, ElementsAre("probe  done 1", "transcode 1080p running 0.25", "package 1080p waiting 0",
                                 "thumbnails  failed 0.9"));
}

TEST_F(LectureStoreTest, ANewRecordingOnItsWayDoesNotHideWhatCanBeWatched) {
  const int64_t lecture = Lecture(course_);
  const int64_t old = Asset(lecture, "comb", "complete");
  Rendition(old, "720p", 1280);
  const int64_t fresh = Asset(lecture, "comb", "processing");
  Job(Task(fresh), "jobs", "probe", "", "running", 0.5);
  ViewRow view = Get(lecture).views.at(0);
  EXPECT_EQ(view.state, "playable");
  EXPECT_EQ(view.renditions.size(), 1u);
  ASSERT_EQ(view.steps.size(), 1u);
  EXPECT_EQ(view.steps[0].kind, "probe");
  database_.Execute(absl::StrCat("update assets set state = 'failed', error = 'not a video' where id = ", fresh));
  view = Get(lecture).views.at(0);
  EXPECT_EQ(view.state, "complete");
  EXPECT_EQ(view.error, "not a video");
  EXPECT_TRUE(view.playable());
  EXPECT_EQ(Get(lecture).state, "recorded");
}

TEST_F(LectureStoreTest, TheStateFollowsTheViews) {
  const int64_t lecture = Lecture(course_);
  Asset(lecture, "comb", "failed", "not a video");
  EXPECT_EQ(Get(lecture).state, "failed");
  EXPECT_EQ(Get(lecture).views[0].error, "not a video");
  Asset(lecture, "cam", "processing");
  EXPECT_EQ(Get(lecture).state, "processing");
  Asset(lecture, "pres", "playable");
  const LectureRow row = Get(lecture);
  EXPECT_EQ(row.state, "recorded");
  ASSERT_EQ(row.views.size(), 3u);
  EXPECT_EQ(row.views[0].view, "comb");
  EXPECT_EQ(row.views[1].view, "cam");
  EXPECT_EQ(row.views[2].view, "pres");
  database_.Execute("update assets set state = 'removed'");
  EXPECT_EQ(Get(lecture).state, "scheduled");
  EXPECT_TRUE(Get(lecture).views.empty());
}

TEST_F(LectureStoreTest, AViewIsLiveFromItsFirstSegmentOn) {
  struct Case {
    const char* state;
    bool stored;
    const char* view;      // empty: none
    const char* lecture;
  };
  for (const Case& one : {Case{"starting", false, "", "scheduled"}, Case{"live", true, "live", "live"},
                          Case{"interrupted", true, "interrupted", "live"}, Case{"starting", true, "interrupted", "live"},
                          Case{"ending", true, "live", "live"}, Case{"ended", true, "playable", "recorded"},
                          Case{"ended", false, "", "scheduled"}}) {
    const int64_t lecture = Lecture(course_);
    const int64_t asset = Asset(lecture, "cam", "live");
    Stream(asset, one.state, one.stored);
    Rendition(asset, "720p", 1280);
    const LectureRow row = Get(lecture);
    EXPECT_EQ(row.state, one.lecture) << one.state;
    ASSERT_EQ(row.views.size(), one.view[0] == '\0' ? 0u : 1u) << one.state;
    if (row.views.empty()) continue;
    EXPECT_EQ(row.views[0].state, one.view) << one.state;
    EXPECT_TRUE(row.views[0].playable());
    EXPECT_EQ(row.views[0].duration_ms, 4000);
    EXPECT_EQ(row.views[0].renditions.size(), 1u);
    EXPECT_TRUE(row.views[0].steps.empty()) << "that it is being sent is no step that is still to come";
  }
}

TEST_F(LectureStoreTest, AnUploadThatArrivesMeanwhileHidesNoLiveView) {
  const int64_t lecture = Lecture(course_);
  Asset(lecture, "cam", "complete");
  Stream(Asset(lecture, "cam", "live"), "live");
  Asset(lecture, "cam", "processing");
  ASSERT_EQ(Get(lecture).views.size(), 1u);
  EXPECT_EQ(Get(lecture).views[0].state, "live");
  EXPECT_EQ(Get(lecture).state, "live");
}

TEST_F(LectureStoreTest, AfterTheEndTheStepsOfALiveRecordingAreShown) {
  const int64_t lecture = Lecture(course_);
  const int64_t asset = Asset(lecture, "cam", "playable");
  Stream(asset, "ended");
  Job(Number("select max(id) from tasks"), "jobs", "transcode_video", "720p", "running", 0.5);
  const ViewRow view = Get(lecture).views.at(0);
  ASSERT_EQ(view.steps.size(), 1u);
  EXPECT_EQ(view.steps[0].kind, "transcode");
  EXPECT_EQ(view.duration_ms, 60000) << "of the recording, not of the stream";
}

TEST_F(LectureStoreTest, RehearsalsAreListedForTheirLecturerAndAdministrators) {
  const int64_t ada = User("ada", "lecturer"), bob = User("bob", "lecturer");
  Enrol(course_, ada, "lecturer");
  ASSERT_OK_AND_ASSIGN(int64_t rehearsal, store_.OpenRehearsal(ada));
  EXPECT_EQ(Get(rehearsal).rehearsal_of, ada);
  auto count = [&](int64_t user, const char* role) {
    Caller caller;
    caller.kind = Caller::Kind::kUser;
    caller.user_id = user;
    caller.role = role;
    return store_.List(course_, {10, ""}, caller).value().rows.size();
  };
  EXPECT_EQ(count(ada, "lecturer"), 1u);
  EXPECT_EQ(count(bob, "lecturer"), 0u);
  EXPECT_EQ(count(bob, "administrator"), 1u);
  EXPECT_EQ(store_.List(course_, {10, ""}).value().rows.size(), 0u);
  EXPECT_THAT(store_.OpenRehearsal(bob), StatusIs(absl::StatusCode::kFailedPrecondition, "NO_COURSE"));
  EXPECT_EQ(store_.OpenRehearsal(ada).value(), rehearsal);
}

TEST_F(LectureStoreTest, TheListIsByStartWithUnscheduledOnesLastInAnyPageSize) {
  auto insert = [&](const std::string& title, std::optional<absl::Time> start) {
    return store_.Insert({course_, title, start, std::nullopt}).value().id;
  };
  const int64_t unscheduled = insert("none", std::nullopt);
  const int64_t late = insert("late", noon_ + absl::Hours(1) + absl::Microseconds(1));
  const int64_t tie1 = insert("tie", noon_);
  const int64_t tie2 = insert("tie", noon_);
  const int64_t unscheduled2 = insert("none", std::nullopt);
  Lecture(Course(chair_));
  for (int page_size : {1, 2, 3, 5, 9}) {
    std::vector<int64_t> ids;
    PageRequest page{page_size, ""};
    do {
      ASSERT_OK_AND_ASSIGN(Page<LectureRow> list, store_.List(course_, page));
      for (const LectureRow& row : list.rows) ids.push_back(row.id);
      page.token = list.next_token;
    } while (!page.token.empty());
    EXPECT_THAT(ids, ElementsAre(tie1, tie2, late, unscheduled, unscheduled2)) << page_size;
  }
}

TEST_F(LectureStoreTest, TheListIsOneStatementWhateverHangsOnTheLectures) {
  for (int i = 0; i < 30; ++i) {
    const int64_t lecture = Lecture(course_);
    for (const char* view : {"comb", "cam", "pres"}) {
      const int64_t asset = Asset(lecture, view, "complete");
      Rendition(asset, "720p", 1280);
      Rendition(asset, "audio", 0);
      Job(Task(asset), "jobs_ended", "probe", "", "done", 1);
    }
  }
  for (int i = 0; i < 3; ++i) Stream(Asset(Lecture(course_), "cam", "live"), "live");
  database_.Execute("delete from lectures where id in (select id from lectures order by id limit 3)");
  EXPECT_EQ(StatementsOf([&] {
              ASSERT_OK_AND_ASSIGN(Page<LectureRow> list, store_.List(course_, {200, ""}));
              ASSERT_EQ(list.rows.size(), 30u);
              for (const LectureRow& row : list.rows) {
                if (row.state == "live") continue;
                ASSERT_EQ(row.views.size(), 3u);
                EXPECT_EQ(row.views[2].renditions.size(), 2u);
                EXPECT_EQ(row.views[2].steps.size(), 1u);
              }
            }),
            1);
}

TEST_F(LectureStoreTest, BookmarksAreTheUsersOwnByPosition) {
  const int64_t lecture = Lecture(course_);
  const int64_t ada = User("ada");
  const int64_t bob = User("bob");
  const int64_t late = store_.InsertBookmark(lecture, ada, 60'000, "late").value().id;
  const int64_t early = store_.InsertBookmark(lecture, ada, 1'000, "early").value().id;
  const int64_t tie = store_.InsertBookmark(lecture, ada, 60'000, "tie").value().id;
  ASSERT_OK(store_.InsertBookmark(lecture, bob, 5'000, "bob's"));
  ASSERT_OK_AND_ASSIGN(Page<BookmarkRow> first, store_.ListBookmarks(lecture, ada, {2, ""}));
  ASSERT_EQ(first.rows.size(), 2u);
  EXPECT_EQ(first.rows[0].id, early);
  EXPECT_EQ(first.rows[1].id, late);
  ASSERT_OK_AND_ASSIGN(Page<BookmarkRow> second, store_.ListBookmarks(lecture, ada, {2, first.next_token}));
  ASSERT_EQ(second.rows.size(), 1u);
  EXPECT_EQ(second.rows[0].id, tie);
  EXPECT_THAT(store_.DeleteBookmark(bob, early), StatusIs(absl::StatusCode::kNotFound, "BOOKMARK_NOT_FOUND"));
  EXPECT_OK(store_.DeleteBookmark(ada, early));
  EXPECT_THAT(store_.InsertBookmark(lecture, ada, -1, "x"),
              StatusIs(absl::StatusCode::kInvalidArgument, "BAD_BOOKMARK"));
  EXPECT_THAT(store_.InsertBookmark(999, ada, 1, "x"), StatusIs(absl::StatusCode::kNotFound, "LECTURE_NOT_FOUND"));
}

TEST_F(LectureStoreTest, APersonHasAtMostAThousandBookmarksInALecture) {
  const int64_t lecture = Lecture(course_);
  const int64_t ada = User("ada");
  database_.Execute(absl::StrCat("insert into bookmarks (lecture_id, user_id, position_ms, text) select ", lecture,
                                 ", ", ada, ", i, 'x' from generate_series(1, 1000) i"));
  EXPECT_THAT(store_.InsertBookmark(lecture, ada, 1, "x"),
              StatusIs(absl::StatusCode::kResourceExhausted, "TOO_MANY_BOOKMARKS"));
}

}  // namespace
}  // namespace lectern::api
