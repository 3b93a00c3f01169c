#include "vod_service/library/keys.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace lectern::vod {
namespace {

constexpr size_t kUploadIdDigits = 32;
constexpr size_t kMaxNameBytes = 100;
constexpr size_t kMaxLabelBytes = 32;

}  // namespace

bool IsUploadId(absl::string_view text) {
  return text.size() == kUploadIdDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); });
}

bool IsView(absl::string_view text) {
  return text == "comb" || text == "cam" || text == "pres";
}

bool IsOutputName(absl::string_view text) {
  if (text.empty() || text.size() > kMaxNameBytes || text.front() == '.') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-'; });
}

bool IsLabel(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxLabelBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

bool IsPictureName(absl::string_view name) {
  for (absl::string_view ending : {".vtt", ".jpg", ".jpeg", ".png", ".webp"}) {
    if (absl::EndsWith(name, ending)) return true;
  }
  return false;
}

std::string RecordingKey(absl::string_view upload) {
  return absl::StrCat("recordings/", upload);
}

std::string OutputFolder(int64_t job, int64_t fence) {
  return absl::StrCat("jobs/", job, "/", fence);
}

std::string ViewFolder(int64_t lecture, absl::string_view view) {
  return absl::StrCat("media/", lecture, "/", view);
}

std::string MasterKey(int64_t lecture, absl::string_view view) {
  return absl::StrCat(ViewFolder(lecture, view), "/master.m3u8");
}

std::string AssetFolder(int64_t lecture, absl::string_view view, absl::string_view upload) {
  return absl::StrCat(ViewFolder(lecture, view), "/", upload);
}

std::string RenditionDir(absl::string_view upload, absl::string_view label, int64_t job, int64_t fence) {
  return absl::StrCat(upload, "/", label, "-", job, "-", fence);
}

bool IsLiveName(absl::string_view name) {
  if (!IsOutputName(name) || !(absl::EndsWith(name, ".m4s") || absl::EndsWith(name, ".mp4"))) return false;
  return absl::StrContains(name, "-") && IsLabel(LabelOfLiveName(name));
}

absl::string_view LabelOfLiveName(absl::string_view name) {
  return name.substr(0, name.find('-'));
}

std::string LiveFolder(int64_t lecture, absl::string_view view, absl::string_view upload) {
  return AssetFolder(lecture, view, upload) + "/live";
}

std::string LiveTrackDir(absl::string_view upload, absl::string_view label) {
  return absl::StrCat(upload, "/live/", label);
}

bool IsLiveTrackDir(absl::string_view dir) {
  return absl::StrContains(dir, "/live/");
}

std::string PlaylistPath(absl::string_view rendition_dir) {
  return absl::StrCat(rendition_dir, IsLiveTrackDir(rendition_dir) ? ".m3u8" : "/index.m3u8");
}

std::string PartPath(absl::string_view scratch, absl::string_view upload) {
  return absl::StrCat(scratch, "/uploads/", upload, ".part");
}

std::string StagedFolder(absl::string_view scratch, int64_t job, int64_t fence) {
  return absl::StrCat(scratch, "/staged/", job, "-", fence);
}

std::string PackageFolder(absl::string_view scratch, int64_t job, int64_t fence) {
  return absl::StrCat(scratch, "/packages/", job, "-", fence);
}

std::string LiveScratch(absl::string_view scratch) {
  return absl::StrCat(scratch, "/live");
}

}  // namespace lectern::vod
