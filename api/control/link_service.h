// ResourceLink as gRPC serves it.
#pragma once

#include <memory>

#include "api/control/link_parts.h"

namespace grpc {
class Service;
}

namespace lectern::api {

// `parts` must outlive the server.
std::unique_ptr<grpc::Service> MakeLinkService(LinkParts& parts);

}  // namespace lectern::api
