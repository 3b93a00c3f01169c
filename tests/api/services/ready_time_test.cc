#include "api/services/ready_time.h"

#include <gtest/gtest.h>

#include <string>

#include "api/domain/task_graph.h"

namespace lectern::api {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

StepRow Step(const std::string& kind, int job_class, const std::string& state, double progress = 0,
             absl::Duration elapsed = absl::ZeroDuration()) {
  StepRow step;
  step.kind = kind;
  step.job_class = job_class;
  step.state = state;
  step.progress = progress;
  step.elapsed = elapsed;
  return step;
}

ViewRow View(std::vector<StepRow> steps) {
  ViewRow view;
  view.state = "processing";
  view.steps = std::move(steps);
  return view;
}

LectureRow Lecture(std::vector<ViewRow> views) {
  LectureRow lecture;
  lecture.state = "processing";
  lecture.read_at = kNow;
  lecture.views = std::move(views);
  return lecture;
}

constexpr int kFirst = kFirstPublicationClass;

TEST(ReadyTimeTest, FollowsFromThePaceSoFar) {
  const ViewRow view = View({Step("probe", kInteractiveClass, "done", 1), Step("transcode", kFirst, "running", 0.25, absl::Seconds(100)),
                             Step("package", kFirst, "waiting"), Step("transcode", kImprovementClass, "waiting")});
  EXPECT_EQ(ReadyTime(Lecture({view})), kNow + absl::Seconds(305));
}

TEST(ReadyTimeTest, IsThatOfTheViewThatComesFirst) {
  const ViewRow slow = View({Step("transcode", kFirst, "running", 0.1, absl::Seconds(100))});
  const ViewRow quick = View({Step("transcode", kFirst, "running", 0.5, absl::Seconds(100))});
  EXPECT_EQ(ReadyTime(Lecture({slow, quick})), kNow + absl::Seconds(100));
}

TEST(ReadyTimeTest, IsNotKnownWhereAJobHasNotBegunOrTellsNothingYet) {
  EXPECT_EQ(ReadyTime(Lecture({View({})})), std::nullopt);
  EXPECT_EQ(ReadyTime(Lecture({View({Step("probe", kInteractiveClass, "running", 0.5, absl::Seconds(1))})})), std::nullopt);
  EXPECT_EQ(ReadyTime(Lecture({View({Step("transcode", kFirst, "waiting"), Step("package", kFirst, "waiting")})})), std::nullopt);
  EXPECT_EQ(ReadyTime(Lecture({View({Step("transcode", kFirst, "running", 0.001, absl::Seconds(1))})})), std::nullopt);
  EXPECT_EQ(ReadyTime(Lecture({View({Step("transcode", kFirst, "failed")})})), std::nullopt);
}

TEST(ReadyTimeTest, IsNeverInThePast) {
  EXPECT_EQ(ReadyTime(Lecture({View({Step("package", kFirst, "running", 1.5, absl::Seconds(100))})})), kNow);
  EXPECT_EQ(ReadyTime(Lecture({View({Step("package", kFirst, "done", 1)})})), kNow);
}

TEST(ReadyTimeTest, OnlyWhatIsProcessedHasOne) {
  LectureRow lecture = Lecture({View({Step("transcode", kFirst, "running", 0.5, absl::Seconds(100))})});
  lecture.state = "recorded";
  EXPECT_EQ(ReadyTime(lecture), std::nullopt);
}

}  // namespace
}  // namespace lectern::api
