#include "api/cli/fingerprint.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::cli {
namespace {

constexpr uint64_t kPiece = 1 << 20;

struct Digest {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};

  Digest() { EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr); }
  void Add(const void* bytes, size_t size) { EVP_DigestUpdate(context.get(), bytes, size); }
  std::string Hex() {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(context.get(), out, &size);
    return HexEncode(absl::string_view(reinterpret_cast<const char*>(out), size));
  }
};

absl::Status AddRange(int fd, uint64_t offset, uint64_t length, Digest& digest) {
  std::vector<char> buffer(64 << 10);
  while (length > 0) {
    const ssize_t got = pread(fd, buffer.data(), std::min<uint64_t>(buffer.size(), length), static_cast<off_t>(offset));
    if (got < 0) return ErrnoStatus(errno, "read");
    if (got == 0) return absl::FailedPreconditionError("the file became shorter while it was read");
    digest.Add(buffer.data(), static_cast<size_t>(got));
    offset += static_cast<uint64_t>(got);
    length -= static_cast<uint64_t>(got);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> Fingerprint(int fd, uint64_t size_bytes) {
  Digest digest;
  unsigned char size[8];
  for (int i = 0; i < 8; ++i) size[i] = static_cast<unsigned char>(size_bytes >> (8 * i));
  digest.Add(size, sizeof(size));
  if (size_bytes <= 3 * kPiece) {
    RETURN_IF_ERROR(AddRange(fd, 0, size_bytes, digest));
    return digest.Hex();
  }
  for (uint64_t offset : {uint64_t{0}, (size_bytes - kPiece) / 2, size_bytes - kPiece}) {
    RETURN_IF_ERROR(AddRange(fd, offset, kPiece, digest));
  }
  return digest.Hex();
}

}  // namespace lectern::cli
