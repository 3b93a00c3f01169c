// The directory that resources get: public keys, origins (for edges), revocations. Read again every second and on a hint.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "api/control/session_table.h"
#include "api/control/shared.h"

namespace lectern::api {

class LinkSession;

// Thread-safe.
class DirectoryPublisher {
 public:
  DirectoryPublisher(Shared& shared, SessionTable& sessions);
  ~DirectoryPublisher();

  // Reads it again and sends it to every attached resource where it has changed.
  void Refresh();
  // After Welcome. The first call reads it.
  void SendTo(LinkSession& session);

 private:
  struct State;
  absl::Status Load() ABSL_LOCKS_EXCLUDED(mu_);

  Shared& shared_;
  SessionTable& sessions_;
  absl::Mutex mu_;
  std::unique_ptr<State> state_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::api
