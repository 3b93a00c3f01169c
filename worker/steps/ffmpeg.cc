#include "worker/steps/ffmpeg.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/media/ffmpeg_input.h"

namespace lectern::worker {
namespace {

// Only HTTP, and that goes to the source proxy: a recording that is really a playlist reaches nothing else.
std::vector<std::string> InputArguments(const Source& source) {
  return {"-protocol_whitelist", "http,tcp", "-format_whitelist", media::kInputFormats, "-i", source.url()};
}

void Append(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// Why a child that did not end well did so.
absl::Status ExitStatus(const StepCall& call, const ProcessExit& exit, absl::string_view program) {
  if (call.context.ShouldStop()) return absl::CancelledError("the job was stopped");
  RETURN_IF_ERROR(call.source->status());
  if (exit.signal != 0) return absl::UnavailableError(absl::StrCat(program, " was killed by signal ", exit.signal));
  // FFmpeg may end with status 0 although the last bytes of its output could not be written.
  absl::string_view log = exit.stderr_tail;
  if (absl::StrContains(log, "No space left on device"))
    return absl::ResourceExhaustedError("the disk of the worker is full");
  if (absl::StrContains(log, "File too large"))
    return absl::ResourceExhaustedError("the result is larger than the worker's scratch space");
  if (absl::StrContains(log, "Cannot allocate memory"))
    return absl::ResourceExhaustedError("the worker is short of memory");
  if (exit.ok()) return absl::OkStatus();
  // A program that never looked at the recording cannot judge it: it is broken here.
  if (Untouched(call)) {
    return absl::UnavailableError(absl::StrCat(program, " ended before it read the recording: ", LastWords(log)));
  }
  return absl::InvalidArgumentError(LastWords(log));
}

absl::StatusOr<ProcessExit> RunChild(StepCall& call, ProcessOptions options) {
  options.environment = call.source->environment();
  options.directory = call.environment.scratch_dir;
  options.file_limit_bytes = call.environment.scratch_limit_bytes;
  std::string program = options.argv[0];
  ASSIGN_OR_RETURN(std::unique_ptr<Process> process, Process::Start(std::move(options)));
  call.stop->Attach(process.get(), call.environment.stop_grace);
  ProcessExit exit = process->Wait();
  call.stop->Detach();
  call.log_tail = exit.stderr_tail;
  RETURN_IF_ERROR(ExitStatus(call, exit, program));
  return exit;
}

}  // namespace

void StopSwitch::Attach(Process* process, absl::Duration grace) {
  absl::MutexLock lock(&mu_);
  process_ = process;
  grace_ = grace;
  if (fired_) process->Stop(grace);
}

void StopSwitch::Detach() {
  absl::MutexLock lock(&mu_);
  process_ = nullptr;
}

void StopSwitch::Fire() {
  absl::MutexLock lock(&mu_);
  fired_ = true;
  if (process_ != nullptr) process_->Stop(grace_);
}

bool Untouched(const StepCall& call) { return call.source->bytes_read() == 0 && !call.source->empty(); }

std::optional<double> ProgressTime(absl::string_view line) {
  int64_t microseconds = 0;
  if (!absl::ConsumePrefix(&line, "out_time_us=") || !absl::SimpleAtoi(line, &microseconds)) return std::nullopt;
  return static_cast<double>(microseconds) / 1e6;
}

std::string LastWords(absl::string_view log) {
  std::vector<absl::string_view> lines = absl::StrSplit(log, '\n', absl::SkipWhitespace());
  std::string last = "no message";
  for (absl::string_view line : lines) {
    absl::string_view words = absl::StripAsciiWhitespace(line);
    while (absl::StartsWith(words, "[") && words.find("] ") != absl::string_view::npos)
      words.remove_prefix(words.find("] ") + 2);
    // The address of the source says nothing to anybody.
    if (absl::StartsWith(words, "http://source.lectern/") && words.find(": ") != absl::string_view::npos) {
      words.remove_prefix(words.find(": ") + 2);
    }
    if (!words.empty() && words != "Conversion failed!") last = std::string(words);
  }
  return last;
}

absl::StatusOr<FfmpegRun> RunFfmpeg(StepCall& call, const FfmpegCommand& command) {
  FfmpegRun run;
  ProcessOptions options;
  options.argv = {"ffmpeg",
                  "-nostdin",
                  "-hide_banner",
                  "-nostats",
                  "-y",
                  "-loglevel",
                  command.info_log ? "level+info" : "level+warning",
                  "-progress",
                  "pipe:1",
                  "-stats_period",
                  "0.5"};
  Append(options.argv, command.before_input);
  Append(options.argv, InputArguments(*call.source));
  Append(options.argv, {"-map_metadata", "-1", "-map_chapters", "-1"});
  Append(options.argv, command.after_input);
  options.niceness = command.niceness;
  options.on_stderr_line = command.on_log_line;
  options.on_stdout_line = [&](absl::string_view line) {
    if (absl::ConsumePrefix(&line, "frame=")) {
      if (!absl::SimpleAtoi(absl::StripAsciiWhitespace(line), &run.frames)) run.frames = 0;
      return;
    }
    std::optional<double> time = ProgressTime(line);
    if (!time.has_value()) return;
    run.out_seconds = std::max(run.out_seconds, *time);
    if (command.duration_seconds <= 0) return;
    call.context.Progress(std::clamp(run.out_seconds / command.duration_seconds, 0.0, 1.0) * command.progress_share);
  };
  absl::StatusOr<ProcessExit> exit = RunChild(call, std::move(options));
  if (absl::IsInvalidArgument(exit.status())) {
    return absl::InvalidArgumentError(absl::StrCat("FFmpeg cannot process the recording: ", exit.status().message()));
  }
  RETURN_IF_ERROR(exit.status());
  return run;
}

absl::StatusOr<std::string> RunFfprobe(StepCall& call, const std::vector<std::string>& arguments,
                                       const std::function<void(absl::string_view)>& on_line) {
  constexpr size_t kMaxOutput = 16 << 20;
  std::string output;
  ProcessOptions options;
  options.argv = {"ffprobe", "-hide_banner", "-loglevel", "error", "-probesize", "20M", "-analyzeduration", "20M"};
  Append(options.argv, arguments);
  Append(options.argv, InputArguments(*call.source));
  if (on_line) {
    options.on_stdout_line = on_line;
  } else {
    options.on_stdout_bytes = [&](absl::string_view bytes) {
      output.append(bytes.data(), std::min(bytes.size(), kMaxOutput - output.size()));
    };
  }
  RETURN_IF_ERROR(RunChild(call, std::move(options)).status());
  return output;
}

}  // namespace lectern::worker
