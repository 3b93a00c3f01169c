#include "common/rtmp/handshake.h"

#include "absl/strings/str_cat.h"
#include "common/base/text.h"

namespace lectern::rtmp {
namespace {

constexpr char kVersion = 3;

}  // namespace

std::string HandshakeHello() {
  std::string hello(1, kVersion);
  hello.append(8, '\0');
  return hello + RandomBytes(kHandshakePart - 8);
}

absl::Status CheckVersion(absl::string_view hello) {
  // 6 and up are encrypted variants; 3 to 5 were all answered with 3 by servers of old.
  if (hello.empty() || hello[0] < kVersion || hello[0] > 5) {
    return absl::InvalidArgumentError("the other side does not speak RTMP version 3");
  }
  return absl::OkStatus();
}

absl::string_view HandshakeEcho(absl::string_view hello) { return hello.substr(1, kHandshakePart); }

}  // namespace lectern::rtmp
