// All methods of one proto service that are in a registry, as one grpc::Service without generated code. Includes gRPC headers: for
// .cc files.
#pragma once

#include <grpcpp/impl/service_type.h>

#include <memory>
#include <vector>

#include "api/calls/invoker.h"
#include "api/calls/registry.h"
#include "api/calls/watch_reactor.h"
#include "common/exec/thread_pool.h"

namespace lectern::api {

// One for each proto service that has handlers in `registry`: gRPC (and with it reflection) takes a service's name from its
// methods, so that one object cannot stand for several. The references must outlive the server.
std::vector<std::unique_ptr<grpc::Service>> MakeUnaryServices(const Registry& registry, Invoker& invoker, ThreadPool& calls,
                                                              GrpcWatches& watches);

}  // namespace lectern::api
