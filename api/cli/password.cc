#include "api/cli/password.h"

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/base/status.h"

namespace lectern::cli {
namespace {

// Echo is off while this lives.
class Silence {
 public:
  Silence() {
    tcgetattr(STDIN_FILENO, &before_);
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~Silence() { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }

 private:
  termios before_;
};

std::string FirstLine(absl::string_view text) {
  const std::vector<std::string> lines = absl::StrSplit(text, absl::ByAnyChar("\r\n"));
  return lines.front();
}

}  // namespace

absl::StatusOr<std::string> ReadPassword(const std::string& file, const std::string& prompt) {
  if (!file.empty()) {
    absl::StatusOr<std::string> content = ReadFile(file, 64 << 10);
    if (!content.ok()) return Annotate(content.status(), "password file");
    return FirstLine(*content);
  }
  if (const char* password = std::getenv("LECTERN_PASSWORD")) return std::string(password);
  if (!isatty(STDIN_FILENO)) {
    return absl::InvalidArgumentError("no password: give --password-file, set LECTERN_PASSWORD, or use a terminal");
  }
  std::cerr << prompt << ": " << std::flush;
  std::string password;
  {
    Silence silence;
    std::getline(std::cin, password);
  }
  std::cerr << std::endl;
  return password;
}

}  // namespace lectern::cli
