// The front's nginx.conf. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lectern::proxy {

struct NginxSettings {
  std::string module;                  // ngx_rtmp_module.so, absolute
  std::string listen = "127.0.0.1";    // IPv4 address, or "::" for all of both kinds
  uint16_t port = 0;
  uint16_t hook_port = 0;
  std::string hook_secret;
  absl::Duration idle_publisher;
  size_t max_message_bytes = 0;
  int open_files = 4096;               // that the machine allows it
};

// Names in the folder where nginx runs; its configuration names them relative to that.
inline constexpr char kControlSocket[] = "control.sock";
inline constexpr char kConfigFile[] = "nginx.conf";

// Errors: kInvalidArgument for an address of another form.
absl::StatusOr<std::string> NginxConfig(const NginxSettings& settings);

}  // namespace lectern::proxy
