// The control room: link sessions with resources, placement of jobs, the reaper, and the lease that makes one API instance the
// leader. Construct, Start, serve `service()` with gRPC; later Drain, shut the gRPC server down, Stop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/domain/hints.h"
#include "api/domain/live_control.h"
#include "common/base/clock.h"
#include "common/metrics/metrics.h"
#include "common/pg/pool.h"
#include "common/token/token.h"

namespace grpc {
class Service;
}

namespace lectern::api {

struct ControlConfig {
  std::string instance;                                    // random, one a process start
  std::string address;                                     // HOST:PORT of this instance's gRPC, for people
  std::string database_url;                                // for LISTEN
  absl::Duration beat_interval = absl::Seconds(2);
  absl::Duration lease = absl::Seconds(10);
  absl::Duration suspect_after = absl::Seconds(5);
  absl::Duration lost_after = absl::Seconds(30);
  absl::Duration reconnect_grace = absl::Seconds(2);
  absl::Duration accept_timeout = absl::Seconds(5);
  absl::Duration cancel_grace = absl::Seconds(10);
  absl::Duration quarantine = absl::Seconds(60);
  absl::Duration leader_ttl = absl::Seconds(5);
  absl::Duration leader_renew = absl::Milliseconds(1500);
  absl::Duration poll = absl::Seconds(1);
  absl::Duration live_grace = absl::Seconds(60);           // without a publisher, or a word from the proxy, until a stream ends
  absl::Duration live_silence = absl::Seconds(6);          // without a new segment until a stream counts as interrupted
  absl::Duration rehearsal_age = absl::Hours(24);          // until rehearsals are deleted
  absl::Duration playback_lifetime = absl::Hours(2);       // of playback tokens
  int threads = 4;                                         // that handle messages of resources
};

// What it needs of the keys and of the audit log, which live elsewhere. Thread-safe functions that may block.
struct ControlKeys {
  // Of a resource credential. Errors: kUnauthenticated.
  std::function<absl::StatusOr<Claims>(absl::string_view credential)> verify_resource;
  // Signs a job token.
  std::function<absl::StatusOr<std::string>(const Claims& claims)> sign_job;
  // All public keys that resources need (upload, job, playback).
  std::function<absl::StatusOr<std::vector<PublicKey>>()> public_keys;
  // What a proxy must show to publish to the worker that holds the job with this epoch.
  std::function<std::string(int64_t job, int64_t epoch)> ingest_key;
  // Opens what the services have sealed: addresses of the sources of lecture halls.
  std::function<absl::StatusOr<std::string>(absl::string_view sealed)> unseal;
};

class Control {
 public:
  // References must outlive it.
  static std::unique_ptr<Control> Create(ControlConfig config, ControlKeys keys, pg::Pool& pool, Metrics& metrics, Clock& clock);
  virtual ~Control() = default;

  // Registers the instance and starts the loops. Errors: of the database.
  virtual absl::Status Start() = 0;
  // ResourceLink, for the gRPC server.
  virtual grpc::Service& service() = 0;
  // For the services that insert work, cancel jobs, drain resources, rotate keys.
  virtual const Hints& hints() const = 0;
  virtual LiveControl& live() = 0;
  // Sends every resource away to another instance (GoAway with jitter) and waits until they have gone, at most `timeout`.
  virtual void Drain(absl::Duration timeout) = 0;
  // Ends the loops, resigns the leadership. After the gRPC server was shut down.
  virtual void Stop() = 0;

  virtual bool is_leader() const = 0;
};

}  // namespace lectern::api
