#include "vod_service/live/live_library.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "lectern/v1/live_media.pb.h"
#include "vod_service/library/keys.h"
#include "vod_service/live/live_messages.h"
#include "vod_service/live/live_recording.h"
#include "vod_service/live/live_text.h"

namespace lectern::vod {
namespace {

absl::Status Refused(const char* reason, absl::string_view message) {
  return WithReason(absl::FailedPreconditionError(message), reason);
}

absl::Status Fenced() {
  return Refused("FENCED", "the stream was given to another worker since");
}

bool IsOlder(const LiveHolder& holder, const LiveRecord& record) {
  return std::pair(holder.job, holder.fence) < std::pair(record.job, record.fence);
}

std::string KeyOf(const LiveRecording& recording, absl::string_view name) {
  return absl::StrCat(LiveFolder(recording.lecture, recording.view, recording.upload), "/", name);
}

absl::Status CheckRoom(const std::string& folder, int64_t needed, int64_t reserve) {
  struct statvfs disk = {};
  if (statvfs(folder.c_str(), &disk) != 0) return ErrnoStatus(errno, "reading the free space");
  const int64_t room = static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize) - reserve;
  if (room >= needed) return absl::OkStatus();
  return WithReason(absl::ResourceExhaustedError("the media store is full: what is on air cannot be stored"),
                    "DISK_FULL");
}

absl::StatusOr<std::string> ReadWhole(int fd, size_t size) {
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t got = pread(fd, bytes.data() + done, size - done, static_cast<off_t>(done));
    if (got <= 0) return absl::InternalError("a stored file cannot be read");
    done += static_cast<size_t>(got);
  }
  return bytes;
}

}  // namespace

LiveLibrary::LiveLibrary(Catalog& catalog, BlobStore& blobs, Clock& clock, LiveLimits limits)
    : catalog_(catalog), blobs_(blobs), clock_(clock), limits_(limits), commits_(catalog) {}

LiveLibrary::~LiveLibrary() = default;

absl::Status LiveLibrary::Load() {
  ASSIGN_OR_RETURN(std::vector<LiveRecord> records, catalog_.ListOnAir());
  for (LiveRecord& record : records) {
    ASSIGN_OR_RETURN(RecordingPtr recording, LiveRecording::Load(catalog_, std::move(record)));
    {
      absl::MutexLock lock(&mu_);
      recordings_[recording->upload] = recording;
    }
    if (recording->timeline().entries() > 0) Show(recording);
  }
  if (!records.empty()) log::Info("recordings are on air", {{"count", records.size()}});
  return absl::OkStatus();
}

// From memory, else from the catalog. kNotFound where neither has it.
absl::StatusOr<LiveLibrary::RecordingPtr> LiveLibrary::Recall(const std::string& upload) {
  {
    absl::MutexLock lock(&mu_);
    auto found = recordings_.find(upload);
    if (found != recordings_.end()) return found->second;
  }
  ASSIGN_OR_RETURN(LiveRecord record, catalog_.GetLive(upload));
  ASSIGN_OR_RETURN(RecordingPtr loaded, LiveRecording::Load(catalog_, std::move(record)));
  bool on_air = false;
  {
    absl::MutexLock lock(&loaded->mu);
    on_air = !loaded->record().ended && loaded->timeline().entries() > 0;
  }
  RecordingPtr recording;
  {
    // Another thread may have been faster; all must use the same one.
    absl::MutexLock lock(&mu_);
    recording = recordings_.try_emplace(upload, loaded).first->second;
  }
  if (on_air) Show(recording);
  return recording;
}

