// Beats and progress of all resources of this instance, written together, and what they say that they hold compared with the
// rows.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "api/control/outcomes.h"
#include "api/control/session_table.h"
#include "api/control/shared.h"

namespace lectern::api {

struct HeardBeat {
  std::shared_ptr<LinkSession> session;
  uint64_t seq = 0;
  std::string load_json;
  std::vector<HeldJob> held;
  absl::Duration at;             // heard, by the steady clock
};

// Thread-safe.
class Beats {
 public:
  Beats(Shared& shared, SessionTable& sessions, Outcomes& outcomes) : shared_(shared), sessions_(sessions), outcomes_(outcomes) {}

  // A newer beat of the same resource replaces one that waits.
  void Add(HeardBeat beat);
  void AddProgress(const HeldJob& progress);

  // Writes what has gathered; renews the lease of whoever still has a session, and ends the streams of the others. While the
  // database cannot be reached beats wait here, and their resources are kept company with empty messages.
  void Flush();
  void FlushProgress();

 private:
  void Renew(std::vector<HeardBeat> beats, const std::vector<int64_t>& renewed);
  void Compare(const std::vector<HeardBeat>& beats);
  void MarkFinalised(const std::vector<HeldJob>& jobs);
  void PutBack(std::vector<HeardBeat> beats);

  Shared& shared_;
  SessionTable& sessions_;
  Outcomes& outcomes_;
  absl::Mutex mu_;
  absl::flat_hash_map<int64_t, HeardBeat> waiting_ ABSL_GUARDED_BY(mu_);     // by resource
  absl::flat_hash_map<int64_t, HeldJob> progress_ ABSL_GUARDED_BY(mu_);      // by token
};

}  // namespace lectern::api
