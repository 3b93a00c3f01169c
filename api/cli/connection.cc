#include "api/cli/connection.h"

#include <google/protobuf/message.h>

#include <cstdio>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/cli/output.h"
#include "api/cli/session.h"
#include "common/base/status.h"
#include "common/rpc/rpc.h"

namespace lectern::cli {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(30);

}  // namespace

struct Connection::Impl {
  std::shared_ptr<grpc::Channel> channel;
};

Connection::Connection(const Settings& settings) : settings_(settings), impl_(std::make_unique<Impl>()) {}
Connection::~Connection() = default;

std::string Connection::GatewayUrl() const {
  if (!settings_.gateway.empty()) return settings_.gateway;
  const std::string first = std::vector<std::string>(absl::StrSplit(settings_.endpoint, ',')).front();
  const size_t colon = first.rfind(':');
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(first.substr(colon + 1), &port)) return "";
  return absl::StrCat("http://", first.substr(0, colon), ":", port - 1);
}

absl::Status Connection::Call(absl::string_view method, const google::protobuf::Message& request,
                              google::protobuf::Message* response) {
  if (!impl_->channel) {
    rpc::ChannelOptions options;
    options.addresses = absl::StrSplit(settings_.endpoint, ',');
    options.ca_file = settings_.ca_file;
    ASSIGN_OR_RETURN(impl_->channel, rpc::MakeChannel(options));
  }
  const std::string session = LoadSession(settings_.endpoint);
  const absl::Status status =
      rpc::Call(*impl_->channel, absl::StrCat("/lectern.v1.", method), request, response, session, kTimeout);
  if (absl::IsUnauthenticated(status) && method != "AuthService/Login") {
    return WithReason(
        absl::Status(status.code(),
                     absl::StrCat(status.message(), session.empty() ? "; " : " (your session may have ended); ",
                                  "sign in with: lecternctl login --email YOU")),
        ReasonOf(status));
  }
  if (absl::IsUnavailable(status)) return Annotate(status, absl::StrCat("API at ", settings_.endpoint));
  return status;
}

void Connection::Print(const google::protobuf::Message& message, absl::string_view text) const {
  std::cout << (json() ? MessageJson(message) : std::string(text)) << std::flush;
}

}  // namespace lectern::cli
