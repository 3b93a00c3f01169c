#include "vod_service/packaging/cutter.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status.h"

namespace lectern::vod {
namespace {

using media::Sample;

constexpr double kSegmentSeconds = 6;
// A key frame this far behind the beginning starts a new segment: on the grid of 2 s that is 6 s.
constexpr double kLeastSegmentSeconds = 5.5;
// A frame may be shown this much before the recording begins; it is then moved to the beginning.
constexpr double kMostLeadSeconds = 0.05;
// One fragment is one group of pictures; far more than a lecture has in one.
constexpr uint64_t kMaxBoxBytes = 512 << 20;

int64_t Ticks(double seconds, uint32_t timescale) { return static_cast<int64_t>(seconds * timescale + 0.5); }

}  // namespace

double SegmentCutter::position_seconds() const {
  return init_.timescale == 0 ? 0 : static_cast<double>(end_ticks_) / init_.timescale;
}

absl::Status SegmentCutter::Feed(absl::string_view bytes) {
  buffer_.append(bytes.data(), bytes.size());
  size_t done = 0;
  while (true) {
    absl::string_view rest = absl::string_view(buffer_).substr(done);
    ASSIGN_OR_RETURN(uint64_t length, media::BoxLength(rest));
    if (length > kMaxBoxBytes) return absl::InvalidArgumentError("a group of pictures is too large");
    if (length == 0 || length > rest.size()) break;
    absl::string_view box = rest.substr(0, length);
    if (box.substr(4, 4) == "moof") {
      // Wait for the mdat behind it.
      ASSIGN_OR_RETURN(uint64_t data_length, media::BoxLength(rest.substr(length)));
      if (data_length > kMaxBoxBytes) return absl::InvalidArgumentError("a group of pictures is too large");
      if (data_length == 0 || length + data_length > rest.size()) break;
      box = rest.substr(0, length + data_length);
    }
    RETURN_IF_ERROR(TakeBox(box));
    done += box.size();
  }
  buffer_.erase(0, done);
  return absl::OkStatus();
}

absl::Status SegmentCutter::Finish() {
  if (!buffer_.empty()) return absl::InvalidArgumentError("the media stream is cut off");
  if (segments_.empty() && !file_.valid()) return absl::InvalidArgumentError("the stream has no frames");
  return CloseSegment(end_ticks_);
}

absl::Status SegmentCutter::TakeBox(absl::string_view box) {
  absl::string_view type = box.substr(4, 4);
  if (type == "moof") return TakeFragment(box);
  if (type == "ftyp" || type == "moov") head_.append(box.data(), box.size());
  if (type == "moov") return TakeInit();
  return absl::OkStatus();
}

absl::Status SegmentCutter::TakeInit() {
  if (std::exchange(initialised_, true)) return absl::InvalidArgumentError("the media stream has two headers");
  ASSIGN_OR_RETURN(init_, media::ParseInit(head_));
  return absl::OkStatus();
}

absl::Status SegmentCutter::WriteInit() {
  // Sound has no decoding delay: what shifts it is the rounding of its beginning.
  uint32_t delay = init_.video ? static_cast<uint32_t>(std::max<int64_t>(0, shift_ticks_)) : 0;
  ASSIGN_OR_RETURN(std::string init, media::WithEditList(head_, delay));
  bytes_written_ += static_cast<int64_t>(init.size());
  return WriteFileAtomically(absl::StrCat(folder_, "/init.mp4"), init);
}

absl::Status SegmentCutter::TakeFragment(absl::string_view bytes) {
  if (!initialised_) return absl::InvalidArgumentError("the media stream has no header");
  ASSIGN_OR_RETURN(media::Fragment fragment, media::ParseFragment(bytes, init_));
  int64_t decode = fragment.decode_time - static_cast<int64_t>(kOriginSeconds) * init_.timescale + shift_ticks_;
  if (!aligned_) next_decode_ticks_ = decode;
  // FFmpeg's sums and its times may differ by rounding.
  if (std::abs(decode - next_decode_ticks_) > init_.timescale / 1000) {
    return absl::InvalidArgumentError("the media stream has a gap that its frames do not cover");
  }
  absl::string_view data = fragment.data;
  for (const Sample& sample : fragment.samples) {
    RETURN_IF_ERROR(TakeSample(sample, data.substr(0, sample.size)));
    data.remove_prefix(sample.size);
  }
  return FlushRun();
}

absl::Status SegmentCutter::Align(const Sample& first) {
  int64_t shown = next_decode_ticks_ + first.composition_offset;
  if (init_.video && !first.sync) return absl::InvalidArgumentError("the video does not begin with a key frame");
  if (shown < -Ticks(kMostLeadSeconds, init_.timescale)) {
    return absl::InvalidArgumentError("the first frame belongs before the beginning of the recording");
  }
  shift_ticks_ = std::max<int64_t>(0, shown) - next_decode_ticks_;
  next_decode_ticks_ += shift_ticks_;
  segment_start_ticks_ = end_ticks_ = next_decode_ticks_;
  aligned_ = true;
  return WriteInit();
}

bool SegmentCutter::CutsBefore(const Sample& sample) const {
  if (!file_.valid()) return false;
  if (init_.video) {
    int64_t shown = next_decode_ticks_ + sample.composition_offset - shift_ticks_;
    return sample.sync && shown - segment_start_ticks_ >= Ticks(kLeastSegmentSeconds, init_.timescale);
  }
  double grid = kSegmentSeconds * static_cast<double>(segments_.size() + 1);
  return next_decode_ticks_ + sample.duration / 2 >= Ticks(grid, init_.timescale);
}

absl::Status SegmentCutter::TakeSample(Sample sample, absl::string_view data) {
  if (!aligned_) {
    bool priming = !init_.video && next_decode_ticks_ + sample.duration / 2 <= 0;
    if (priming) {
      next_decode_ticks_ += sample.duration;
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(Align(sample));
  }
  int64_t shown = next_decode_ticks_ + sample.composition_offset - shift_ticks_;
  if (CutsBefore(sample)) {
    RETURN_IF_ERROR(FlushRun());
    RETURN_IF_ERROR(CloseSegment(shown));
  }
  if (!file_.valid()) {
    segment_start_ticks_ = shown;
    RETURN_IF_ERROR(OpenSegment());
  }
  if (run_.samples.empty()) {
    run_.decode_time = next_decode_ticks_;
    run_.data = data.substr(0, 0);
  }
  // The samples of a run lie one behind the other.
  run_.data = absl::string_view(run_.data.data(), run_.data.size() + data.size());
  run_.samples.push_back(sample);
  next_decode_ticks_ += sample.duration;
  end_ticks_ = std::max(end_ticks_, shown + static_cast<int64_t>(sample.duration));
  ++frames_;
  return absl::OkStatus();
}

absl::Status SegmentCutter::FlushRun() {
  if (run_.samples.empty()) return absl::OkStatus();
  std::string bytes = media::WriteFragment(++sequence_, init_, run_);
  run_ = media::Fragment();
  return Write(file_.get(), bytes);
}

absl::Status SegmentCutter::OpenSegment() {
  std::string path = absl::StrFormat("%s/seg-%05d.m4s", folder_, segments_.size() + 1);
  file_ = Fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file_.valid()) return ErrnoStatus(errno, absl::StrCat("create ", path));
  segment_bytes_ = 0;
  return absl::OkStatus();
}

absl::Status SegmentCutter::CloseSegment(int64_t end_ticks) {
  if (fdatasync(file_.get()) != 0) return ErrnoStatus(errno, "sync a segment");
  file_ = Fd();
  double duration = static_cast<double>(end_ticks - segment_start_ticks_) / init_.timescale;
  if (!(duration > 0)) return absl::InvalidArgumentError("a segment would last no time");
  segments_.push_back({absl::StrFormat("seg-%05d.m4s", segments_.size() + 1), duration, segment_bytes_});
  return absl::OkStatus();
}

absl::Status SegmentCutter::Write(int fd, absl::string_view bytes) {
  bytes_written_ += static_cast<int64_t>(bytes.size());
  segment_bytes_ += static_cast<int64_t>(bytes.size());
  if (limit_bytes_ > 0 && bytes_written_ > limit_bytes_) {
    return absl::ResourceExhaustedError(absl::StrCat("the segments need more than ", limit_bytes_, " bytes"));
  }
  while (!bytes.empty()) {
    ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, "write a segment");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace lectern::vod
