// One API instance over a test's database: everything that lectern-api builds for calls, behind real gRPC on a port that the kernel
// chose. The rooms of the resource link are not part of it.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/calls/grpc_server.h"
#include "api/calls/invoker.h"
#include "api/calls/key_ring.h"
#include "api/calls/registry.h"
#include "api/domain/live_control.h"
#include "api/services/services.h"
#include "api/store/live_store.h"
#include "common/base/clock.h"
#include "common/exec/thread_pool.h"
#include "common/metrics/metrics.h"

namespace lectern::testing {

// The control room as far as the services ask for it: it gives every stream to one worker, and ends streams as the store does.
class FakeLiveControl final : public api::LiveControl {
 public:
  explicit FakeLiveControl(api::LiveStore& store) : store_(store) {}
  absl::StatusOr<api::IngestLease> AcquireIngest(const api::IngestRequest& request) override;
  absl::Status Move(int64_t stream, absl::string_view why) override;
  absl::Status End(absl::Span<const int64_t> streams, absl::string_view reason, bool by_hand) override;

  // What the next calls answer with.
  void SetLease(absl::StatusOr<api::IngestLease> lease);
  std::vector<api::IngestRequest> TakeRequests();
  std::vector<int64_t> TakeMoved();

 private:
  api::LiveStore& store_;
  absl::Mutex mu_;
  absl::StatusOr<api::IngestLease> lease_ ABSL_GUARDED_BY(mu_) = absl::UnavailableError("no lease was set");
  std::vector<api::IngestRequest> requests_ ABSL_GUARDED_BY(mu_);
  std::vector<int64_t> moved_ ABSL_GUARDED_BY(mu_);
};

struct ApiOptions {
  Clock* clock = nullptr;     // null: the machine's
  double rate = 0;            // calls a second and caller; 0: no limit
  double burst = 1;
  size_t threads = 4;
  size_t max_queue = 100;
  api::GrpcServerOptions grpc;
  std::string public_rtmp_url;
  std::string public_grpc_endpoint;
};

class ApiInstance {
 public:
  // Aborts where it cannot start.
  explicit ApiInstance(const std::string& database_url, ApiOptions options = {});
  ~ApiInstance();

  // `method` is "CourseService/GetCourse". `response` may be null. Of a method that streams: what comes of its first look, without
  // gRPC.
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
  // For other ways to call than gRPC.
  api::Invoker& invoker();
  ThreadPool& calls();
  Metrics& metrics();
  FakeLiveControl& live();
  // API instances and rooms that were told of changes: "work", "directory", "push:<instance>".
  std::vector<std::string> TakeHints();

 private:
  absl::Status FirstLook(const api::Method& method, const google::protobuf::Message& request, absl::string_view bearer);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// 32 bytes, the same for all instances of a test.
std::string TestMasterKey();

// The hash of "correct horse", made once a process, since hashing takes time.
inline constexpr char kTestPassword[] = "correct horse";
std::string TestPasswordHash();

}  // namespace lectern::testing
