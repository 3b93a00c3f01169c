#include "api/cli/lecture_text.h"

#include <google/protobuf/util/time_util.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "api/cli/fields.h"
#include "api/cli/output.h"
#include "lectern/v1/lectures.pb.h"

namespace lectern::cli {
namespace {

std::string RenditionsText(const v1::LectureView& view) {
  std::vector<std::string> texts;
  for (const v1::RenditionInfo& rendition : view.renditions()) {
    texts.push_back(absl::StrFormat("%s (%.2f Mbit/s)", rendition.label(), rendition.bandwidth_bps() / 1e6));
  }
  return absl::StrJoin(texts, ", ");
}

std::string SilenceText(const v1::LectureView& view) {
  double seconds = 0;
  for (const v1::SilenceInterval& silence : view.silences()) {
    seconds += google::protobuf::util::TimeUtil::DurationToMilliseconds(silence.end() - silence.start()) / 1000.0;
  }
  return absl::StrCat(view.silences_size(), " pauses, ", ClockText(seconds), " in all");
}

std::string ViewText(const v1::LectureView& view) {
  std::string text = absl::StrCat("  ", ViewWord(view.view()), ": ",
                                  EnumWord(*v1::ViewState_descriptor()->FindValueByNumber(view.state())));
  if (view.has_duration()) absl::StrAppend(&text, ", ", FieldText(view, "duration", Format::kPlain));
  if (view.state() == v1::UPLOADING) {
    absl::StrAppend(&text, ", ", BytesText(view.uploaded_bytes()), " of ", BytesText(view.upload_size_bytes()));
  }
  absl::StrAppend(&text, "\n");
  const auto line = [&text](absl::string_view title, const std::string& content) {
    if (!content.empty()) absl::StrAppend(&text, "    ", title, ": ", content, "\n");
  };
  line("playable", RenditionsText(view));
  line("still coming", StepsText(view));
  if (view.silences_size() > 0) line("silence", SilenceText(view));
  if (view.loudness_lufs() != 0) line("loudness", absl::StrFormat("%.1f LUFS", view.loudness_lufs()));
  line("thumbnails", view.thumbnails());
  line("error", view.error());
  return text;
}

}  // namespace

std::string ViewWord(v1::View view) {
  return EnumWord(*v1::View_descriptor()->FindValueByNumber(view));
}

std::string StepsText(const v1::LectureView& view) {
  std::vector<std::string> texts;
  for (const v1::ProcessingStep& step : view.steps()) {
    if (step.state() == "done") continue;
    std::string text = step.label().empty() ? step.kind() : absl::StrCat(step.kind(), " ", step.label());
    if (step.state() == "running") {
      absl::StrAppend(&text, " ", static_cast<int>(step.progress() * 100), " %");
    } else {
      absl::StrAppend(&text, " ", step.state());
    }
    texts.push_back(std::move(text));
  }
  return absl::StrJoin(texts, ", ");
}

std::string LectureText(const v1::Lecture& lecture) {
  std::string text = absl::StrCat(lecture.name(), "  ", lecture.title(), "\n  course: ", lecture.course(),
                                  "\n  state: ", FieldText(lecture, "state", Format::kPlain),
                                  lecture.rehearsal() ? ", private rehearsal" : "", "\n");
  if (!lecture.hall().empty()) absl::StrAppend(&text, "  hall: ", lecture.hall(), "\n");
  if (lecture.has_start_time()) {
    absl::StrAppend(&text, "  time: ", FieldText(lecture, "start_time", Format::kPlain));
    if (lecture.has_end_time()) absl::StrAppend(&text, " to ", FieldText(lecture, "end_time", Format::kPlain));
    absl::StrAppend(&text, "\n");
  }
  for (const v1::LectureView& view : lecture.views()) absl::StrAppend(&text, ViewText(view));
  return text;
}

}  // namespace lectern::cli
