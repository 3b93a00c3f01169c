// Small text and byte helpers that neither Abseil nor the standard library has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace lectern {

std::string HexEncode(absl::string_view bytes);
// Absent where `hex` has an odd length or another character than 0-9, a-f, A-F.
std::optional<std::string> HexDecode(absl::string_view hex);

// RFC 4648 section 5, without padding.
std::string Base64UrlEncode(absl::string_view bytes);
// Strict: absent for padding, other characters, or left-over bits that are not zero.
std::optional<std::string> Base64UrlDecode(absl::string_view text);

// Compares without a data-dependent duration. Different lengths are unequal.
bool ConstantTimeEquals(absl::string_view a, absl::string_view b);

// %XX decoding of a URL path or query component. Absent for a broken escape or a NUL byte. '+' stays '+'.
std::optional<std::string> PercentDecode(absl::string_view text);

// All bytes as %XX but letters, digits, '-', '.', '_' and '~': safe in any part of a URL and in a parameter of a header (RFC 8187).
std::string PercentEncode(absl::string_view text);

// Decimal, digits only: no sign, no space, no overflow.
std::optional<uint64_t> ParseDigits(absl::string_view text);

// "lectures/12" with `collection` "lectures" gives 12. Absent for anything else; ids are positive.
std::optional<int64_t> ParseName(absl::string_view name, absl::string_view collection);

// From the kernel's generator.
std::string RandomBytes(size_t count);
// 2 * bytes lower-case hex digits.
std::string RandomHex(size_t bytes);

}  // namespace lectern
