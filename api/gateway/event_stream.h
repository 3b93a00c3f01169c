// A watcher's news as Server-Sent Events. Includes Asio: internal to this room.
#pragma once

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/calls/watch.h"
#include "common/exec/thread_pool.h"
#include "common/http/server.h"

namespace lectern::api {

class EventStream;

// The open event streams of a gateway. Thread-safe; outlives the server, which has one thread.
class EventStreams {
 public:
  EventStreams(ThreadPool& calls, absl::Duration heartbeat) : calls_(calls), heartbeat_(heartbeat) {}

  // A body that first says `first` and then what the watch's turns find: each message is an event `data: {json}`. A comment line
  // goes out every `heartbeat`, so that proxies keep the connection; an error is an event `error`, after which the body ends, as it
  // does at EndAll and when the client leaves. Turns run on the pool; one that it does not take is left out.
  //
  // Error: kUnavailable/SERVER_STOPPING after EndAll.
  absl::StatusOr<std::shared_ptr<http::BodySource>> Open(std::unique_ptr<Watch> watch, const Method::Events& first);

  // All bodies end after what they are saying. On the server's thread.
  void EndAll();

 private:
  friend class EventStream;
  void Remove(EventStream* stream);

  ThreadPool& calls_;
  const absl::Duration heartbeat_;
  absl::Mutex mu_;
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  absl::flat_hash_set<EventStream*> open_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::api
