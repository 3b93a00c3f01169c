// Which personal tokens were good lately, by hash, so that a lecturer gets in while the API is away and while others guess tokens.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace lectern::proxy {

// "lectern" and 48 lower-case hex digits.
bool IsPersonalToken(absl::string_view text);

// SHA-256 in hex. A token has 192 random bits, so that its hash needs no salt.
std::string HashToken(absl::string_view token);

// Thread-safe. A file of hashes and days; no token is ever written.
class TokenBook {
 public:
  static constexpr absl::Duration kLifetime = absl::Hours(24 * 30);
  static constexpr size_t kMaxTokens = 10000;

  // A damaged file counts as an empty one: it only ever spares a question.
  TokenBook(std::string file, Clock& clock);

  bool Known(absl::string_view token) const;
  // The API has said that it is good.
  void Remember(absl::string_view token);
  // The API has said that it is not.
  void Forget(absl::string_view token);

 private:
  void Load();
  void Save() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string file_;
  Clock& clock_;
  mutable absl::Mutex mu_;
  std::map<std::string, absl::Time> good_ ABSL_GUARDED_BY(mu_);   // by hash: when it was last confirmed
};

}  // namespace lectern::proxy
