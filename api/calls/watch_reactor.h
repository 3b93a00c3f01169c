// Server-streaming methods over gRPC: each stream is a Watch whose turns are made on the pool. Includes gRPC: for .cc files.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "api/calls/invoker.h"
#include "api/calls/registry.h"
#include "common/exec/thread_pool.h"

namespace lectern::api {

class WatchReactor;

// The open streams of a server. Thread-safe; outlives the server.
class GrpcWatches {
 public:
  GrpcWatches(Invoker& invoker, ThreadPool& calls) : invoker_(invoker), calls_(calls) {}

  // The reactor for a new stream. It lives until it has finished. `metadata` and `request` are taken at once.
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Open(const Method& method, grpc::CallbackServerContext& context,
                                                   CallMetadata metadata, const grpc::ByteBuffer& request);

  // The open streams end with UNAVAILABLE/SERVER_STOPPING, and so do new ones: their watchers go to another instance.
  void EndAll();

 private:
  friend class WatchReactor;
  void Remove(const std::shared_ptr<WatchReactor>& reactor);

  Invoker& invoker_;
  ThreadPool& calls_;
  absl::Mutex mu_;
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  absl::flat_hash_set<std::shared_ptr<WatchReactor>> open_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::api
