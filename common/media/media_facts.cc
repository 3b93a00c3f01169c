#include "common/media/media_facts.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace lectern::media {
namespace {

using nlohmann::json;

constexpr double kMaxCopyGopSeconds = 12;

std::string Text(const json& object, const char* key) {
  auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

// FFprobe writes some numbers as strings and some as numbers.
double Number(const json& object, const char* key) {
  auto it = object.find(key);
  if (it == object.end()) return 0;
  if (it->is_number()) return it->get<double>();
  double value = 0;
  if (!it->is_string() || !absl::SimpleAtod(it->get<std::string>(), &value) || !std::isfinite(value)) return 0;
  return value;
}

// "30000/1001"; 0 where absent or "0/0".
double Ratio(const std::string& text, char separator) {
  std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits(separator, 1));
  double above = 0, below = 0;
  if (!absl::SimpleAtod(parts.first, &above) || !absl::SimpleAtod(parts.second, &below) || below == 0) return 0;
  return above / below;
}

// Matroska keeps the duration of a stream in a tag: "00:01:02.500000000".
double TagDuration(const json& stream) {
  auto tags = stream.find("tags");
  if (tags == stream.end()) return 0;
  std::vector<std::string> parts = absl::StrSplit(Text(*tags, "DURATION"), ':');
  double hours = 0, minutes = 0, seconds = 0;
  if (parts.size() != 3 || !absl::SimpleAtod(parts[0], &hours) || !absl::SimpleAtod(parts[1], &minutes) ||
      !absl::SimpleAtod(parts[2], &seconds)) {
    return 0;
  }
  return hours * 3600 + minutes * 60 + seconds;
}

double StreamDuration(const json& stream) {
  double duration = Number(stream, "duration");
  return duration > 0 ? duration : std::max(0.0, TagDuration(stream));
}

int Rotation(const json& stream) {
  auto list = stream.find("side_data_list");
  if (list == stream.end() || !list->is_array()) return 0;
  for (const json& data : *list) {
    if (!data.is_object() || !data.contains("rotation")) continue;
    // FFprobe counts counter-clockwise.
    int degrees = static_cast<int>(std::lround(-Number(data, "rotation"))) % 360;
    return degrees < 0 ? degrees + 360 : degrees;
  }
  return 0;
}

bool IsCoverPicture(const json& stream) {
  auto disposition = stream.find("disposition");
  return disposition != stream.end() && (Number(*disposition, "attached_pic") != 0 || Number(*disposition, "still_image") != 0);
}

// libavformat's rule of thumb: the mean rate and the smallest common rate of the timestamps differ.
bool VariableRate(double mean, double base) {
  if (mean <= 0 || base <= 0) return false;
  // Field-coded streams name the field rate.
  return std::abs(mean / base - 1) > 0.01 && std::abs(2 * mean / base - 1) > 0.01;
}

VideoFacts VideoOf(const json& stream) {
  VideoFacts video;
  video.stream_index = static_cast<int>(Number(stream, "index"));
  video.codec = Text(stream, "codec_name");
  video.profile = Text(stream, "profile");
  video.pixel_format = Text(stream, "pix_fmt");
  video.rotation = Rotation(stream);
  video.bitrate_bps = static_cast<int64_t>(Number(stream, "bit_rate"));
  video.start_seconds = Number(stream, "start_time");
  video.duration_seconds = StreamDuration(stream);
  std::string order = Text(stream, "field_order");
  video.interlaced = !order.empty() && order != "progressive" && order != "unknown";
  double aspect = Ratio(Text(stream, "sample_aspect_ratio"), ':');
  video.square_pixels = aspect <= 0 || std::abs(aspect - 1) < 0.001;
  double width = Number(stream, "width"), height = Number(stream, "height");
  if (!video.square_pixels) width = std::round(width * aspect);
  if (video.rotation == 90 || video.rotation == 270) std::swap(width, height);
  video.width = static_cast<int>(std::min(width, 1e6));
  video.height = static_cast<int>(height);
  double mean = Ratio(Text(stream, "avg_frame_rate"), '/'), base = Ratio(Text(stream, "r_frame_rate"), '/');
  video.frame_rate = mean > 0 ? mean : base;
  video.variable_frame_rate = VariableRate(mean, base);
  return video;
}

AudioFacts AudioOf(const json& stream) {
  AudioFacts audio;
  audio.stream_index = static_cast<int>(Number(stream, "index"));
  audio.codec = Text(stream, "codec_name");
  audio.profile = Text(stream, "profile");
  audio.sample_rate = static_cast<int>(Number(stream, "sample_rate"));
  audio.channels = static_cast<int>(Number(stream, "channels"));
  audio.bitrate_bps = static_cast<int64_t>(Number(stream, "bit_rate"));
  audio.start_seconds = Number(stream, "start_time");
  audio.duration_seconds = StreamDuration(stream);
  return audio;
}

void ReadStreams(const json& streams, MediaFacts& facts) {
  for (const json& stream : streams) {
    if (!stream.is_object()) continue;
    std::string type = Text(stream, "codec_type");
    bool usable = !Text(stream, "codec_name").empty() && Text(stream, "codec_name") != "unknown";
    if (type == "video" && !facts.video.has_value() && usable && !IsCoverPicture(stream)) facts.video = VideoOf(stream);
    if (type == "audio" && !facts.audio.has_value() && usable) facts.audio = AudioOf(stream);
  }
}

// More than a fiftieth of the distances between frames are unusual, or one is a long hole.
bool Irregular(std::vector<double> shown) {
  if (shown.size() < 10) return false;
  std::sort(shown.begin(), shown.end());
  std::vector<double> steps;
  for (size_t i = 1; i < shown.size(); ++i) steps.push_back(shown[i] - shown[i - 1]);
  std::vector<double> sorted = steps;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<long>(sorted.size() / 2), sorted.end());
  double usual = sorted[sorted.size() / 2];
  size_t unusual = 0;
  bool hole = false;
  for (double step : steps) {
    // Containers round times to milliseconds.
    if (std::abs(step - usual) > 0.25 * usual + 0.002) ++unusual;
    hole |= step > 0.5 && step > 3 * usual;
  }
  return hole || unusual * 50 > steps.size();
}

}  // namespace

