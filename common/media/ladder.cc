#include "common/media/ladder.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace lectern::media {
namespace {

constexpr double kGopSeconds = 2;
// A rendition nearly as large as the next one helps no viewer.
constexpr double kLeastStep = 0.8;

struct Box {
  int lines;
  int camera_bps;
  int slides_bps;
};
constexpr Box kBoxes[] = {{1080, 4'500'000, 3'000'000}, {720, 2'500'000, 1'800'000}, {480, 1'200'000, 900'000},
                          {360, 700'000, 500'000}};

struct Settings {
  double crf;
  int niceness;
  const char* tune;
};

Settings SettingsFor(Content content) {
  switch (content) {
    case Content::kCamera:
      return {26, 10, ""};
    case Content::kSlides:
      return {20, 9, "stillimage"};
    case Content::kCombined:
      break;
  }
  return {24, 8, ""};
}

// How much the source must shrink to fit the box of so many lines at 16:9, turned for portrait videos; at most 1.
double FitScale(const LadderSource& source, int lines) {
  double longer = std::max(source.width, source.height);
  double shorter = std::min(source.width, source.height);
  return std::min({1.0, lines * 16.0 / 9.0 / longer, lines / shorter});
}

// The nearest even number of pixels that the source has.
int Even(double pixels, int most) {
  int even = static_cast<int>(std::lround(pixels / 2)) * 2;
  return std::max(2, even > most ? even - 2 : even);
}

int Bitrate(Content content, int lines) {
  const Box* box = &kBoxes[0];
  for (const Box& candidate : kBoxes) {
    if (candidate.lines >= lines) box = &candidate;
  }
  return content == Content::kSlides ? box->slides_bps : box->camera_bps;
}

LadderRung Rung(Content content, const LadderSource& source, double scale, int lines) {
  Settings settings = SettingsFor(content);
  LadderRung rung;
  rung.label = absl::StrCat(lines, "p");
  rung.width = Even(source.width * scale, source.width);
  rung.height = Even(source.height * scale, source.height);
  rung.crf = settings.crf;
  rung.max_bitrate_bps = Bitrate(content, lines);
  rung.niceness = settings.niceness;
  rung.tune = settings.tune;
  rung.gop_seconds = kGopSeconds;
  return rung;
}

// The largest rendition: the source's size, or the box of 1080 lines where it is larger. Named after the smallest box that it
// fits and touches, else after its shorter side.
LadderRung TopRung(Content content, const LadderSource& source) {
  double scale = FitScale(source, kBoxes[0].lines);
  LadderRung rung = Rung(content, source, scale, kBoxes[0].lines);
  LadderSource scaled;
  scaled.width = rung.width;
  scaled.height = rung.height;
  int lines = std::min(rung.width, rung.height);
  for (const Box& box : kBoxes) {
    if (FitScale(scaled, box.lines) < 1) continue;
    double longer = std::max(rung.width, rung.height);
    if (lines == box.lines || longer >= std::floor(box.lines * 16.0 / 9.0) - 1) lines = box.lines;
  }
  return Rung(content, source, scale, lines);
}

// Seeking and switching in the copied source would be coarse, or it would cost the viewer more than our own rendition does.
bool CopyServesAs(const LadderSource& source, const LadderRung& top) {
  if (!source.copied || top.width < source.width - 1 || top.height < source.height - 1) return false;
  bool short_gops = source.max_gop_seconds > 0 && source.max_gop_seconds <= 2 * kGopSeconds + 0.1;
  bool affordable = source.bitrate_bps > 0 && source.bitrate_bps <= top.max_bitrate_bps;
  return short_gops && affordable;
}

}  // namespace

std::vector<LadderRung> PlanLadder(Content content, const LadderSource& source) {
  std::vector<LadderRung> ladder;
  if (source.width <= 0 || source.height <= 0) return ladder;
  LadderRung top = TopRung(content, source);
  double last_scale = FitScale(source, kBoxes[0].lines);
  int top_lines = std::min(top.width, top.height);
  if (!CopyServesAs(source, top)) ladder.push_back(top);
  for (const Box& box : kBoxes) {
    if (content == Content::kSlides && box.lines < 720) break;
    if (box.lines == 360 && top_lines > 480) break;
    double scale = FitScale(source, box.lines);
    if (scale > last_scale * kLeastStep) continue;
    ladder.push_back(Rung(content, source, scale, box.lines));
    last_scale = scale;
  }
  return ladder;
}

ThumbnailPlan PlanThumbnails(double duration_seconds) {
  constexpr double kMostPictures = 600;
  constexpr double kLeastSeconds = 2;
  double interval = std::max(kLeastSeconds, std::ceil(duration_seconds / kMostPictures));
  return {160, interval};
}

}  // namespace lectern::media
