#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/blob/blob_store.h"

namespace lectern {
namespace {

constexpr size_t kMaxKeyBytes = 1024;
constexpr size_t kMaxComponentBytes = 200;
constexpr int kFolderRaces = 16;

bool IsComponent(absl::string_view part) {
  if (part.empty() || part.size() > kMaxComponentBytes || part == "." || part == "..") return false;
  return std::all_of(part.begin(), part.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-'; });
}

absl::Status CheckKey(absl::string_view key) {
  bool good = !key.empty() && key.size() <= kMaxKeyBytes;
  for (absl::string_view part : absl::StrSplit(key, '/')) good = good && IsComponent(part);
  return good ? absl::OkStatus() : absl::InvalidArgumentError("not a key of the media store");
}

// A prefix may be empty (everything) and may end with a slash.
absl::StatusOr<std::string> CheckPrefix(absl::string_view prefix) {
  if (!prefix.empty() && prefix.back() == '/') prefix.remove_suffix(1);
  if (!prefix.empty()) RETURN_IF_ERROR(CheckKey(prefix));
  return std::string(prefix);
}

// The inode is part of it because file times are no finer than a timer tick: two replacements within one tick and of
// one size would share the rest.
BlobInfo InfoOf(absl::string_view key, const struct stat& st) {
  BlobInfo info;
  info.key = std::string(key);
  info.size_bytes = static_cast<uint64_t>(st.st_size);
  info.modified = absl::TimeFromTimespec(st.st_mtim);
  info.etag = absl::StrFormat("\"%x-%x-%x\"", st.st_size, absl::ToUnixNanos(info.modified), st.st_ino);
  return info;
}

// Neither the object nor a folder on the way may be a symbolic link: somebody who can place one could publish any file.
int OpenBeneath(int root, const std::string& key) {
  struct open_how how = {};
  how.flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  return static_cast<int>(syscall(SYS_openat2, root, key.c_str(), &how, sizeof(how)));
}

class LocalBlobStore final : public BlobStore {
 public:
  LocalBlobStore(const std::string& directory, Fd root)
      : objects_(directory + "/objects"), scratch_(directory + "/scratch"), root_(std::move(root)) {}

  absl::StatusOr<OpenBlob> Open(absl::string_view key) override {
    RETURN_IF_ERROR(CheckKey(key));
    auto file = std::make_shared<Fd>(OpenBeneath(root_.get(), std::string(key)));
    if (!file->valid() && (errno == ELOOP || errno == ENOTDIR || errno == EXDEV)) errno = ENOENT;
    if (!file->valid()) return ErrnoStatus(errno, "opening a media object");
    struct stat st = {};
    if (fstat(file->get(), &st) != 0) return ErrnoStatus(errno, "reading a media object's size");
    if (!S_ISREG(st.st_mode)) return absl::NotFoundError("not an object");
    return OpenBlob{InfoOf(key, st), std::move(file)};
  }

  absl::Status Put(absl::string_view key, absl::string_view content) override {
    RETURN_IF_ERROR(CheckKey(key));
    std::string temporary = absl::StrCat(scratch_, "/put-", RandomHex(12));
    RETURN_IF_ERROR(WriteFileAtomically(temporary, content));
    absl::Status moved = MoveIn(key, temporary);
    if (!moved.ok()) unlink(temporary.c_str());
    return moved;
  }

  absl::Status PutFile(absl::string_view key, const std::string& path) override {
    RETURN_IF_ERROR(CheckKey(key));
    Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file.valid()) return ErrnoStatus(errno, "opening a finished file");
    if (fdatasync(file.get()) != 0) return ErrnoStatus(errno, "syncing a finished file");
    RETURN_IF_ERROR(MoveIn(key, path));
    return SyncDirectory(std::filesystem::path(path).parent_path().string());
  }

  absl::Status Delete(absl::string_view key) override {
    RETURN_IF_ERROR(CheckKey(key));
    if (unlink(PathOf(key).c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) {
      return ErrnoStatus(errno, "deleting a media object");
    }
    RemoveEmptyFolders(ParentOf(key));
    return absl::OkStatus();
  }

  absl::Status DeletePrefix(absl::string_view prefix) override {
    ASSIGN_OR_RETURN(std::string folder, CheckPrefix(prefix));
    if (folder.empty()) return absl::InvalidArgumentError("deleting the whole store is not meant");
    std::error_code error;
    std::filesystem::remove_all(PathOf(folder), error);
    if (error) return ErrnoStatus(error.value(), "deleting media objects");
    RemoveEmptyFolders(ParentOf(folder));
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<BlobInfo>> List(absl::string_view prefix) override {
    ASSIGN_OR_RETURN(std::string folder, CheckPrefix(prefix));
    std::vector<BlobInfo> found;
    std::error_code error;
    std::filesystem::recursive_directory_iterator it(PathOf(folder), error), end;
    for (; !error && it != end; it.increment(error)) {
      struct stat st = {};
      if (lstat(it->path().c_str(), &st) != 0 || !S_ISREG(st.st_mode)) continue;  // gone meanwhile, or a folder
      found.push_back(InfoOf(it->path().string().substr(objects_.size() + 1), st));
    }
    if (error && error.value() != ENOENT && error.value() != ENOTDIR)
      return ErrnoStatus(error.value(), "listing media");
    std::sort(found.begin(), found.end(), [](const BlobInfo& a, const BlobInfo& b) { return a.key < b.key; });
    return found;
  }

  absl::StatusOr<std::vector<std::string>> ListFolders(absl::string_view prefix) override {
    ASSIGN_OR_RETURN(std::string folder, CheckPrefix(prefix));
    std::vector<std::string> found;
    std::error_code error;
    std::filesystem::directory_iterator it(PathOf(folder), error), end;
    for (; !error && it != end; it.increment(error)) {
      std::error_code ignored;
      if (it->symlink_status(ignored).type() == std::filesystem::file_type::directory) {
        found.push_back(it->path().filename().string());
      }
    }
    if (error && error.value() != ENOENT && error.value() != ENOTDIR)
      return ErrnoStatus(error.value(), "listing media");
    std::sort(found.begin(), found.end());
    return found;
  }

  std::string ScratchDir() const override { return scratch_; }

 private:
  std::string PathOf(absl::string_view key) const { return key.empty() ? objects_ : absl::StrCat(objects_, "/", key); }

  static std::string ParentOf(absl::string_view key) {
    size_t slash = key.rfind('/');
    return std::string(slash == absl::string_view::npos ? absl::string_view() : key.substr(0, slash));
  }

  // A folder is created and its name synced in its parent before anything is put into it: a synced file in a folder
  // whose own name was lost in a power failure is lost too.
  absl::Status MakeFolder(const std::string& folder) const {
    if (folder.empty()) return absl::OkStatus();
    if (mkdir(PathOf(folder).c_str(), 0755) == 0) return SyncDirectory(PathOf(ParentOf(folder)));
    if (errno == EEXIST) return absl::OkStatus();
    if (errno != ENOENT) return ErrnoStatus(errno, "creating a media folder");
    RETURN_IF_ERROR(MakeFolder(ParentOf(folder)));
    if (mkdir(PathOf(folder).c_str(), 0755) != 0 && errno != EEXIST)
      return ErrnoStatus(errno, "creating a media folder");
    return SyncDirectory(PathOf(ParentOf(folder)));
  }

  absl::Status MoveIn(absl::string_view key, const std::string& path) const {
    // Again where a Delete removed the folder, empty at that moment, under our feet.
    for (int attempt = 0;; ++attempt) {
      absl::Status made = MakeFolder(ParentOf(key));
      if (made.ok() && rename(path.c_str(), PathOf(key).c_str()) == 0) return SyncDirectory(PathOf(ParentOf(key)));
      if (made.ok()) made = ErrnoStatus(errno, "moving a file into the media store");
      if (!absl::IsNotFound(made) || attempt == kFolderRaces || access(path.c_str(), F_OK) != 0) return made;
    }
  }

  void RemoveEmptyFolders(std::string folder) const {
    while (!folder.empty() && rmdir(PathOf(folder).c_str()) == 0) folder = ParentOf(folder);
  }

  const std::string objects_;
  const std::string scratch_;
  const Fd root_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BlobStore>> OpenLocalBlobStore(const std::string& directory) {
  RETURN_IF_ERROR(MakeDirectories(directory + "/objects"));
  RETURN_IF_ERROR(MakeDirectories(directory + "/scratch"));
  RETURN_IF_ERROR(SyncDirectory(directory));
  Fd root(open((directory + "/objects").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) return ErrnoStatus(errno, "opening the media store");
  return std::unique_ptr<BlobStore>(std::make_unique<LocalBlobStore>(directory, std::move(root)));
}

}  // namespace lectern
