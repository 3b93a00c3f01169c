// Digests that are computed while bytes arrive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace lectern::vod {

enum class DigestAlgorithm { kSha1, kSha256, kCrc32c };

// "sha1", "sha256", "crc32c".
std::optional<DigestAlgorithm> ParseDigestAlgorithm(absl::string_view word);
size_t DigestSize(DigestAlgorithm algorithm);

// Not thread-safe. Copies continue independently.
class Digest {
 public:
  explicit Digest(DigestAlgorithm algorithm);
  Digest(const Digest& other);
  Digest& operator=(const Digest& other);
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  ~Digest();

  void Update(absl::string_view bytes);
  // Of everything so far; more may follow. CRC32C is four bytes, most significant first.
  std::string Value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lectern::vod
