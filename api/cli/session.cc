#include "api/cli/session.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status.h"

namespace lectern::cli {
namespace {

std::string Folder() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config == '/') return absl::StrCat(config, "/lectern");
  const char* home = std::getenv("HOME");
  return absl::StrCat(home == nullptr ? "." : home, "/.config/lectern");
}

}  // namespace

std::string SessionFile(absl::string_view endpoint) {
  std::string name(endpoint);
  for (char& c : name) {
    if (!absl::ascii_isalnum(c) && c != '.' && c != '-') c = '_';
  }
  return absl::StrCat(Folder(), "/session-", name);
}

absl::Status KeepSession(absl::string_view endpoint, absl::string_view token) {
  RETURN_IF_ERROR(MakeDirectories(Folder(), 0700));
  return WriteFileAtomically(SessionFile(endpoint), token, 0600);
}

std::string LoadSession(absl::string_view endpoint) {
  const absl::StatusOr<std::string> token = ReadFile(SessionFile(endpoint), 64 << 10);
  return token.ok() ? std::string(absl::StripAsciiWhitespace(*token)) : "";
}

void ForgetSession(absl::string_view endpoint) {
  unlink(SessionFile(endpoint).c_str());
}

}  // namespace lectern::cli
