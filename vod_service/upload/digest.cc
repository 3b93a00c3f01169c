#include "vod_service/upload/digest.h"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>

namespace lectern::vod {
namespace {

// RFC 3720 appendix B.4, reflected polynomial 0x82f63b78.
constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table = {};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? (value >> 1) ^ 0x82f63b78u : value >> 1;
    table[i] = value;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = MakeCrcTable();

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

void Check(int result) {
  if (result != 1) abort();  // out of memory, or an OpenSSL without SHA
}

}  // namespace

struct Digest::State {
  DigestAlgorithm algorithm;
  uint32_t crc = 0xffffffffu;
  Context context;
};

std::optional<DigestAlgorithm> ParseDigestAlgorithm(absl::string_view word) {
  if (word == "sha1") return DigestAlgorithm::kSha1;
  if (word == "sha256") return DigestAlgorithm::kSha256;
  if (word == "crc32c") return DigestAlgorithm::kCrc32c;
  return std::nullopt;
}

size_t DigestSize(DigestAlgorithm algorithm) {
  if (algorithm == DigestAlgorithm::kCrc32c) return 4;
  return algorithm == DigestAlgorithm::kSha1 ? 20 : 32;
}

Digest::Digest(DigestAlgorithm algorithm) : state_(std::make_unique<State>()) {
  state_->algorithm = algorithm;
  if (algorithm == DigestAlgorithm::kCrc32c) return;
  state_->context.reset(EVP_MD_CTX_new());
  const EVP_MD* type = algorithm == DigestAlgorithm::kSha1 ? EVP_sha1() : EVP_sha256();
  Check(EVP_DigestInit_ex(state_->context.get(), type, nullptr));
}

Digest::Digest(const Digest& other) : state_(std::make_unique<State>()) {
  state_->algorithm = other.state_->algorithm;
  state_->crc = other.state_->crc;
  if (other.state_->context == nullptr) return;
  state_->context.reset(EVP_MD_CTX_new());
  Check(EVP_MD_CTX_copy_ex(state_->context.get(), other.state_->context.get()));
}

Digest& Digest::operator=(const Digest& other) {
  return *this = Digest(other);
}
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;
Digest::~Digest() = default;

void Digest::Update(absl::string_view bytes) {
  if (state_->context != nullptr) {
    Check(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
    return;
  }
  uint32_t crc = state_->crc;
  for (char byte : bytes) crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<uint8_t>(byte)) & 0xff];
  state_->crc = crc;
}

std::string Digest::Value() const {
  if (state_->context == nullptr) {
    const uint32_t crc = ~state_->crc;
    return {static_cast<char>(crc >> 24), static_cast<char>(crc >> 16), static_cast<char>(crc >> 8),
            static_cast<char>(crc)};
  }
  Context copy(EVP_MD_CTX_new());
  Check(EVP_MD_CTX_copy_ex(copy.get(), state_->context.get()));
  std::string value(DigestSize(state_->algorithm), '\0');
  Check(EVP_DigestFinal_ex(copy.get(), reinterpret_cast<unsigned char*>(value.data()), nullptr));
  return value;
}

}  // namespace lectern::vod