// The recording, held by who asks.
absl::StatusOr<LiveLibrary::RecordingPtr> LiveLibrary::Admit(const LiveHolder& holder) {
  bool known = false;
  {
    absl::MutexLock lock(&mu_);
    known = recordings_.contains(holder.upload);
  }
  if (!known) {
    // Whoever comes too late need not have the whole recording read again.
    auto record = catalog_.GetLive(holder.upload);
    if (absl::IsNotFound(record.status())) {
      if (catalog_.GetUpload(holder.upload).ok()) return Refused("UPLOAD_GONE", "the recording was deleted");
      return Refused("NOT_OPEN", "the stream is not open here");
    }
    RETURN_IF_ERROR(record.status());
    if (IsOlder(holder, *record)) return Fenced();
  }
  ASSIGN_OR_RETURN(RecordingPtr recording, Recall(holder.upload));
  absl::MutexLock lock(&recording->mu);
  if (IsOlder(holder, recording->record())) return Fenced();
  if (!recording->IsHeldBy(holder)) {
    UploadRecord upload;
    upload.id = holder.upload;
    RETURN_IF_ERROR(catalog_.OpenLive(upload, recording->record().start_time_ms, holder.job, holder.fence).status());
    recording->SetHolder(holder.job, holder.fence);
  }
  return recording;
}

absl::StatusOr<v1::LiveStored> LiveLibrary::Open(const LiveHolder& holder, const v1::LiveOpen& request) {
  UploadRecord upload;
  upload.id = holder.upload;
  upload.lecture = holder.lecture;
  upload.view = holder.view;
  upload.organization = holder.organization;
  upload.created_at = clock_.Now();
  auto opened = catalog_.OpenLive(upload, request.start_time_ms(), holder.job, holder.fence);
  if (ReasonOf(opened.status()) == "UPLOAD_GONE") Forget(holder.upload);
  RETURN_IF_ERROR(opened.status());
  ASSIGN_OR_RETURN(RecordingPtr recording, Recall(holder.upload));
  absl::MutexLock lock(&recording->mu);
  if (IsOlder(holder, recording->record())) return Fenced();
  if (!recording->IsHeldBy(holder)) recording->SetHolder(holder.job, holder.fence);
  log::Info("live stream opened", {{"upload", holder.upload},
                                   {"lecture", holder.lecture},
                                   {"view", holder.view},
                                   {"job", holder.job},
                                   {"fence", holder.fence},
                                   {"stored_ms", recording->timeline().end_ms()}});
  return recording->Stored();
}

absl::Status LiveLibrary::CheckFile(const LiveHolder& holder, absl::string_view name, int64_t size_bytes) {
  if (!IsLiveName(name)) return WithReason(absl::InvalidArgumentError("the name of the file is malformed"), "BAD_NAME");
  if (size_bytes > limits_.max_file_bytes)
    return WithReason(absl::OutOfRangeError("the file is too large"), "TOO_LARGE");
  ASSIGN_OR_RETURN(RecordingPtr recording, Admit(holder));
  {
    absl::MutexLock lock(&recording->mu);
    if (recording->staged().size() >= limits_.max_staged_files ||
        recording->staged_bytes() > limits_.max_staged_bytes) {
      return WithReason(absl::ResourceExhaustedError("too many files wait for their set"), "TOO_MANY_FILES");
    }
  }
  return CheckRoom(blobs_.ScratchDir(), std::max<int64_t>(size_bytes, 0), limits_.min_free_bytes);
}

bool LiveLibrary::SameAsStored(const std::string& key, const std::string& path, int64_t size_bytes) {
  auto stored = blobs_.Open(key);
  if (!stored.ok() || static_cast<int64_t>(stored->info.size_bytes) != size_bytes) return false;
  auto given = ReadFile(path, static_cast<size_t>(size_bytes));
  auto have = ReadWhole(stored->file->get(), static_cast<size_t>(size_bytes));
  return given.ok() && have.ok() && *given == *have;
}

absl::Status LiveLibrary::StoreFile(const LiveHolder& holder, absl::string_view name, const std::string& path,
                                    int64_t size_bytes) {
  if (size_bytes > limits_.max_file_bytes)
    return WithReason(absl::OutOfRangeError("the file is too large"), "TOO_LARGE");
  ASSIGN_OR_RETURN(RecordingPtr recording, Admit(holder));
  const std::string key = KeyOf(*recording, name);
  bool staged = false;
  {
    absl::MutexLock lock(&recording->mu);
    staged = recording->staged().contains(name);
  }
  if (!staged && blobs_.Open(key).ok()) {
    // In the playlists, or stored before this process began.
    if (SameAsStored(key, path, size_bytes)) return absl::OkStatus();
    return WithReason(absl::AlreadyExistsError("another file has this name"), "NAME_TAKEN");
  }
  // Not under the lock: the tracks of a set are synced side by side.
  RETURN_IF_ERROR(blobs_.PutFile(key, path));
  absl::MutexLock lock(&recording->mu);
  if (!recording->IsHeldBy(holder)) return Fenced();
  recording->staged()[name] = size_bytes;
  return absl::OkStatus();
}

