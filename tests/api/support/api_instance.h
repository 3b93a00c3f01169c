// One API instance over a test's database: everything that lectern-api builds for calls, behind real gRPC on a port that the kernel
// chose. The rooms of the resource link are not part of it.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/calls/grpc_server.h"
#include "api/calls/key_ring.h"
#include "api/calls/registry.h"
#include "api/services/services.h"
#include "common/base/clock.h"
#include "common/metrics/metrics.h"

namespace lectern::testing {

struct ApiOptions {
  Clock* clock = nullptr;     // null: the machine's
  double rate = 0;            // calls a second and caller; 0: no limit
  double burst = 1;
  size_t threads = 4;
  size_t max_queue = 100;
  api::GrpcServerOptions grpc;
};

class ApiInstance {
 public:
  // Aborts where it cannot start.
  explicit ApiInstance(const std::string& database_url, ApiOptions options = {});
  ~ApiInstance();

  // `method` is "CourseService/GetCourse". `response` may be null.
  absl::Status Call(absl::string_view method, const google::protobuf::Message& request, google::protobuf::Message* response,
                    absl::string_view bearer);
  template <typename Response>
  absl::StatusOr<Response> Call(absl::string_view method, const google::protobuf::Message& request, absl::string_view bearer) {
    Response response;
    absl::Status status = Call(method, request, &response, bearer);
    if (!status.ok()) return status;
    return response;
  }

  // Signs in; aborts where that fails.
  std::string Login(const std::string& email, const std::string& password);

  int port() const;
  api::Stores& stores();
  pg::Pool& pool();
  const api::KeyRing& keys() const;
  const api::Registry& registry() const;
  Metrics& metrics();
  // API instances and rooms that were told of changes: "work", "directory", "push:<instance>".
  std::vector<std::string> TakeHints();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// 32 bytes, the same for all instances of a test.
std::string TestMasterKey();

// The hash of "correct horse", made once a process, since hashing takes time.
inline constexpr char kTestPassword[] = "correct horse";
std::string TestPasswordHash();

}  // namespace lectern::testing
