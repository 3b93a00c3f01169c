// A command's way to the API: where it is, who is signed in, and calls.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace google::protobuf {
class Message;
}

namespace lectern::cli {

struct Settings {
  std::string endpoint = "127.0.0.1:7401";
  std::string ca_file;
  std::string gateway;  // URL; empty: one port below the endpoint's, where deploy/up puts it
  std::string output = "table";
};

class Connection {
 public:
  explicit Connection(const Settings& settings);
  ~Connection();

  const Settings& settings() const { return settings_; }
  bool json() const { return settings_.output == "json"; }
  std::string GatewayUrl() const;

  // `method` without the package: "CourseService/GetCourse". Sends the session that was kept for this endpoint.
  absl::Status Call(absl::string_view method, const google::protobuf::Message& request,
                    google::protobuf::Message* response);

  // Prints JSON where it was asked for, else `text`.
  void Print(const google::protobuf::Message& message, absl::string_view text) const;

 private:
  struct Impl;
  const Settings& settings_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lectern::cli