absl::StatusOr<MediaFacts> ParseFfprobe(absl::string_view text) {
  json root = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!root.is_object() || !root.contains("format") || !root["format"].is_object()) {
    return absl::InvalidArgumentError("ffprobe did not describe the file");
  }
  MediaFacts facts;
  const json& format = root["format"];
  facts.container = Text(format, "format_name");
  facts.start_seconds = Number(format, "start_time");
  facts.duration_seconds = std::max(0.0, Number(format, "duration"));
  facts.size_bytes = static_cast<int64_t>(Number(format, "size"));
  if (root.contains("streams") && root["streams"].is_array()) ReadStreams(root["streams"], facts);
  return facts;
}

void GopScanner::AddLine(absl::string_view line) {
  std::vector<absl::string_view> columns = absl::StrSplit(line, ',');
  double pts = 0;
  if (columns.size() < 2 || !absl::SimpleAtod(columns[0], &pts)) return;
  bool key = absl::StrContains(columns[1], 'K');
  // Frames that an edit list hides are not shown.
  bool hidden = absl::StrContains(columns[1], 'D');
  if (facts_.packets++ == 0) {
    facts_.first_pts_seconds = pts;
    facts_.starts_with_key_frame = key && !hidden;
    last_pts_ = pts;
  }
  if (key) {
    if (facts_.key_frames++ > 0) facts_.max_gop_seconds = std::max(facts_.max_gop_seconds, pts - last_key_);
    last_key_ = pts;
  }
  last_pts_ = std::max(last_pts_, pts);
  constexpr size_t kMostTimes = 20'000;
  if (shown_.size() < kMostTimes) shown_.push_back(pts);
}

GopFacts GopScanner::Finish() const {
  GopFacts facts = facts_;
  if (facts.key_frames > 0) facts.max_gop_seconds = std::max(facts.max_gop_seconds, last_pts_ - last_key_);
  facts.irregular = Irregular(shown_);
  return facts;
}

std::string WhyVideoNotCopyable(const VideoFacts& video, const GopFacts& gop) {
  if (video.codec != "h264") return absl::StrCat("the video is ", video.codec, ", not H.264");
  if (video.pixel_format != "yuv420p" && video.pixel_format != "yuvj420p") {
    return absl::StrCat("the pixel format is ", video.pixel_format, ", not 8-bit 4:2:0");
  }
  static constexpr absl::string_view kProfiles[] = {"Baseline", "Constrained Baseline", "Main", "High"};
  if (std::find(std::begin(kProfiles), std::end(kProfiles), video.profile) == std::end(kProfiles)) {
    return absl::StrCat("the H.264 profile is ", video.profile);
  }
  if (video.interlaced) return "the video is interlaced";
  if (video.rotation != 0) return absl::StrCat("the video is rotated by ", video.rotation, " degrees");
  if (!video.square_pixels) return "the pixels are not square";
  if (gop.packets == 0 || !gop.starts_with_key_frame) return "the video does not begin with a key frame";
  if (gop.max_gop_seconds > kMaxCopyGopSeconds) {
    return absl::StrFormat("key frames are up to %.1f s apart", gop.max_gop_seconds);
  }
  return "";
}

bool AudioCopyable(const AudioFacts& audio) {
  return audio.codec == "aac" && audio.profile == "LC" && (audio.channels == 1 || audio.channels == 2) &&
         (audio.sample_rate == 44100 || audio.sample_rate == 48000);
}

}  // namespace lectern::media
