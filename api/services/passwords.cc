#include "api/services/passwords.h"

#include <sodium.h>

#include "api/services/fields.h"
#include "common/base/text.h"

namespace lectern::api {
namespace {

constexpr size_t kMinBytes = 10;
constexpr unsigned long long kPasses = 2;
constexpr size_t kMemoryBytes = 19 << 20;

}  // namespace

absl::Status CheckPassword(absl::string_view password, absl::string_view field) {
  if (password.size() < kMinBytes) return BadField(field, "", "is too short; take at least 10 characters");
  if (password.size() > kMaxPasswordBytes) return BadField(field, "", "is too long; take at most 1024 bytes");
  return absl::OkStatus();
}

absl::StatusOr<std::string> HashPassword(absl::string_view password) {
  char hash[crypto_pwhash_STRBYTES];
  if (sodium_init() < 0 ||
      crypto_pwhash_str_alg(hash, password.data(), password.size(), kPasses, kMemoryBytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return absl::ResourceExhaustedError("no memory to hash a password; try again in a moment");
  }
  return std::string(hash);
}

bool VerifyPassword(absl::string_view hash, absl::string_view password) {
  static const std::string nobodys = HashPassword(RandomHex(16)).value_or("");
  std::string checked(hash.empty() ? absl::string_view(nobodys) : hash);
  bool fits = crypto_pwhash_str_verify(checked.c_str(), password.data(), password.size()) == 0;
  return fits && !hash.empty();
}

}  // namespace lectern::api
