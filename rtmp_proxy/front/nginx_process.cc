#include "rtmp_proxy/front/nginx_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::proxy {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(20);
constexpr char kStartLog[] = "start.log";

// "12 (nginx) S 1 ...": the name may hold anything, so the state is what follows the last parenthesis.
bool IsAlive(const std::string& stat) {
  size_t end = stat.rfind(')');
  return end != std::string::npos && end + 2 < stat.size() && stat[end + 2] != 'Z' && stat[end + 2] != 'X';
}

bool RunsIn(pid_t pid, const std::string& name, const std::string& folder) {
  std::string base = absl::StrCat("/proc/", pid);
  std::error_code error;
  if (std::filesystem::read_symlink(base + "/cwd", error).string() != folder || error) return false;
  absl::StatusOr<std::string> stat = ReadFile(base + "/stat", 4096);
  return stat.ok() && absl::StrContains(*stat, absl::StrCat("(", name.substr(0, 15), ")")) && IsAlive(*stat);
}

struct SpawnPlan {
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

void Detach(SpawnPlan& plan, const std::string& folder) {
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&plan.attributes, &all);
  posix_spawnattr_setsigmask(&plan.attributes, &none);
  posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  posix_spawn_file_actions_addchdir_np(&plan.actions, folder.c_str());
  posix_spawn_file_actions_addopen(&plan.actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&plan.actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&plan.actions, 2, kStartLog, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  // It would keep this process' sockets, the port of the hooks among them.
  posix_spawn_file_actions_addclosefrom_np(&plan.actions, 3);
}

// nginx's words without its own time stamps; they name ports and files of the front only.
std::string LastWords(const std::string& folder) {
  absl::StatusOr<std::string> text = ReadFile(absl::StrCat(folder, "/", kStartLog), 64 << 10);
  if (!text.ok()) return "";
  absl::string_view first = *text;
  return std::string(absl::StripAsciiWhitespace(first.substr(0, first.find('\n'))));
}

}  // namespace

NginxProcess::NginxProcess(std::string program, std::string folder) : program_(std::move(program)), folder_(std::move(folder)) {}

absl::StatusOr<NginxProcess> NginxProcess::Find(const std::string& program, std::string folder) {
  std::vector<std::string> places = {program};
  if (!absl::StrContains(program, '/')) {
    const char* path = getenv("PATH");
    places = absl::StrSplit(path == nullptr ? "" : path, ':', absl::SkipEmpty());
    places.insert(places.end(), {"/usr/sbin", "/usr/local/sbin", "/sbin"});
    for (std::string& place : places) absl::StrAppend(&place, "/", program);
  }
  for (const std::string& place : places) {
    if (access(place.c_str(), X_OK) == 0) return NginxProcess(place, std::move(folder));
  }
  return absl::NotFoundError(absl::StrCat("no program \"", program, "\": install nginx, or name it with --nginx"));
}

absl::Status NginxProcess::Start(absl::string_view config_file) const {
  SpawnPlan plan;
  Detach(plan, folder_);
  std::string prefix = folder_ + "/", config(config_file);
  std::vector<std::string> words = {program_, "-e", "stderr", "-p", prefix, "-c", config};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {path.data(), nullptr};
  pid_t pid = 0;
  int error = posix_spawn(&pid, program_.c_str(), &plan.actions, &plan.attributes, argv.data(), environment);
  if (error != 0) return ErrnoStatus(error, absl::StrCat("start ", program_));
  // It goes to the background once it has read its configuration and taken its ports.
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("nginx does not start: ", LastWords(folder_)));
}

std::vector<pid_t> NginxProcess::Pids() const {
  std::vector<pid_t> pids;
  std::unique_ptr<DIR, int (*)(DIR*)> proc(opendir("/proc"), closedir);
  if (proc == nullptr) return pids;
  std::string name = program_.substr(program_.rfind('/') + 1);
  while (const dirent* entry = readdir(proc.get())) {
    std::optional<uint64_t> number = ParseDigits(entry->d_name);
    if (number && RunsIn(static_cast<pid_t>(*number), name, folder_)) pids.push_back(static_cast<pid_t>(*number));
  }
  return pids;
}

void NginxProcess::Signal(int signal) const {
  std::string name = program_.substr(program_.rfind('/') + 1);
  for (pid_t pid : Pids()) {
    Fd handle(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    // Looked at again with the handle open: from here on the number cannot become another process.
    if (handle.valid() && RunsIn(pid, name, folder_)) syscall(SYS_pidfd_send_signal, handle.get(), signal, nullptr, 0);
  }
}

void NginxProcess::End(absl::Duration grace) const {
  Signal(SIGTERM);
  absl::Duration deadline = RealClock().Steady() + grace;
  while (!Pids().empty()) {
    if (RealClock().Steady() > deadline) Signal(SIGKILL);
    absl::SleepFor(kLook);
  }
}

}  // namespace lectern::proxy
