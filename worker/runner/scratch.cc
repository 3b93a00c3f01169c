#include "worker/runner/scratch.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/log/log.h"

namespace lectern::worker {
namespace {

bool IsRunFolder(const std::string& name) {
  std::vector<std::string> parts = absl::StrSplit(name, '-');
  return parts.size() == 2 && ParseDigits(parts[0]) && ParseDigits(parts[1]);
}

void RemoveAll(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) log::Error("cannot remove a scratch folder", {{"folder", path}, {"error", error.message()}});
}

}  // namespace

ScratchFolder::~ScratchFolder() {
  if (owner_ == nullptr) return;
  RemoveAll(path_);
  owner_->Release(limit_bytes_);
}

absl::StatusOr<std::unique_ptr<Scratch>> Scratch::Open(const std::string& directory, int64_t limit_bytes) {
  if (limit_bytes <= 0) return absl::InvalidArgumentError("--scratch_bytes must be positive");
  RETURN_IF_ERROR(MakeDirectories(directory, 0700));
  std::string path = directory + "/lock";
  Fd lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid()) return ErrnoStatus(errno, path);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(absl::StrCat("another process uses the scratch folder ", directory));
  }
  std::unique_ptr<Scratch> scratch(new Scratch(directory, std::move(lock), limit_bytes));
  scratch->Sweep();
  return scratch;
}

void Scratch::Sweep() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    std::error_code ignored;
    if (!entry.is_directory(ignored) || entry.is_symlink(ignored) || !IsRunFolder(entry.path().filename().string())) continue;
    log::Info("removing what an interrupted run left", {{"folder", entry.path().string()}});
    RemoveAll(entry.path().string());
  }
}

absl::StatusOr<ScratchFolder> Scratch::Make(int64_t job, int64_t token, int64_t need_bytes) {
  int64_t disk_bytes = free_bytes();
  {
    absl::MutexLock lock(&mu_);
    int64_t left = limit_bytes_ - set_aside_;
    if (need_bytes > left) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the run needs ", need_bytes, " bytes of scratch space and --scratch_bytes leaves ", left));
    }
    if (need_bytes > disk_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the run needs ", need_bytes, " bytes of scratch space and the disk has ", disk_bytes));
    }
    set_aside_ += need_bytes;
  }
  ScratchFolder folder(this, absl::StrCat(directory_, "/", job, "-", token), need_bytes);
  // An older run of this process with the same token cannot exist; what is here is what could not be removed.
  RemoveAll(folder.path());
  RETURN_IF_ERROR(MakeDirectories(folder.path(), 0700));
  return folder;
}

void Scratch::Release(int64_t bytes) {
  absl::MutexLock lock(&mu_);
  set_aside_ -= bytes;
}

int64_t Scratch::free_bytes() const {
  struct statvfs disk {};
  if (statvfs(directory_.c_str(), &disk) != 0) return 0;
  return static_cast<int64_t>(disk.f_bavail * disk.f_frsize);
}

}  // namespace lectern::worker
