// gRPC glue that clients and servers share: channels, blocking calls, and the only mapping between absl, gRPC and HTTP status.
// Includes gRPC headers: keep it out of other headers.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/channel.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace lectern::rpc {

// Metadata key of the machine-readable reason, in trailing metadata. The bearer token is in "authorization".
inline constexpr char kReasonKey[] = "lectern-reason";

struct ChannelOptions {
  std::vector<std::string> addresses;    // HOST:PORT; several: round robin over those that answer
  std::string ca_file;                   // PEM; empty: no TLS
  bool plaintext = false;                // allows no TLS for addresses that are not loopback
};

// Keep-alive 5 s + 5 s, reconnect back-off 100 ms to 2 s. Errors: kInvalidArgument for no address, a broken one, or plain text
// to an address that is not loopback; kNotFound for the CA file.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options);

// One unary call by full method path ("/lectern.v1.CourseService/GetCourse"). `bearer` may be empty. The reason is in the status.
absl::Status Call(grpc::Channel& channel, absl::string_view method, const google::protobuf::Message& request,
                  google::protobuf::Message* response, absl::string_view bearer, absl::Duration timeout);

// What gRPC and Protobuf have to say goes to our log instead of stderr in forms of their own: errors as warnings, since they are
// mostly about peers. For programs whose stderr is a log; call once at start.
void RouteLogs();

// Messages are cut at 1,024 bytes.
grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status, absl::string_view reason = "");

// As google/rpc/code.proto's comments say.
int HttpCode(absl::StatusCode code);
// "NOT_FOUND"
absl::string_view CodeWord(absl::StatusCode code);

}  // namespace lectern::rpc
