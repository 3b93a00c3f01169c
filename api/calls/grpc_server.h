// The gRPC server: every method of the registry, services with streams of their own, health and reflection.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/calls/invoker.h"
#include "api/calls/registry.h"
#include "common/exec/thread_pool.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace lectern::api {

struct GrpcServerOptions {
  std::string listen = "127.0.0.1:0";   // HOST:PORT; port 0: the kernel chooses
  std::string tls_cert_file;            // PEM chain; empty: no TLS
  std::string tls_key_file;             // PEM
  bool allow_plaintext = false;         // no TLS on an address that is not loopback
};

// Messages above 4 MiB are refused. A field that the request's type does not know is ignored, as Protobuf does: a newer client may
// call an older server. (JSON requests are stricter: there a name that does not exist is an error.)
//
// Calls run on `calls`; where its queue is full they are refused with RESOURCE_EXHAUSTED/SERVER_BUSY.
class GrpcServer {
 public:
  // `streaming` are services that are not in the registry; they outlive the server.
  // Errors: kInvalidArgument for options that cannot work, kUnavailable where the address is taken.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const GrpcServerOptions& options, const Registry& registry,
                                                           Invoker& invoker, ThreadPool& calls,
                                                           const std::vector<grpc::Service*>& streaming);
  // Shuts down with no grace, where Shutdown was not called.
  virtual ~GrpcServer() = default;

  virtual int port() const = 0;

  // Health answers NOT_SERVING from now on, so that balancers turn away; calls are still answered.
  virtual void StopServing() = 0;

  // No new calls; open streams of the registry's methods end; waits for running calls, cancels what is left after `grace`, and
  // returns when all have ended. Call once.
  virtual void Shutdown(absl::Duration grace) = 0;
};

}  // namespace lectern::api
