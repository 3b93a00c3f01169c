#include "rtmp_proxy/front/nginx_config.h"

#include <arpa/inet.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"

namespace lectern::proxy {
namespace {

// - One worker: streams, statistics and control are a worker's own in nginx-rtmp.
// - No on_update: any failure of its endpoint throws the publisher out.
// - error_log crit: below that, lines carry stream names and arguments, which are tokens.
// - drop_idle_publisher: nginx-rtmp's ping never notices a frozen publisher, since sending it counts as activity.
// - out_queue: the proxy may be away for moments and must not lose frames for it.
// - idle_streams: the player is attached before its publisher is let in.
constexpr char kTemplate[] = R"conf(# Written by lectern-rtmp-proxy at each start.
daemon on;
worker_processes 1;
worker_rlimit_nofile $6;
load_module $0;
pid nginx.pid;
error_log error.log crit;
events { worker_connections $7; }
rtmp {
  access_log off;
  server {
$1    chunk_size 65536;
    max_message $5;
    out_queue 16384;
    application live {
      live on;
      record off;
      meta copy;
      wait_key off;
      wait_video off;
      idle_streams on;
      drop_idle_publisher $4ms;
      allow publish all;
      allow play 127.0.0.1;
      deny play all;
      notify_method post;
      on_publish http://127.0.0.1:$2/$3/publish;
      on_publish_done http://127.0.0.1:$2/$3/publish_done;
    }
  }
}
http {
  access_log off;
  client_body_temp_path temp/body;
  proxy_temp_path temp/proxy;
  fastcgi_temp_path temp/fastcgi;
  uwsgi_temp_path temp/uwsgi;
  scgi_temp_path temp/scgi;
  server {
    listen unix:control.sock;
    location /stat { rtmp_stat live; }
    location /control { rtmp_control drop; }
  }
}
)conf";

absl::StatusOr<std::string> ListenLines(const std::string& address, uint16_t port) {
  in_addr four;
  if (address == "::") return absl::StrCat("    listen [::]:", port, " ipv6only=off so_keepalive=on;\n");
  if (inet_pton(AF_INET, address.c_str(), &four) != 1) {
    return absl::InvalidArgumentError(absl::StrCat("\"", address, "\" is no IPv4 address to listen on (nor \"::\")"));
  }
  std::string lines = absl::StrCat("    listen ", address, ":", port, " so_keepalive=on;\n");
  // The proxy's own player comes over loopback.
  if (address != "0.0.0.0" && address != "127.0.0.1") absl::StrAppend(&lines, "    listen 127.0.0.1:", port, ";\n");
  return lines;
}

}  // namespace

absl::StatusOr<std::string> NginxConfig(const NginxSettings& settings) {
  absl::StatusOr<std::string> listen = ListenLines(settings.listen, settings.port);
  if (!listen.ok()) return listen.status();
  return absl::Substitute(kTemplate, settings.module, *listen, settings.hook_port, settings.hook_secret,
                          absl::ToInt64Milliseconds(settings.idle_publisher), settings.max_message_bytes, settings.open_files,
                          settings.open_files / 2);
}

}  // namespace lectern::proxy
