#include "api/store/lecture_row.h"

#include <algorithm>

#include "api/store/row_util.h"

namespace lectern::api {
namespace {

std::vector<RenditionRow> ParseRenditions(const pg::Row& row) {
  const std::vector<std::string> labels = row.Texts("labels");
  const std::vector<int64_t> widths = row.Ints("widths");
  const std::vector<int64_t> heights = row.Ints("heights");
  const std::vector<int64_t> bandwidths = row.Ints("bandwidths");
  const std::vector<std::string> codecs = row.Texts("codecs");
  std::vector<RenditionRow> renditions;
  for (size_t i = 0; i < labels.size(); ++i) {
    renditions.push_back(
        {labels[i], static_cast<int>(widths[i]), static_cast<int>(heights[i]), bandwidths[i], codecs[i]});
  }
  return renditions;
}

std::vector<StepRow> ParseSteps(const pg::Row& row) {
  const std::vector<int64_t> ids = row.Ints("job_ids");
  const std::vector<std::string> kinds = row.Texts("job_kinds");
  const std::vector<std::string> labels = row.Texts("job_labels");
  const std::vector<std::string> states = row.Texts("job_states");
  const std::vector<int64_t> progress = row.Ints("job_progress");
  const std::vector<int64_t> classes = row.Ints("job_classes");
  const std::vector<int64_t> elapsed_ms = row.Ints("job_elapsed_ms");
  std::vector<StepRow> steps;
  for (size_t i = 0; i < ids.size(); ++i) {
    const std::string state = StepState(states[i]);
    steps.push_back(
        {ids[i], StepKind(kinds[i]), labels[i], state, state == "done" ? 1 : static_cast<double>(progress[i]) / 1e6,
         static_cast<int>(classes[i]), absl::Milliseconds(state == "running" ? elapsed_ms[i] : 0)});
  }
  return steps;
}

// Of what can be watched. A stream that starts again has not stored anything yet; one that has ended waits for its last touch.
std::string ShownStateOf(const pg::Row& row) {
  const std::string state = row.Text("shown_state");
  if (state != "live") return state;
  const std::string air = row.Text("air_state");
  if (air == "ended") return "playable";
  return air == "interrupted" || air == "starting" ? "interrupted" : "live";
}

// While a newer recording is on its way the view stays what can be watched; a better one is still coming.
std::string ViewStateOf(const pg::Row& row) {
  const std::string newest = row.Text("newest_state");
  if (row.IsNull("shown_state")) return newest;
  const std::string shown = ShownStateOf(row);
  const bool stays = row.Bool("same") || newest == "failed" || shown == "live" || shown == "interrupted";
  return stays ? shown : "playable";
}

ViewRow ParseView(const pg::Row& row) {
  ViewRow view;
  view.view = row.Text("view");
  view.state = ViewStateOf(row);
  view.duration_ms = OptionalInt(row, row.IsNull("duration_ms") ? "newest_duration_ms" : "duration_ms");
  view.error = row.Text("error");
  view.renditions = ParseRenditions(row);
  view.steps = ParseSteps(row);
  view.silences_json = row.Text("silences");
  view.thumbnails_path = row.Text("thumbnails_path");
  view.poster_path = row.Text("poster_path");
  view.loudness_lufs = row.Double("loudness_lufs");
  view.upload_size_bytes = row.Int("size_bytes");
  view.uploaded_bytes = row.Int("received_bytes");
  view.vod_resource_id = row.Int("vod_resource_id");
  return view;
}

Level ParseLevel(const pg::Row& row, const Caller& reader) {
  AccessFacts facts;
  facts.exists = true;
  facts.lecture_id = row.Int("id");
  facts.rehearsal_of = row.Int("rehearsal_of");
  facts.visibility = row.Text("visibility");
  facts.enrolled = !row.IsNull("enrolment");
  facts.lecturer = row.Text("enrolment") == "lecturer";
  facts.maintains = row.Bool("maintains");
  return LevelFor(reader, facts);
}

std::optional<ProgressRow> ParseProgress(const pg::Row& row) {
  if (row.IsNull("position_ms")) return std::nullopt;
  return ProgressRow{row.Int("position_ms"), row.Bool("watched"), row.Time("progress_at")};
}

LectureRow ParseHead(const pg::Row& row, const Caller& reader) {
  LectureRow lecture;
  lecture.id = row.Int("id");
  lecture.course_id = row.Int("course_id");
  lecture.organization_id = row.Int("organization_id");
  lecture.title = row.Text("title");
  lecture.starts_at = OptionalTime(row, "starts_at");
  lecture.ends_at = OptionalTime(row, "ends_at");
  lecture.ended_at = OptionalTime(row, "ended_at");
  lecture.created_at = row.Time("created_at");
  lecture.hall_id = row.Int("hall_id");
  lecture.rehearsal_of = row.Int("rehearsal_of");
  lecture.course_title = row.Text("course_title");
  lecture.description = row.Text("description");
  lecture.series = row.Text("series");
  lecture.downloads_enabled = row.Bool("downloads_enabled");
  lecture.viewers = static_cast<int>(row.Int("viewers"));
  lecture.read_at = row.Time("read_at");
  lecture.for_person = reader.is_user();
  lecture.level = ParseLevel(row, reader);
  lecture.progress = ParseProgress(row);
  return lecture;
}

}  // namespace

std::string StepKind(absl::string_view job_kind) {
  if (job_kind == "transcode_video") return "transcode";
  if (job_kind == "transcode_audio") return "audio";
  return std::string(job_kind);
}

std::string StepState(absl::string_view job_state) {
  if (job_state == "running" || job_state == "cancelling") return "running";
  if (job_state == "done") return "done";
  if (job_state == "failed" || job_state == "expired") return "failed";
  if (job_state == "cancelled" || job_state == "skipped") return "cancelled";
  return "waiting";
}

std::string LectureStateOf(const std::vector<ViewRow>& views) {
  auto any = [&](auto predicate) { return std::any_of(views.begin(), views.end(), predicate); };
  if (any([](const ViewRow& view) { return view.live(); })) return "live";
  if (any([](const ViewRow& view) { return view.playable(); })) return "recorded";
  if (any([](const ViewRow& view) { return view.state == "processing"; })) return "processing";
  if (any([](const ViewRow& view) { return view.state == "uploading"; }) || views.empty()) return "scheduled";
  return "failed";
}

std::vector<LectureRow> ParseLectures(const pg::Rows& rows, const Caller& reader) {
  std::vector<LectureRow> lectures;
  for (int i = 0; i < rows.size(); ++i) {
    const pg::Row row = rows[i];
    if (lectures.empty() || lectures.back().id != row.Int("id")) lectures.push_back(ParseHead(row, reader));
    if (!row.IsNull("view")) lectures.back().views.push_back(ParseView(row));
  }
  for (LectureRow& lecture : lectures) lecture.state = LectureStateOf(lecture.views);
  return lectures;
}

}  // namespace lectern::api
