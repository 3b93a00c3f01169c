#include "api/gateway/trusted_proxies.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::api {
namespace {

constexpr int kBits4 = 32, kBits6 = 128;
constexpr char kLoopback[] = "127.0.0.0/8, ::1";

using Bits = std::array<uint8_t, 16>;

std::optional<Bits> BitsOf(absl::string_view address) {
  const std::string text(address);
  Bits bits = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (inet_pton(AF_INET, text.c_str(), &bits[12]) == 1 || inet_pton(AF_INET6, text.c_str(), bits.data()) == 1) return bits;
  return std::nullopt;
}

bool SameUpTo(int length, const Bits& a, const Bits& b) {
  const size_t whole = static_cast<size_t>(length) / 8;
  const int rest = length % 8;
  if (std::memcmp(a.data(), b.data(), whole) != 0) return false;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

}  // namespace

absl::StatusOr<TrustedProxies> TrustedProxies::Parse(absl::string_view list) {
  TrustedProxies proxies;
  for (absl::string_view text : absl::StrSplit(absl::StrCat(kLoopback, ",", list), ',')) {
    RETURN_IF_ERROR(proxies.Add(absl::StripAsciiWhitespace(text)));
  }
  return proxies;
}

absl::Status TrustedProxies::Add(absl::string_view text) {
  if (text.empty()) return absl::OkStatus();
  const std::vector<absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('/', 1));
  const std::optional<Bits> bits = BitsOf(parts[0]);
  const bool four = bits && parts[0].find(':') == absl::string_view::npos;
  const int most = four ? kBits4 : kBits6;
  const std::optional<uint64_t> length = parts.size() == 1 ? static_cast<uint64_t>(most) : ParseDigits(parts[1]);
  if (!bits || !length || *length > static_cast<uint64_t>(most)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is neither an address nor a network such as 10.0.0.0/8"));
  }
  networks_.push_back({*bits, static_cast<int>(*length) + (four ? kBits6 - kBits4 : 0)});
  return absl::OkStatus();
}

bool TrustedProxies::Contains(absl::string_view address) const {
  const std::optional<Bits> bits = BitsOf(address);
  return bits && std::any_of(networks_.begin(), networks_.end(),
                             [&](const Network& network) { return SameUpTo(network.length, network.bits, *bits); });
}

std::string TrustedProxies::Origin(absl::string_view peer, absl::string_view forwarded) const {
  std::string origin(peer);
  const std::vector<absl::string_view> named = absl::StrSplit(forwarded, ',');
  for (auto one = named.rbegin(); one != named.rend() && Contains(origin); ++one) {
    absl::string_view address = absl::StripAsciiWhitespace(*one);
    if (!BitsOf(address)) break;
    origin = std::string(address);
  }
  return origin;
}

}  // namespace lectern::api