absl::Status LiveLibrary::CheckFiles(LiveRecording& recording, const LiveSetFiles& set) {
  auto check = [&](const std::string& name, int64_t size_bytes) -> absl::Status {
    auto stored = blobs_.Open(KeyOf(recording, name));
    const bool here = stored.ok() && (size_bytes == 0 || static_cast<int64_t>(stored->info.size_bytes) == size_bytes);
    return here ? absl::OkStatus() : Refused("FILE_MISSING", absl::StrCat("the file ", name, " was not stored"));
  };
  const auto& before = recording.timeline().format();
  if (before == nullptr || *before != *set.format) {
    for (const LiveTrackFormat& track : *set.format) RETURN_IF_ERROR(check(track.init, 0));
  }
  for (const LiveSegmentFile& segment : set.segments) {
    if (!segment.name.empty()) RETURN_IF_ERROR(check(segment.name, segment.size_bytes));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::LiveStored> LiveLibrary::Commit(const LiveHolder& holder, const v1::LiveSet& message,
                                                   int64_t* expected) {
  LiveSetFiles set = FromMessage(message);
  ASSIGN_OR_RETURN(RecordingPtr recording, Admit(holder));
  absl::MutexLock lock(&recording->mu);
  if (!recording->IsHeldBy(holder)) return Fenced();
  *expected = recording->last_number() + 1;
  if (set.number >= 1 && set.number < *expected) return recording->Stored();
  RETURN_IF_ERROR(CheckSet(set));
  if (set.number > *expected) return Refused("OUT_OF_ORDER", absl::StrCat("set ", *expected, " comes next"));
  const Timeline& timeline = recording->timeline();
  if (timeline.entries() > 0 && set.start_ms < timeline.end_ms() - kToleranceMs) {
    return Refused("OVERLAPS", absl::StrCat("everything up to ", timeline.end_ms(), " ms is stored"));
  }
  if (timeline.entries() > 0) set.start_ms = std::max(set.start_ms, std::min(timeline.end_ms(), set.end_ms - 1));
  RETURN_IF_ERROR(CheckFiles(*recording, set));
  RETURN_IF_ERROR(CommitSet(recording, set));
  return recording->Stored();
}

absl::Status LiveLibrary::CommitSet(const RecordingPtr& recording, const LiveSetFiles& set) {
  LiveCommit commit = recording->CommitFor(set);
  commit.now = clock_.Now();
  commit.retention = limits_.retention;
  absl::Status committed = commits_.Commit(commit);
  if (!committed.ok()) {
    // Whether it is in the catalog is not known: what is in memory is read from there again. Players keep what they
    // have, unless the recording was deleted.
    absl::MutexLock lock(&mu_);
    recordings_.erase(recording->upload);
    if (ReasonOf(committed) == "UPLOAD_GONE") EraseShown(*recording);
    return committed;
  }
  const int64_t target = recording->timeline().target_seconds(), gap_ms = recording->timeline().gap_ms();
  recording->Take(commit, set);
  sets_ += 1;
  gap_ms_ += recording->timeline().gap_ms() - gap_ms;
  if (target != 0 && recording->timeline().target_seconds() != target) {
    log::Warn("a segment is longer than the target duration, which was raised",
              {{"upload", recording->upload}, {"seconds", recording->timeline().target_seconds()}});
  }
  if (commit.goes_on_air) Show(recording);
  return absl::OkStatus();
}

absl::Status LiveLibrary::SetPreview(const LiveHolder& holder, std::string jpeg) {
  if (!absl::StartsWith(jpeg, "\xff\xd8\xff")) {
    return WithReason(absl::InvalidArgumentError("the picture is not a JPEG"), "BAD_PICTURE");
  }
  ASSIGN_OR_RETURN(RecordingPtr recording, Admit(holder));
  recording->SetPreview(PlaylistText(std::move(jpeg), LiveKind::kPreview));
  return absl::OkStatus();
}

}  // namespace lectern::vod
