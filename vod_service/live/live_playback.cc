#include "absl/strings/str_cat.h"
#include "vod_service/live/live_library.h"
#include "vod_service/live/live_recording.h"

namespace lectern::vod {
namespace {

std::string PlaceOf(int64_t lecture, absl::string_view view) {
  return absl::StrCat(lecture, "/", view);
}

}  // namespace

void LiveLibrary::Show(const RecordingPtr& recording) {
  absl::MutexLock lock(&mu_);
  shown_[PlaceOf(recording->lecture, recording->view)] = recording;
}

void LiveLibrary::EraseShown(const LiveRecording& recording) {
  auto shown = shown_.find(PlaceOf(recording.lecture, recording.view));
  if (shown != shown_.end() && shown->second->upload == recording.upload) shown_.erase(shown);
}

void LiveLibrary::Forget(const std::string& upload) {
  absl::MutexLock lock(&mu_);
  auto found = recordings_.find(upload);
  if (found == recordings_.end()) return;
  EraseShown(*found->second);
  recordings_.erase(found);
}

std::optional<LiveText> LiveLibrary::Find(int64_t lecture, absl::string_view view, absl::string_view path, bool delta) {
  RecordingPtr recording;
  {
    absl::MutexLock lock(&mu_);
    if (shown_.empty()) return std::nullopt;
    auto found = shown_.find(PlaceOf(lecture, view));
    if (found == shown_.end()) return std::nullopt;
    recording = found->second;
  }
  return recording->Find(path, delta);
}

void LiveLibrary::Release(const std::string& upload) {
  RecordingPtr recording;
  {
    absl::MutexLock lock(&mu_);
    auto found = recordings_.find(upload);
    if (found == recordings_.end()) return;
    recording = found->second;
  }
  absl::MutexLock held(&recording->mu);
  // A new holder has gone on air with it meanwhile.
  if (!recording->record().ended) return;
  absl::MutexLock lock(&mu_);
  EraseShown(*recording);
  recordings_.erase(upload);
}

void LiveLibrary::ForgetDeleted() {
  std::vector<std::string> uploads;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [upload, recording] : recordings_) uploads.push_back(upload);
  }
  for (const std::string& upload : uploads) {
    if (absl::IsNotFound(catalog_.GetLive(upload).status())) Forget(upload);
  }
}

LiveFigures LiveLibrary::figures() {
  LiveFigures figures;
  figures.sets = sets_;
  figures.gap_seconds = static_cast<double>(gap_ms_) / 1000;
  absl::MutexLock lock(&mu_);
  figures.streams = static_cast<int64_t>(shown_.size());
  return figures;
}

}  // namespace lectern::vod
