#include "vod_service/jobs/source_file.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/exec/process.h"
#include "common/media/ffmpeg_input.h"
#include "common/media/media_facts.h"
#include "vod_service/jobs/probe_file.h"
#include "vod_service/upload/digest.h"

namespace lectern::vod {
namespace {

constexpr absl::Duration kStopGrace = absl::Seconds(2);
constexpr absl::Duration kStopPoll = absl::Milliseconds(20);
constexpr size_t kCopyBytes = 256 * 1024;
// MPEG-TS has no times before 0; pictures may be decoded before the recording begins.
constexpr int kPartOffsetSeconds = 10;

// Pours the init segment and then the segments of a run into a pipe that FFmpeg reads: whatever store they are in, and
// however many they are.
class RunPipe {
 public:
  RunPipe(BlobStore& blobs, const std::string& folder, const SourceRun& run, std::function<void(size_t)> on_segment)
      : blobs_(blobs), folder_(folder), run_(run), on_segment_(std::move(on_segment)) {}
  ~RunPipe() {
    Close();
    if (writer_.joinable()) writer_.join();
  }
  RunPipe(const RunPipe&) = delete;
  RunPipe& operator=(const RunPipe&) = delete;

  absl::Status Open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus(errno, "making a pipe");
    read_ = Fd(ends[0]);
    write_ = Fd(ends[1]);
    return absl::OkStatus();
  }
  // The child opens it itself; this process keeps the other end until it has.
  std::string Path() const { return absl::StrCat("file:/proc/", getpid(), "/fd/", read_.get()); }
  void Start() {
    writer_ = std::thread([this] { Pour(); });
  }
  // Nobody reads any more: the writer ends.
  void Close() { read_ = Fd(); }
  absl::Status Join() {
    Close();
    writer_.join();
    return status_;
  }

 private:
  void Pour() {
    // A reader that goes must not take the process with it.
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    status_ = PourFile(run_.init);
    for (size_t i = 0; i < run_.segments.size() && status_.ok(); ++i) {
      status_ = PourFile(run_.segments[i]);
      on_segment_(i + 1);
    }
    write_ = Fd();
  }

  absl::Status PourFile(const std::string& name) {
    ASSIGN_OR_RETURN(OpenBlob blob, blobs_.Open(absl::StrCat(folder_, "/", name)));
    std::string buffer(kCopyBytes, '\0');
    for (off_t at = 0;;) {
      const ssize_t got = pread(blob.file->get(), buffer.data(), buffer.size(), at);
      if (got < 0) return ErrnoStatus(errno, "reading a segment");
      if (got == 0) return absl::OkStatus();
      RETURN_IF_ERROR(Write(absl::string_view(buffer.data(), static_cast<size_t>(got))));
      at += got;
    }
  }

  absl::Status Write(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t wrote = write(write_.get(), bytes.data(), bytes.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return ErrnoStatus(errno, "feeding FFmpeg");
      bytes.remove_prefix(static_cast<size_t>(wrote));
    }
    return absl::OkStatus();
  }

  BlobStore& blobs_;
  const std::string folder_;
  const SourceRun& run_;
  const std::function<void(size_t)> on_segment_;
  Fd read_;
  Fd write_;
  std::thread writer_;
  absl::Status status_;
};

std::string LastLine(absl::string_view text) {
  const std::vector<std::string> lines = absl::StrSplit(text, '\n', absl::SkipWhitespace());
  return lines.empty() ? "no message" : lines.back();
}

absl::Status RunFfmpeg(std::vector<std::string> arguments, const std::function<bool()>& should_stop) {
  ProcessOptions options;
  options.argv = {"ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y"};
  std::move(arguments.begin(), arguments.end(), std::back_inserter(options.argv));
  ASSIGN_OR_RETURN(std::unique_ptr<Process> process, Process::Start(std::move(options)));
  ProcessExit exit;
  {
    std::jthread watch([&](std::stop_token ended) {
      while (!ended.stop_requested()) {
        if (should_stop()) return process->Stop(kStopGrace);
        absl::SleepFor(kStopPoll);
      }
    });
    exit = process->Wait();
  }
  if (should_stop()) return absl::CancelledError("the job was stopped");
  if (exit.signal != 0) return absl::UnavailableError(absl::StrCat("FFmpeg was killed by signal ", exit.signal));
  if (exit.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("FFmpeg cannot copy what was on air: ", LastLine(exit.stderr_tail)));
}

class SourceMaker {
 public:
  SourceMaker(BlobStore& blobs, const SourcePlan& plan, const SourceRequest& request)
      : blobs_(blobs), plan_(plan), request_(request) {}

  absl::Status Make() {
    std::vector<std::string> arguments;
    std::vector<std::unique_ptr<RunPipe>> pipes;
    std::vector<std::string> maps;
    for (const auto* runs : {&plan_.video, &plan_.audio}) {
      if (runs->empty()) continue;
      const bool video = runs == &plan_.video;
      RETURN_IF_ERROR(AddInput(*runs, video, arguments, pipes));
      maps.insert(maps.end(), {"-map", absl::StrCat(maps.size() / 2, video ? ":V:0" : ":a:0")});
    }
    std::move(maps.begin(), maps.end(), std::back_inserter(arguments));
    arguments.insert(arguments.end(),
                     {"-copyts", "-c", "copy", "-avoid_negative_ts", "disabled", "-video_track_timescale", "90000",
                      "-max_interleave_delta", "0", "-f", "mp4", "file:" + request_.output_path});
    return Run(std::move(arguments), pipes);
  }

