// Ctrl-C as something that a command can ask for instead of dying of it.
#pragma once

#include "absl/time/time.h"

namespace lectern::cli {

// While one lives, SIGINT and SIGTERM are remembered; a second one ends the process. At most one at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool raised() const;
  // Sleeps; false as soon as the interrupt is raised.
  bool Sleep(absl::Duration duration) const;
};

}  // namespace lectern::cli
