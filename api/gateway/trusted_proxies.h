// Which proxies may say whom they speak for.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::api {

class TrustedProxies {
 public:
  // Addresses and networks of IPv4 and IPv6, separated by commas: "192.0.2.7, 10.0.0.0/8, 2001:db8::/32". This machine (loopback)
  // is always among them. Error: kInvalidArgument, which names the part that is neither.
  static absl::StatusOr<TrustedProxies> Parse(absl::string_view list);

  bool Contains(absl::string_view address) const;

  // Whom the connection of `peer` speaks for: the last address of `forwarded` (X-Forwarded-For) that is none of ours, since each
  // proxy appends whom it answers; `peer` itself where it is not trusted, or the header says nothing valid.
  std::string Origin(absl::string_view peer, absl::string_view forwarded) const;

 private:
  struct Network {
    std::array<uint8_t, 16> bits;   // of IPv4 as ::ffff:a.b.c.d
    int length;
  };

  TrustedProxies() = default;
  absl::Status Add(absl::string_view text);

  std::vector<Network> networks_;
};

}  // namespace lectern::api