 private:
  // One run comes through a pipe. Several, whose headers differ, are joined as MPEG-TS, where the headers stand in the
  // stream.
  absl::Status AddInput(const std::vector<SourceRun>& runs, bool video, std::vector<std::string>& arguments,
                        std::vector<std::unique_ptr<RunPipe>>& pipes) {
    if (runs.size() == 1) {
      auto& pipe = pipes.emplace_back(PipeFor(runs[0]));
      RETURN_IF_ERROR(pipe->Open());
      arguments.insert(arguments.end(), {"-protocol_whitelist", "file", "-f", "mp4", "-i", pipe->Path()});
      return absl::OkStatus();
    }
    std::vector<std::string> parts;
    for (const SourceRun& run : runs) {
      parts.push_back(absl::StrCat(request_.work_folder, "/", video ? "video" : "audio", parts.size(), ".ts"));
      RETURN_IF_ERROR(MakePart(run, parts.back()));
    }
    const std::string joined = absl::StrCat(request_.work_folder, "/", video ? "video.ts" : "audio.ts");
    RETURN_IF_ERROR(Join(parts, joined));
    arguments.insert(arguments.end(), {"-protocol_whitelist", "file", "-itsoffset", absl::StrCat(-kPartOffsetSeconds),
                                       "-f", "mpegts", "-i", "file:" + joined});
    return absl::OkStatus();
  }

  absl::Status MakePart(const SourceRun& run, const std::string& path) {
    std::vector<std::unique_ptr<RunPipe>> pipes;
    pipes.push_back(PipeFor(run));
    RETURN_IF_ERROR(pipes[0]->Open());
    return Run({"-protocol_whitelist", "file", "-f", "mp4", "-i", pipes[0]->Path(), "-copyts", "-c", "copy",
                "-output_ts_offset", absl::StrCat(kPartOffsetSeconds), "-muxdelay", "0", "-muxpreload", "0", "-f",
                "mpegts", "file:" + path},
               pipes);
  }

  absl::Status Join(const std::vector<std::string>& parts, const std::string& joined) {
    Fd out(open(joined.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
    if (!out.valid()) return ErrnoStatus(errno, "creating a file");
    for (const std::string& part : parts) {
      {
        Fd in(open(part.c_str(), O_RDONLY | O_CLOEXEC));
        if (!in.valid()) return ErrnoStatus(errno, "opening a part");
        ssize_t copied = 0;
        while ((copied = copy_file_range(in.get(), nullptr, out.get(), nullptr, size_t{1} << 30, 0)) > 0) {
          if (request_.should_stop()) return absl::CancelledError("the job was stopped");
        }
        if (copied < 0) return ErrnoStatus(errno, "joining parts");
      }
      unlink(part.c_str());
    }
    return absl::OkStatus();
  }

  std::unique_ptr<RunPipe> PipeFor(const SourceRun& run) {
    // The sound is small; what the picture has come to is how far it is.
    const std::vector<SourceRun>& counted = plan_.video.empty() ? plan_.audio : plan_.video;
    const bool counts =
        std::any_of(counted.begin(), counted.end(), [&run](const SourceRun& other) { return &other == &run; });
    return std::make_unique<RunPipe>(blobs_, request_.media_folder, run, [this, counts](size_t) {
      if (counts) request_.progress(std::min(1.0, static_cast<double>(++poured_) / static_cast<double>(Total())));
    });
  }

  size_t Total() const {
    size_t total = 0;
    for (const SourceRun& run : plan_.video.empty() ? plan_.audio : plan_.video) total += run.segments.size();
    return std::max<size_t>(total, 1);
  }

  absl::Status Run(std::vector<std::string> arguments, std::vector<std::unique_ptr<RunPipe>>& pipes) {
    for (auto& pipe : pipes) pipe->Start();
    absl::Status status = RunFfmpeg(std::move(arguments), request_.should_stop);
    for (auto& pipe : pipes) {
      absl::Status poured = pipe->Join();
      // Where FFmpeg fails the pipe breaks, which says less.
      if (status.ok()) status = poured;
    }
    return status;
  }

  BlobStore& blobs_;
  const SourcePlan& plan_;
  const SourceRequest& request_;
  size_t poured_ = 0;
};

absl::Status VerifySource(const std::string& path, double expected_seconds) {
  ASSIGN_OR_RETURN(media::MediaFacts facts, ProbeFile(path));
  if (std::abs(facts.duration_seconds - expected_seconds) <= std::max(0.5, expected_seconds / 100))
    return absl::OkStatus();
  return absl::DataLossError(absl::StrFormat("the file of the recording lasts %.2f s instead of %.2f s",
                                             facts.duration_seconds, expected_seconds));
}

}  // namespace

absl::Status MakeSource(BlobStore& blobs, const SourcePlan& plan, const SourceRequest& request) {
  RETURN_IF_ERROR(SourceMaker(blobs, plan, request).Make());
  return VerifySource(request.output_path, std::max(plan.video_seconds, plan.audio_seconds));
}

absl::StatusOr<std::string> DigestOf(const std::string& path, const std::function<bool()>& should_stop) {
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return ErrnoStatus(errno, "opening the file of the recording");
  Digest digest(DigestAlgorithm::kSha256);
  std::string buffer(4 * kCopyBytes, '\0');
  while (true) {
    const ssize_t got = read(file.get(), buffer.data(), buffer.size());
    if (got < 0) return ErrnoStatus(errno, "reading the file of the recording");
    if (got == 0) return HexEncode(digest.Value());
    if (should_stop()) return absl::CancelledError("the job was stopped");
    digest.Update(absl::string_view(buffer.data(), static_cast<size_t>(got)));
  }
}

}  // namespace lectern::vod
