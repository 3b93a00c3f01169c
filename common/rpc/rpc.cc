#include "common/rpc/rpc.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/codegen/rpc_method.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <netdb.h>

#include <chrono>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/log/log.h"

namespace lectern::rpc {
namespace {

constexpr size_t kMaxMessageBytes = 1024;

struct HostPort {
  std::string host;   // without brackets
  std::string port;

  std::string Joined() const {
    return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
  }
  bool IsLoopback() const { return host == "localhost" || host == "::1" || absl::StartsWith(host, "127."); }
};

absl::StatusOr<HostPort> ParseAddress(const std::string& address) {
  size_t colon = address.rfind(':');
  absl::Status broken =
      absl::InvalidArgumentError(absl::StrCat("\"", address, "\" is no address: write HOST:PORT, as in 127.0.0.1:7000"));
  if (colon == std::string::npos) return broken;
  HostPort parsed{address.substr(0, colon), address.substr(colon + 1)};
  std::optional<uint64_t> port = ParseDigits(parsed.port);
  if (!port || *port == 0 || *port > 65535) return broken;
  bool bracketed = absl::StartsWith(parsed.host, "[") && absl::EndsWith(parsed.host, "]");
  if (bracketed) {
    parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
  } else if (absl::StrContains(parsed.host, ':')) {
    return broken;
  }
  if (parsed.host.empty() || parsed.host.find_first_of(" /,@[]") != std::string::npos) return broken;
  return parsed;
}

// Numeric forms of one address; several resolved names can only be given to gRPC as numbers.
absl::StatusOr<std::vector<HostPort>> Resolve(const HostPort& address, int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (int error = getaddrinfo(address.host.c_str(), nullptr, &hints, &found); error != 0) {
    return absl::InvalidArgumentError(absl::StrCat("cannot resolve \"", address.host, "\": ", gai_strerror(error)));
  }
  std::vector<HostPort> numbers;
  for (addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    numbers.push_back({text, address.port});
  }
  freeaddrinfo(found);
  return numbers;
}

// One address is left to gRPC's resolver, which asks again when the name moves. Several become a list of one family.
absl::StatusOr<std::string> MakeTarget(const std::vector<HostPort>& addresses) {
  if (addresses.size() == 1) return absl::StrCat("dns:///", addresses[0].Joined());
  bool six = absl::c_any_of(addresses, [](const HostPort& a) { return absl::StrContains(a.host, ':'); });
  std::vector<std::string> numbers;
  for (const HostPort& address : addresses) {
    ASSIGN_OR_RETURN(std::vector<HostPort> resolved, Resolve(address, six ? AF_INET6 : AF_INET));
    for (const HostPort& number : resolved) numbers.push_back(number.Joined());
  }
  return absl::StrCat(six ? "ipv6:" : "ipv4:", absl::StrJoin(numbers, ","));
}

grpc::ChannelArguments MakeArguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 5000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  // Bounds one attempt to connect, in spite of its name.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetLoadBalancingPolicyName("round_robin");
  return arguments;
}

void LogGrpc(gpr_log_func_args* args) {
  bool error = args->severity == GPR_LOG_SEVERITY_ERROR;
  log::Write(error ? log::Level::kWarn : log::Level::kDebug, "gRPC",
             {{"text", args->message}, {"file", args->file}, {"line", args->line}});
}

// Protobuf complains of messages that do not parse; whoever parses answers for that.
void LogProtobuf(google::protobuf::LogLevel level, const char* file, int line, const std::string& message) {
  bool fatal = level == google::protobuf::LOGLEVEL_FATAL;
  log::Write(fatal ? log::Level::kError : log::Level::kDebug, "Protobuf", {{"text", message}, {"file", file}, {"line", line}});
}

// Cuts between UTF-8 characters: half a character would make the status message invalid for JSON.
std::string Cut(absl::string_view message) {
  if (message.size() <= kMaxMessageBytes) return std::string(message);
  size_t end = kMaxMessageBytes;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  return std::string(message.substr(0, end));
}

std::string ReasonIn(const grpc::ClientContext& context) {
  const auto& trailing = context.GetServerTrailingMetadata();
  auto found = trailing.find(kReasonKey);
  return found == trailing.end() ? "" : std::string(found->second.data(), found->second.size());
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options) {
  if (options.addresses.empty()) return absl::InvalidArgumentError("no address of the API was given");
  std::vector<HostPort> addresses;
  for (const std::string& text : options.addresses) {
    ASSIGN_OR_RETURN(HostPort address, ParseAddress(text));
    if (options.ca_file.empty() && !options.plaintext && !address.IsLoopback()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", text, "\" is not on this machine, so it needs TLS: give a CA file, or allow plain text explicitly"));
    }
    addresses.push_back(std::move(address));
  }
  ASSIGN_OR_RETURN(std::string target, MakeTarget(addresses));
  grpc::ChannelArguments arguments = MakeArguments();
  if (options.ca_file.empty()) {
    return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  }
  grpc::SslCredentialsOptions tls;
  ASSIGN_OR_RETURN(tls.pem_root_certs, ReadFile(options.ca_file, 1 << 20));
  // A list target names no host, and the certificate is checked against one.
  if (addresses.size() > 1) arguments.SetSslTargetNameOverride(addresses[0].host);
  return grpc::CreateCustomChannel(target, grpc::SslCredentials(tls), arguments);
}

absl::Status Call(grpc::Channel& channel, absl::string_view method, const google::protobuf::Message& request,
                  google::protobuf::Message* response, absl::string_view bearer, absl::Duration timeout) {
  using google::protobuf::MessageLite;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout));
  if (!bearer.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", bearer));
  std::string path(method);
  grpc::internal::RpcMethod rpc(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
  const MessageLite& request_lite = request;
  MessageLite* response_lite = response;
  grpc::Status status = grpc::internal::BlockingUnaryCall<MessageLite, MessageLite, MessageLite, MessageLite>(
      &channel, rpc, &context, request_lite, response_lite);
  return FromGrpc(status, ReasonIn(context));
}

void RouteLogs() {
  gpr_set_log_function(LogGrpc);
  google::protobuf::SetLogHandler(LogProtobuf);
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), Cut(status.message()));
}

absl::Status FromGrpc(const grpc::Status& status, absl::string_view reason) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  return reason.empty() ? result : WithReason(std::move(result), reason);
}

int HttpCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

absl::string_view CodeWord(absl::StatusCode code) {
  static constexpr const char* kWords[] = {
      "OK",           "CANCELLED",         "UNKNOWN",           "INVALID_ARGUMENT",    "DEADLINE_EXCEEDED", "NOT_FOUND",
      "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",           "OUT_OF_RANGE",
      "UNIMPLEMENTED", "INTERNAL",          "UNAVAILABLE",       "DATA_LOSS",           "UNAUTHENTICATED"};
  auto index = static_cast<size_t>(code);
  return index < std::size(kWords) ? kWords[index] : "UNKNOWN";
}

}  // namespace lectern::rpc
