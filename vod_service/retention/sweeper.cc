#include "vod_service/retention/sweeper.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/log/log.h"
#include "vod_service/library/keys.h"
#include "vod_service/live/live_names.h"

namespace lectern::vod {
namespace {

constexpr int kSweepsARound = 100;
// Outputs that were staged and never committed: the longest run of a job is shorter.
constexpr absl::Duration kStagedAge = absl::Hours(48);
constexpr absl::Duration kUnknownPartAge = absl::Hours(1);

void LogFailure(absl::string_view what, const absl::Status& status) {
  if (!status.ok()) log::Warn("sweeping failed", {{"what", what}, {"error", status.message()}});
}

// Whether a job is at work whose rendition is put into `dir` ("<label>-<job>-<fence>"). Its files were written before
// it waited for the right to publish, so that their age says nothing.
bool IsBeingPackaged(absl::string_view scratch, const std::string& dir) {
  const std::vector<absl::string_view> parts = absl::StrSplit(dir, '-');
  if (parts.size() != 3) return false;
  const auto job = ParseDigits(parts[1]), fence = ParseDigits(parts[2]);
  if (!job || !fence) return false;
  const std::string folder = PackageFolder(scratch, static_cast<int64_t>(*job), static_cast<int64_t>(*fence));
  std::error_code ignored;
  return std::filesystem::exists(folder, ignored);
}

absl::Time ModifiedOf(const std::filesystem::path& path) {
  struct stat st = {};
  return lstat(path.c_str(), &st) == 0 ? absl::TimeFromTimespec(st.st_mtim) : absl::InfiniteFuture();
}

}  // namespace

void Sweeper::CleanPackages() {
  std::error_code error;
  std::filesystem::remove_all(blobs_.ScratchDir() + "/packages", error);
  if (!error) std::filesystem::remove_all(LiveScratch(blobs_.ScratchDir()), error);
  if (error) log::Warn("folders of interrupted jobs stay", {{"error", error.message()}});
}

void Sweeper::Run() {
  uploads_.FinishPending();
  uploads_.ExpireAbandoned();
  uploads_.SweepParts(kUnknownPartAge);
  LogFailure("staged outputs", SweepStaged());
  LogFailure("due items", SweepDue());
}

absl::Status Sweeper::SweepDue() {
  while (true) {
    ASSIGN_OR_RETURN(std::vector<SweepItem> due, catalog_.ListDueSweeps(clock_.Now(), kSweepsARound));
    for (const SweepItem& item : due) RETURN_IF_ERROR(SweepItemNow(item));
    if (due.size() < kSweepsARound) return absl::OkStatus();
  }
}

absl::Status Sweeper::SweepItemNow(const SweepItem& item) {
  switch (item.kind) {
    case SweepItem::kUpload:
      RETURN_IF_ERROR(SweepUpload(item.target));
      break;
    case SweepItem::kLiveTrack:
      RETURN_IF_ERROR(SweepTrack(item));
      break;
    case SweepItem::kPrefix:
      RETURN_IF_ERROR(blobs_.DeletePrefix(item.target));
      break;
  }
  return catalog_.FinishSweep(item);
}

// A better rendition has the label now.
absl::Status Sweeper::SweepTrack(const SweepItem& item) {
  const std::pair<std::string, std::string> target = absl::StrSplit(item.target, absl::MaxSplits('/', 1));
  auto upload = catalog_.GetUpload(target.first);
  if (absl::IsNotFound(upload.status())) return absl::OkStatus();
  RETURN_IF_ERROR(upload.status());
  ASSIGN_OR_RETURN(bool begun, catalog_.BeginTrackSweep(item));
  if (!begun) return absl::OkStatus();
  const std::string folder = LiveFolder(upload->lecture, upload->view, upload->id);
  ASSIGN_OR_RETURN(std::vector<BlobInfo> files, blobs_.List(folder));
  for (const BlobInfo& file : files) {
    const absl::string_view name = absl::string_view(file.key).substr(folder.size() + 1);
    const bool its_own =
        name == target.second + ".m3u8" || (IsLiveName(name) && LabelOfLiveName(name) == target.second);
    if (its_own) RETURN_IF_ERROR(blobs_.Delete(file.key));
  }
  log::Info("live track deleted", {{"upload", target.first}, {"label", target.second}});
  return absl::OkStatus();
}

absl::Status Sweeper::SweepUpload(const std::string& id) {
  auto upload = catalog_.GetUpload(id);
  if (absl::IsNotFound(upload.status())) return absl::OkStatus();
  RETURN_IF_ERROR(upload.status());
  // First of all nobody may start to read it.
  absl::Status marked = catalog_.MarkDeleted(id);
  // It became the view's recording again since.
  if (ReasonOf(marked) == "PUBLISHED") return absl::OkStatus();
  RETURN_IF_ERROR(marked);
  RETURN_IF_ERROR(blobs_.DeletePrefix(AssetFolder(upload->lecture, upload->view, id)));
  RETURN_IF_ERROR(blobs_.Delete(RecordingKey(id)));
  log::Info("recording deleted", {{"upload", id}, {"lecture", upload->lecture}, {"size_bytes", upload->size_bytes}});
  return absl::OkStatus();
}

absl::Status Sweeper::SweepStaged() {
  ASSIGN_OR_RETURN(std::vector<Catalog::StagedGroup> stale, catalog_.ListStaleStaged(clock_.Now() - kStagedAge));
  for (const Catalog::StagedGroup& group : stale) {
    std::error_code error;
    std::filesystem::remove_all(StagedFolder(blobs_.ScratchDir(), group.job, group.fence), error);
    if (error) return ErrnoStatus(error.value(), "removing staged outputs");
    RETURN_IF_ERROR(catalog_.ForgetStaged(group.job, group.fence));
  }
  return absl::OkStatus();
}

void Sweeper::SweepOrphans(absl::Duration age) {
  const absl::Time before = clock_.Now() - age;
  LogFailure("recordings", SweepRecordings(before));
  LogFailure("job outputs", SweepJobFolders(before));
  LogFailure("renditions", SweepRenditions(before));
  SweepScratch(before);
}

absl::Status Sweeper::SweepRecordings(absl::Time before) {
  ASSIGN_OR_RETURN(std::vector<BlobInfo> recordings, blobs_.List("recordings"));
  for (const BlobInfo& blob : recordings) {
    if (blob.modified > before) continue;
    auto upload = catalog_.GetUpload(absl::StripPrefix(blob.key, "recordings/"));
    // An open one was moved and is about to be recorded as complete.
    const bool needed = upload.ok() && (upload->state == UploadState::kComplete ||
                                        upload->state == UploadState::kOpen || upload->state == UploadState::kLive);
    if (needed || (!upload.ok() && !absl::IsNotFound(upload.status()))) continue;
    log::Warn("an unknown recording was removed", {{"key", blob.key}});
    RETURN_IF_ERROR(blobs_.Delete(blob.key));
  }
  return absl::OkStatus();
}

// A folder goes when its newest object is old.
absl::Status Sweeper::SweepFolder(const std::string& folder, absl::Time before) {
  ASSIGN_OR_RETURN(std::vector<BlobInfo> objects, blobs_.List(folder));
  const bool young =
      std::any_of(objects.begin(), objects.end(), [&](const BlobInfo& blob) { return blob.modified > before; });
  if (young) return absl::OkStatus();
  ASSIGN_OR_RETURN(bool waits, catalog_.WaitsForSweep(SweepItem::kPrefix, folder));
  if (waits) return absl::OkStatus();
  log::Warn("unknown media was removed", {{"folder", folder}});
  return blobs_.DeletePrefix(folder);
}

absl::Status Sweeper::SweepJobFolders(absl::Time before) {
  ASSIGN_OR_RETURN(std::vector<std::string> jobs, blobs_.ListFolders("jobs"));
  for (const std::string& job : jobs) {
    ASSIGN_OR_RETURN(std::vector<std::string> fences, blobs_.ListFolders("jobs/" + job));
    for (const std::string& fence : fences) {
      const auto job_number = ParseDigits(job), fence_number = ParseDigits(fence);
      bool known = false;
      if (job_number && fence_number) {
        ASSIGN_OR_RETURN(known,
                         catalog_.KnowsOutputs(static_cast<int64_t>(*job_number), static_cast<int64_t>(*fence_number)));
      }
      if (!known) RETURN_IF_ERROR(SweepFolder(absl::StrCat("jobs/", job, "/", fence), before));
    }
  }
  return absl::OkStatus();
}

absl::Status Sweeper::SweepRenditions(absl::Time before) {
  ASSIGN_OR_RETURN(std::vector<std::string> lectures, blobs_.ListFolders("media"));
  for (const std::string& lecture : lectures) {
    ASSIGN_OR_RETURN(std::vector<std::string> views, blobs_.ListFolders("media/" + lecture));
    for (const std::string& view : views)
      RETURN_IF_ERROR(SweepView(absl::StrCat("media/", lecture, "/", view), before));
  }
  return absl::OkStatus();
}

absl::Status Sweeper::SweepView(const std::string& folder, absl::Time before) {
  ASSIGN_OR_RETURN(std::vector<std::string> uploads, blobs_.ListFolders(folder));
  for (const std::string& id : uploads) {
    auto upload = catalog_.GetUpload(id);
    const bool complete =
        upload.ok() && (upload->state == UploadState::kComplete || upload->state == UploadState::kLive);
    ASSIGN_OR_RETURN(std::vector<std::string> dirs, blobs_.ListFolders(absl::StrCat(folder, "/", id)));
    for (const std::string& dir : dirs) {
      if (complete && dir == "live") {
        RETURN_IF_ERROR(SweepLive(absl::StrCat(folder, "/", id, "/live"), *upload, before));
        continue;
      }
      // Asked before the catalog is: a job that has ended meanwhile has recorded what it published.
      if (IsBeingPackaged(blobs_.ScratchDir(), dir)) continue;
      ASSIGN_OR_RETURN(bool known, catalog_.KnowsRenditionDir(absl::StrCat(id, "/", dir)));
      if (complete && (known || dir == "thumbnails")) continue;
      RETURN_IF_ERROR(SweepFolder(absl::StrCat(folder, "/", id, "/", dir), before));
    }
  }
  return absl::OkStatus();
}

// Files that no set names: of a worker that was overtaken in the middle of a set.
absl::Status Sweeper::SweepLive(const std::string& folder, const UploadRecord& upload, absl::Time before) {
  auto live = catalog_.GetLive(upload.id);
  if (absl::IsNotFound(live.status())) return SweepFolder(folder, before);
  RETURN_IF_ERROR(live.status());
  // A set may still come that names them.
  if (!live->ended) return absl::OkStatus();
  ASSIGN_OR_RETURN(const absl::flat_hash_set<std::string> names, StoredNames(catalog_, *live));
  ASSIGN_OR_RETURN(std::vector<BlobInfo> files, blobs_.List(folder));
  for (const BlobInfo& file : files) {
    const absl::string_view name = absl::string_view(file.key).substr(folder.size() + 1);
    if (file.modified > before || names.contains(name) || absl::EndsWith(name, ".m3u8")) continue;
    RETURN_IF_ERROR(blobs_.Delete(file.key));
  }
  return absl::OkStatus();
}

void Sweeper::SweepScratch(absl::Time before) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(blobs_.ScratchDir(), error)) {
    const bool temporary = absl::StartsWith(entry.path().filename().string(), "put-");
    if (temporary && ModifiedOf(entry.path()) < before) std::filesystem::remove(entry.path(), error);
  }
  for (const auto& entry : std::filesystem::directory_iterator(blobs_.ScratchDir() + "/staged", error)) {
    std::vector<std::string> parts = absl::StrSplit(entry.path().filename().string(), '-');
    const auto job = ParseDigits(parts[0]), fence = ParseDigits(parts.back());
    auto known = job && fence ? catalog_.KnowsOutputs(static_cast<int64_t>(*job), static_cast<int64_t>(*fence))
                              : absl::StatusOr<bool>(false);
    // The folder's own time is that of its newest name.
    if (known.ok() && !*known && ModifiedOf(entry.path()) < before) std::filesystem::remove_all(entry.path(), error);
  }
}

}  // namespace lectern::vod
