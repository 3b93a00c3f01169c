// A camera for tests: GStreamer's RTSP server in a process of its own. rtsp_source.py
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "common/base/file.h"
#include "common/exec/process.h"

namespace lectern::testing {

class Camera {
 public:
  // Nobody listens at its port before Start.
  Camera() : held_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    int yes = 1;
    setsockopt(held_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<struct sockaddr*>(&address);
    if (bind(held_.get(), generic, length) != 0 || getsockname(held_.get(), generic, &length) != 0) abort();
    port_ = ntohs(address.sin_port);
  }
  ~Camera() { Stop(); }

  // Whether this machine has what it needs: gir1.2-gst-rtsp-server-1.0 and GStreamer's plugins.
  static bool Available() {
    ProcessOptions options;
    options.argv = {"/usr/bin/python3", "-c",
                    "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"};
    return RunProcess(options, absl::Seconds(30)).ok();
  }

  std::string Url(const std::string& user_info = "") const { return absl::StrCat("rtsp://", user_info, "127.0.0.1:", port_, "/cam"); }

  // Returns when it listens. False: it does not.
  bool Start(const std::string& credentials = "", const std::string& sound = "aac") {
    held_ = Fd();
    auto listening = std::make_shared<absl::Notification>();
    ProcessOptions options;
    // Its standard input stays open.
    options.argv = {"/bin/sh", "-c", "sleep 300 | \"$@\"", "sh", "/usr/bin/python3",
                    absl::StrCat(std::getenv("LECTERN_SOURCE_DIR"), "/tests/worker/ingest/rtsp_source.py"), absl::StrCat(port_),
                    credentials, sound};
    options.on_stdout_line = [listening](absl::string_view) {
      if (!listening->HasBeenNotified()) listening->Notify();
    };
    auto process = Process::Start(std::move(options));
    if (!process.ok()) return false;
    process_ = *std::move(process);
    thread_ = std::thread([this] { process_->Wait(); });
    return listening->WaitForNotificationWithTimeout(absl::Seconds(30));
  }
  void Stop() {
    if (process_ == nullptr) return;
    process_->Signal(SIGKILL);
    thread_.join();
    process_.reset();
  }
  void Signal(int signal) { process_->Signal(signal); }

 private:
  Fd held_;
  int port_ = 0;
  std::unique_ptr<Process> process_;
  std::thread thread_;
};

}  // namespace lectern::testing
