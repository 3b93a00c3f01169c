#include "rtmp_proxy/front/token_book.h"

#include <openssl/sha.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/log/log.h"

namespace lectern::proxy {
namespace {

constexpr size_t kTokenDigits = 48;
constexpr size_t kHashDigits = 64;
// A token that is used every day is written once a day.
constexpr absl::Duration kFresh = absl::Hours(24);

bool IsLowerHex(absl::string_view text) {
  return absl::c_all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

bool IsPersonalToken(absl::string_view text) {
  return absl::ConsumePrefix(&text, "lectern") && text.size() == kTokenDigits && IsLowerHex(text);
}

std::string HashToken(absl::string_view token) {
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash);
  return HexEncode(absl::string_view(reinterpret_cast<const char*>(hash), sizeof hash));
}

TokenBook::TokenBook(std::string file, Clock& clock) : file_(std::move(file)), clock_(clock) { Load(); }

void TokenBook::Load() {
  absl::StatusOr<std::string> text = ReadFile(file_, 4 << 20);
  if (!text.ok()) return;
  absl::MutexLock lock(&mu_);
  absl::Time now = clock_.Now();
  for (absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    std::pair<absl::string_view, absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(' ', 1));
    std::optional<uint64_t> seconds = ParseDigits(fields.second);
    if (fields.first.size() != kHashDigits || !IsLowerHex(fields.first) || !seconds) continue;
    absl::Time confirmed = absl::FromUnixSeconds(static_cast<int64_t>(*seconds));
    if (confirmed + kLifetime > now && good_.size() < kMaxTokens) good_.emplace(fields.first, std::min(confirmed, now));
  }
}

bool TokenBook::Known(absl::string_view token) const {
  std::string hash = HashToken(token);
  absl::MutexLock lock(&mu_);
  auto found = good_.find(hash);
  return found != good_.end() && found->second + kLifetime > clock_.Now();
}

void TokenBook::Remember(absl::string_view token) {
  std::string hash = HashToken(token);
  absl::MutexLock lock(&mu_);
  absl::Time now = clock_.Now();
  auto found = good_.find(hash);
  if (found != good_.end() && found->second + kFresh > now) return;
  if (found == good_.end() && good_.size() >= kMaxTokens) {
    good_.erase(absl::c_min_element(good_, [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
  good_[hash] = now;
  Save();
}

void TokenBook::Forget(absl::string_view token) {
  std::string hash = HashToken(token);
  absl::MutexLock lock(&mu_);
  if (good_.erase(hash) > 0) Save();
}

void TokenBook::Save() {
  std::string text;
  for (const auto& [hash, confirmed] : good_) absl::StrAppend(&text, hash, " ", absl::ToUnixSeconds(confirmed), "\n");
  absl::Status written = WriteFileAtomically(file_, text, 0600);
  if (!written.ok()) log::Warn("good tokens not saved", {{"error", written.message()}});
}

}  // namespace lectern::proxy
