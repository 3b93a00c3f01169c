#include "api/cli/progress.h"

#include <algorithm>
#include <cmath>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "api/cli/output.h"

namespace lectern::cli {
namespace {

constexpr double kSpeedWindowSeconds = 10;
constexpr absl::Duration kRedraw = absl::Milliseconds(100);
constexpr absl::Duration kPlainLine = absl::Seconds(5);
constexpr int kBarWidth = 30;

}  // namespace

void Speed::Sample(uint64_t bytes, absl::Duration now) {
  if (!started_ || bytes < bytes_) {  // fewer than before: the upload went back to what the server had
    started_ = true;
    bytes_ = bytes;
    at_ = now;
    return;
  }
  const double seconds = absl::ToDoubleSeconds(now - at_);
  if (seconds < 0.2) return;
  const double speed = static_cast<double>(bytes - bytes_) / seconds;
  const double keep = value_ == 0 ? 0 : std::exp(-seconds / kSpeedWindowSeconds);
  value_ = keep * value_ + (1 - keep) * speed;
  bytes_ = bytes;
  at_ = now;
}

std::string BarText(uint64_t acknowledged, uint64_t sent, uint64_t size, double bytes_per_second, int width) {
  const auto part = [&](uint64_t bytes) {
    return size == 0 ? width : static_cast<int>(static_cast<double>(bytes) / static_cast<double>(size) * width);
  };
  const int solid = std::clamp(part(acknowledged), 0, width);
  const int faint = std::clamp(part(sent), solid, width) - solid;
  const int percent =
      size == 0 ? 100 : static_cast<int>(static_cast<double>(acknowledged) / static_cast<double>(size) * 100);
  std::string text = absl::StrFormat("[%s%s%s] %3d %%", std::string(solid, '#'), std::string(faint, '>'),
                                     std::string(width - solid - faint, '-'), percent);
  if (sent >= size) return absl::StrCat(text, "  verifying");
  if (bytes_per_second > 0) {
    absl::StrAppend(&text, "  ", BytesText(bytes_per_second), "/s  ETA ",
                    ClockText(static_cast<double>(size - sent) / bytes_per_second));
  }
  return text;
}

void Progress::Bytes(uint64_t acknowledged, uint64_t sent, uint64_t size) {
  const absl::Duration now = clock_.Steady();
  speed_.Sample(sent, now);
  if (!terminal_ && shown_at_ == -absl::InfiniteDuration()) shown_at_ = now;   // a short upload needs no lines at all
  if (now - shown_at_ < (terminal_ ? kRedraw : kPlainLine)) return;
  shown_at_ = now;
  if (terminal_) {
    Show(BarText(acknowledged, sent, size, speed_.bytes_per_second(), kBarWidth));
  } else {
    Note(absl::StrCat(BytesText(static_cast<double>(acknowledged)), " of ", BytesText(static_cast<double>(size)), " (",
                      size == 0 ? 100 : acknowledged * 100 / size, " %), ", BytesText(speed_.bytes_per_second()),
                      "/s"));
  }
}

void Progress::Words(absl::string_view words) {
  if (terminal_) return Show(std::string(words));
  if (words == shown_) return;
  shown_ = std::string(words);
  std::cerr << words << std::endl;
}

void Progress::Note(absl::string_view line) {
  Clear();
  std::cerr << line << std::endl;
}

void Progress::Show(const std::string& line) {
  if (line == shown_) return;
  shown_ = line;
  std::cerr << "\r\033[K" << line << std::flush;
}

void Progress::Clear() {
  if (terminal_ && !shown_.empty()) std::cerr << "\r\033[K" << std::flush;
  shown_.clear();
}

}  // namespace lectern::cli
