#include "worker/ingest/pull_source.h"

#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/file.h"
#include "common/log/log.h"

namespace lectern::worker {
namespace {

constexpr absl::Duration kStopGrace = absl::Milliseconds(500);
constexpr absl::Duration kWatch = absl::Milliseconds(500);
// Of one read or write; a camera that is switched off closes nothing.
constexpr char kTimeoutMicroseconds[] = "8000000";
constexpr int kAacSoundFormat = 10;    // FLV 10.1 E.4.2.1

std::vector<std::string> Arguments(const std::string& script, bool encode_sound) {
  std::vector<std::string> argv = {"ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-v", "warning",
                                   "-f", "concat", "-safe", "0",
                                   "-protocol_whitelist", "file,crypto,tcp,udp,rtp,srtp,tls,rtsp,rtsps,rtmp,rtmps",
                                   "-fflags", "+genpts+discardcorrupt", "-i", script,
                                   "-map", "0:v:0?", "-map", "0:a:0?", "-c:v", "copy"};
  if (encode_sound) {
    argv.insert(argv.end(), {"-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2", "-af", "aresample=async=1"});
  } else {
    argv.insert(argv.end(), {"-c:a", "copy"});
  }
  argv.insert(argv.end(), {"-flvflags", "no_duration_filesize+no_sequence_end", "-flush_packets", "1", "-f", "flv", "pipe:1"});
  return argv;
}

bool IsForeignSound(const rtmp::MediaMessage& message) {
  return message.kind == rtmp::MediaMessage::kAudio && message.size() > 0 &&
         static_cast<unsigned char>((*message.payload)[0]) >> 4 != kAacSoundFormat;
}

}  // namespace

absl::StatusOr<std::string> PullScript(absl::string_view url) {
  for (char c : url) {
    if (static_cast<unsigned char>(c) < 0x21 || c == 0x7f) return absl::InvalidArgumentError("no blanks in a source's address");
  }
  std::string script =
      absl::StrCat("ffconcat version 1.0\nfile '", absl::StrReplaceAll(url, {{"'", "'\\''"}}), "'\n");
  if (absl::StartsWith(url, "rtsp://") || absl::StartsWith(url, "rtsps://")) {
    // UDP loses packets on a campus network, and packets are pictures.
    absl::StrAppend(&script, "option rtsp_transport tcp\noption timeout ", kTimeoutMicroseconds, "\n");
  } else if (absl::StartsWith(url, "rtmp://") || absl::StartsWith(url, "rtmps://")) {
    absl::StrAppend(&script, "option rw_timeout ", kTimeoutMicroseconds, "\noption rtmp_live live\n");
  } else {
    return absl::InvalidArgumentError("the source's address is neither rtsp, rtsps, rtmp nor rtmps");
  }
  return script;
}

std::string PullTrouble(absl::string_view log) {
  static constexpr struct {
    const char* mark;
    const char* words;
  } kMeanings[] = {
      {"401 Unauthorized", "The source refuses the user name or password (401)."},
      {"403 Forbidden", "The source refuses access (403)."},
      {"404 Not Found", "The source has no stream of that name (404)."},
      {"NetStream.Play.StreamNotFound", "The source has no stream of that name."},
      {"Connection refused", "The source refuses the connection."},
      {"No route to host", "There is no route to the source."},
      {"Network is unreachable", "The source's network is out of reach."},
      {"Failed to resolve hostname", "The source's host name is not known."},
      {"Connection timed out", "The source does not answer."},
      {"Connection reset", "The source broke the connection off."},
      {"hevc not compatible", "The source sends H.265; set it to H.264."},
      {"not compatible with flv", "The source's picture cannot be used; set it to H.264."},
      {"Input/output error", "The source does not answer, or has no stream of that name."},
      {"does not contain any stream", "The source sends neither picture nor sound."},
  };
  for (const auto& meaning : kMeanings) {
    if (absl::StrContains(log, meaning.mark)) return meaning.words;
  }
  return "The source cannot be read.";
}

PullSource::PullSource(PullOptions options, Events events, Clock& clock)
    : options_(std::move(options)), events_(std::move(events)), clock_(clock), timeline_(options_.floor_ms),
      last_message_(clock.Steady()), thread_([this] { Loop(); }) {}

PullSource::~PullSource() {
  {
    absl::MutexLock lock(&mu_);
    stopped_ = true;
    if (child_ != nullptr) child_->Stop(kStopGrace);
  }
  thread_.join();
}

bool PullSource::stopped() const {
  absl::MutexLock lock(&mu_);
  return stopped_;
}

bool PullSource::Wait(absl::Duration time) {
  absl::MutexLock lock(&mu_);
  return !mu_.AwaitWithTimeout(absl::Condition(&stopped_), time);
}

void PullSource::Loop() {
  std::thread watch([this] { Watch(); });
  absl::Duration delay = options_.first_retry;
  while (!stopped()) {
    if (Fetch()) {
      delay = options_.first_retry;
      events_.on_pause();
    }
    if (!Wait(delay)) break;
    delay = std::min(2 * delay, options_.last_retry);
  }
  watch.join();
}

void PullSource::Watch() {
  while (Wait(kWatch)) {
    absl::MutexLock lock(&mu_);
    if (child_ == nullptr || silent_ || clock_.Steady() - last_message_ < options_.silence_limit) continue;
    silent_ = true;
    child_->Stop(kStopGrace);
  }
}

bool PullSource::Fetch() {
  absl::StatusOr<std::string> script = PullScript(options_.url);
  std::string path = absl::StrCat(options_.scratch_dir, "/source.ffconcat");
  // The address must not be seen in the list of processes: the folder and the file are this user's alone.
  absl::Status written = script.ok() ? WriteFileAtomically(path, *script, 0600) : script.status();
  if (!written.ok()) {
    events_.on_state(std::string(written.message()));
    return false;
  }
  timeline_.Restart();
  reader_ = std::make_unique<rtmp::FlvReader>();
  received_ = broken_ = false;
  ProcessOptions options;
  options.argv = Arguments(path, encode_sound_);
  options.on_stdout_bytes = [this](absl::string_view bytes) { OnBytes(bytes); };
  absl::StatusOr<std::unique_ptr<Process>> child = Process::Start(std::move(options));
  if (!child.ok()) {
    unlink(path.c_str());
    events_.on_state("FFmpeg cannot be started.");
    return false;
  }
  {
    absl::MutexLock lock(&mu_);
    child_ = child->get();
    last_message_ = clock_.Steady();
    silent_ = false;
    if (stopped_) child_->Stop(kStopGrace);
  }
  ProcessExit exit = (*child)->Wait();
  bool silent;
  {
    absl::MutexLock lock(&mu_);
    child_ = nullptr;
    silent = silent_;
  }
  unlink(path.c_str());
  if (stopped() || broken_) return received_;
  // FFmpeg has chosen a sound that its muxer does not take, or one that no player takes.
  if (!received_ && !encode_sound_ && absl::StrContains(exit.stderr_tail, "Audio codec")) encode_sound_ = true;
  const char* end = silent ? "Nothing comes from the source." : "The source has ended the stream.";
  events_.on_state(silent || exit.ok() ? end : PullTrouble(exit.stderr_tail));
  return received_;
}

void PullSource::OnBytes(absl::string_view bytes) {
  if (broken_ || stopped()) return;
  rtmp::MediaMessage message;
  absl::Status fed = reader_->Feed(bytes);
  while (fed.ok() && !broken_ && reader_->Next(message)) OnMessage(std::move(message));
  if (fed.ok()) return;
  log::Warn("FFmpeg does not write FLV", {{"error", fed.ToString()}});
  broken_ = true;
  absl::MutexLock lock(&mu_);
  child_->Stop(kStopGrace);
}

void PullSource::OnMessage(rtmp::MediaMessage message) {
  if (IsForeignSound(message) && !encode_sound_) {
    encode_sound_ = broken_ = true;
    absl::MutexLock lock(&mu_);
    child_->Stop(kStopGrace);
    return;
  }
  int64_t clock_ms = absl::ToUnixMillis(clock_.Now()) - options_.start_time_ms;
  rtmp::Timeline::Position position = timeline_.Map(message.timestamp_ms, clock_ms);
  if (position.jumped && received_) events_.on_jump();
  message.timestamp_ms = position.ms;
  {
    absl::MutexLock lock(&mu_);
    last_message_ = clock_.Steady();
  }
  if (!received_) events_.on_state("");
  received_ = true;
  events_.on_message(message);
}

}  // namespace lectern::worker
