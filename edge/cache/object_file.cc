#include "edge/cache/object_file.h"

#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::edge {
namespace {

constexpr absl::string_view kMagic = "lectern edge object 2";
constexpr absl::string_view kMagic1 = "lectern edge object 1";  // without max_age
constexpr size_t kLines = 8;                                    // with the end mark

int64_t Seconds(absl::Time time) {
  return time == absl::InfinitePast() ? -1 : absl::ToUnixSeconds(time);
}

absl::StatusOr<absl::Time> ParseSeconds(absl::string_view text) {
  int64_t seconds = 0;
  if (!absl::SimpleAtoi(text, &seconds)) return absl::DataLossError("damaged time");
  return seconds < 0 ? absl::InfinitePast() : absl::FromUnixSeconds(seconds);
}

}  // namespace

absl::Status WriteMeta(int fd, const ObjectMeta& meta) {
  std::string block =
      absl::StrCat(kMagic, "\n", meta.key, "\n", meta.size, "\n", meta.etag, "\n", Seconds(meta.last_modified), "\n",
                   Seconds(meta.validated_at), "\n",
                   meta.max_age == absl::InfiniteDuration() ? -1 : absl::ToInt64Seconds(meta.max_age), "\nend\n");
  if (block.size() > kBodyOffset || meta.etag.find('\n') != std::string::npos) {
    return absl::InvalidArgumentError("the object's description does not fit its block");
  }
  block.resize(kBodyOffset, '\0');
  ssize_t wrote = pwrite(fd, block.data(), block.size(), 0);
  if (wrote == static_cast<ssize_t>(block.size())) return absl::OkStatus();
  return wrote < 0 ? ErrnoStatus(errno, "write cached object")
                   : absl::ResourceExhaustedError("write cached object: short");
}

absl::StatusOr<ObjectMeta> ReadMeta(int fd) {
  std::string block(kBodyOffset, '\0');
  if (pread(fd, block.data(), block.size(), 0) != static_cast<ssize_t>(block.size())) {
    return absl::DataLossError("shorter than its description");
  }
  std::vector<absl::string_view> lines = absl::StrSplit(block, absl::MaxSplits('\n', kLines));
  const bool first_version = lines[0] == kMagic1;
  const size_t end = first_version ? kLines - 2 : kLines - 1;
  if (lines.size() <= end + 1 || (!first_version && lines[0] != kMagic) || lines[end] != "end") {
    return absl::DataLossError("no cached object");
  }
  ObjectMeta meta;
  meta.key = std::string(lines[1]);
  meta.etag = std::string(lines[3]);
  ASSIGN_OR_RETURN(meta.last_modified, ParseSeconds(lines[4]));
  ASSIGN_OR_RETURN(meta.validated_at, ParseSeconds(lines[5]));
  int64_t max_age = -1;
  if (!first_version && !absl::SimpleAtoi(lines[6], &max_age)) return absl::DataLossError("damaged age");
  if (max_age >= 0) meta.max_age = absl::Seconds(max_age);
  struct stat facts {};
  if (!absl::SimpleAtoi(lines[2], &meta.size) || fstat(fd, &facts) != 0 ||
      static_cast<uint64_t>(facts.st_size) != kBodyOffset + meta.size) {
    return absl::DataLossError("not of the length that it should have");
  }
  return meta;
}

std::string FileNameOf(absl::string_view key) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest);
  std::string hex = HexEncode(absl::string_view(reinterpret_cast<const char*>(digest), sizeof digest));
  return absl::StrCat(hex.substr(0, 2), "/", hex.substr(2));
}

}  // namespace lectern::edge
