// nginx as a process that outlives this one, found again by the folder in which it runs.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace lectern::proxy {

// Not thread-safe. No pid is ever remembered, so that a recycled one is never taken for nginx.
class NginxProcess {
 public:
  // `folder` is absolute and exists; nobody else starts nginx in it. Errors: kNotFound without such a program.
  static absl::StatusOr<NginxProcess> Find(const std::string& program, std::string folder);

  // Starts it detached, in a session of its own, and waits until it has its ports. Errors: kUnavailable with nginx's own words.
  absl::Status Start(absl::string_view config_file) const;

  // Its processes that are alive: master and worker, or a worker whose master was killed.
  std::vector<pid_t> Pids() const;

  // Asks for the end, kills what is left after `grace`, and waits.
  void End(absl::Duration grace) const;

 private:
  NginxProcess(std::string program, std::string folder);
  void Signal(int signal) const;

  std::string program_;   // absolute
  std::string folder_;
};

}  // namespace lectern::proxy
