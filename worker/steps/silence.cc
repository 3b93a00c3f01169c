#include "worker/steps/silence.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "worker/steps/ffmpeg.h"
#include "worker/steps/loudness.h"

namespace lectern::worker {
namespace {

constexpr double kLeastSeconds = 2;
// A cough does not end a pause.
constexpr double kJoinSeconds = 0.3;
// The filter finds shorter pauses too, so that two of them can be joined.
constexpr double kDetectSeconds = 1;
constexpr double kBelowLoudness = 14;
constexpr double kLowest = -75, kHighest = -20;
constexpr int kNiceness = 10;

std::optional<double> Value(absl::string_view line, absl::string_view name) {
  size_t at = line.find(name);
  if (at == absl::string_view::npos) return std::nullopt;
  std::vector<absl::string_view> words = absl::StrSplit(line.substr(at + name.size()), absl::MaxSplits(' ', 1));
  double value = 0;
  if (!absl::SimpleAtod(words[0], &value)) return std::nullopt;
  return value;
}

void AddInterval(double begin, double end, v1::SilenceResult& result) {
  auto set = [](double seconds, google::protobuf::Duration& duration) {
    int64_t ns = std::llround(seconds * 1e3) * 1'000'000;
    duration.set_seconds(ns / 1'000'000'000);
    duration.set_nanos(static_cast<int32_t>(ns % 1'000'000'000));
  };
  v1::SilenceInterval& silence = *result.add_silences();
  set(begin, *silence.mutable_start());
  set(end, *silence.mutable_end());
}

}  // namespace

double SilenceThreshold(double integrated_lufs) {
  return std::clamp(integrated_lufs - kBelowLoudness, kLowest, kHighest);
}

void SilenceLog::AddLine(absl::string_view line) {
  if (std::optional<double> begin = Value(line, "silence_start: ")) found_.emplace_back(std::max(0.0, *begin), -1);
  if (std::optional<double> end = Value(line, "silence_end: "); end.has_value() && !found_.empty())
    found_.back().second = *end;
}

std::vector<std::pair<double, double>> SilenceLog::Finish(double duration_seconds) const {
  std::vector<std::pair<double, double>> joined;
  for (auto [begin, end] : found_) {
    if (end < 0) end = std::max(begin, duration_seconds);
    if (!joined.empty() && begin - joined.back().second < kJoinSeconds) {
      joined.back().second = std::max(joined.back().second, end);
    } else {
      joined.emplace_back(begin, end);
    }
  }
  joined.erase(std::remove_if(joined.begin(), joined.end(),
                              [](const auto& pause) { return pause.second - pause.first < kLeastSeconds; }),
               joined.end());
  return joined;
}

// Pauses that a viewer may skip, measured against the recording's own loudness: a quiet lecture is not silent
// throughout.
StepResult RunSilence(StepCall& call) {
  double loudness = call.spec().silence().integrated_lufs(), share = 1;
  // 0 is what an absent value reads as; no recording is that loud.
  if (loudness >= 0) {
    share = 0.5;
    ASSIGN_OR_RETURN(v1::LoudnessResult measured, MeasureLoudness(call, share));
    loudness = measured.integrated_lufs();
  }
  v1::JobResult result;
  v1::SilenceResult& silence = *result.mutable_silence();
  silence.set_threshold_db(SilenceThreshold(loudness));
  double duration = call.spec().media().duration_seconds();
  SilenceLog log;
  FfmpegCommand command;
  // Hum and hiss lie outside the band of a voice.
  command.after_input = {
      "-map",
      "0:a:0",
      "-vn",
      "-sn",
      "-dn",
      "-af",
      absl::StrFormat("aformat=channel_layouts=mono,highpass=f=150,lowpass=f=4000,silencedetect=n=%.1fdB:d=%g",
                      silence.threshold_db(), kDetectSeconds),
      "-f",
      "null",
      "-"};
  command.niceness = kNiceness;
  command.duration_seconds = share == 1 ? duration : 0;
  command.info_log = true;
  command.on_log_line = [&](absl::string_view line) { log.AddLine(line); };
  ASSIGN_OR_RETURN(FfmpegRun run, RunFfmpeg(call, command));
  for (auto [begin, end] : log.Finish(duration > 0 ? duration : run.out_seconds)) AddInterval(begin, end, silence);
  call.context.Progress(1);
  return result;
}

}  // namespace lectern::worker
