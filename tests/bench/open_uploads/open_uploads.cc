// Memory of a VOD service under many open uploads: each has sent a part of its bytes and keeps its request open.
// See tests/bench/README.md.

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/config/flags.h"
#include "common/rpc/rpc.h"
#include "lectern/v1/auth.pb.h"
#include "lectern/v1/lectures.pb.h"

namespace lectern {
namespace {

constexpr int64_t kUploadBytes = 64 << 20;
constexpr size_t kSentBytes = 1 << 20;

struct Options {
  std::string endpoint = "127.0.0.1:7400";
  std::string email;
  std::string password;
  std::string lecture;
  int64_t vod_pid = 0;
  int64_t uploads = 100;
};

int64_t ResidentKib(int64_t pid) {
  absl::StatusOr<std::string> status = ReadFile(absl::StrCat("/proc/", pid, "/status"));
  if (!status.ok()) return 0;
  for (absl::string_view line : absl::StrSplit(*status, '\n')) {
    if (!absl::StartsWith(line, "VmRSS:")) continue;
    std::vector<absl::string_view> words = absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    int64_t kib = 0;
    if (words.size() > 1 && absl::SimpleAtoi(words[1], &kib)) return kib;
  }
  return 0;
}

struct Url {
  std::string host;
  std::string port;
  std::string path;
};

Url Split(absl::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  Url parts;
  parts.path = std::string(url.substr(url.find('/')));
  std::pair<std::string, std::string> authority = absl::StrSplit(url.substr(0, url.find('/')), absl::MaxSplits(':', 1));
  parts.host = authority.first;
  parts.port = authority.second;
  return parts;
}

Fd Connect(const Url& url) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &found) != 0) return Fd();
  Fd fd(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  bool connected = connect(fd.get(), found->ai_addr, found->ai_addrlen) == 0;
  freeaddrinfo(found);
  return connected ? std::move(fd) : Fd();
}

bool SendAll(const Fd& fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// The status line's number, after the whole answer was read (the connection is closed by the server).
int Exchange(const Url& url, const std::string& request) {
  Fd fd = Connect(url);
  if (!fd.valid() || !SendAll(fd, request)) return 0;
  std::string answer;
  char buffer[4096];
  while (true) {
    ssize_t got = recv(fd.get(), buffer, sizeof buffer, 0);
    if (got <= 0) break;
    answer.append(buffer, static_cast<size_t>(got));
  }
  int status = 0;
  if (answer.size() > 12 && absl::SimpleAtoi(absl::string_view(answer).substr(9, 3), &status)) return status;
  return 0;
}

// Creates the upload and sends the beginning of its bytes; the connection stays in the middle of the request.
std::optional<Fd> OpenUpload(const v1::Upload& upload) {
  Url create = Split(upload.create_url());
  std::string common = absl::StrCat("Authorization: Bearer ", upload.token(), "\r\nTus-Resumable: 1.0.0\r\n");
  int created = Exchange(create, absl::StrCat("POST ", create.path, " HTTP/1.1\r\nHost: ", create.host, "\r\n", common,
                                              "Upload-Length: ", kUploadBytes,
                                              "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
  if (created != 201) {
    std::fprintf(stderr, "creating an upload answered %d\n", created);
    return std::nullopt;
  }
  Url url = Split(upload.upload_url());
  Fd fd = Connect(url);
  std::string head = absl::StrCat("PATCH ", url.path, " HTTP/1.1\r\nHost: ", url.host, "\r\n", common,
                                  "Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: ",
                                  kUploadBytes, "\r\n\r\n");
  if (!fd.valid() || !SendAll(fd, head) || !SendAll(fd, std::string(kSentBytes, 'x'))) return std::nullopt;
  return fd;
}

absl::Status Measure(const Options& options) {
  rpc::ChannelOptions where;
  where.addresses = {options.endpoint};
  auto channel = rpc::MakeChannel(where);
  if (!channel.ok()) return channel.status();
  v1::LoginRequest login;
  login.set_email(options.email);
  login.set_password(options.password);
  v1::LoginResponse session;
  absl::Status status = rpc::Call(**channel, "/lectern.v1.AuthService/Login", login, &session, "", absl::Seconds(10));
  if (!status.ok()) return status;
  int64_t before = ResidentKib(options.vod_pid);
  std::vector<Fd> open;
  for (int64_t i = 0; i < options.uploads; ++i) {
    v1::CreateUploadRequest request;
    request.set_lecture(options.lecture);
    request.set_view(v1::COMB);
    request.set_file_name(absl::StrCat("open-", i, ".mp4"));
    request.set_size_bytes(kUploadBytes);
    request.set_fingerprint(RandomHex(16));
    v1::Upload upload;
    status = rpc::Call(**channel, "/lectern.v1.LectureService/CreateUpload", request, &upload, session.session_token(),
                       absl::Seconds(10));
    if (!status.ok()) return status;
    std::optional<Fd> connection = OpenUpload(upload);
    if (!connection) return absl::UnavailableError("an upload could not be opened");
    open.push_back(*std::move(connection));
  }
  absl::SleepFor(absl::Seconds(2));   // lets the service take what is on the way
  int64_t after = ResidentKib(options.vod_pid);
  std::printf("memory of the VOD service: %.1f MiB idle, %.1f MiB under %lld open uploads, %.0f KiB an upload\n",
              static_cast<double>(before) / 1024, static_cast<double>(after) / 1024, static_cast<long long>(options.uploads),
              static_cast<double>(after - before) / static_cast<double>(options.uploads));
  return absl::OkStatus();
}

}  // namespace
}  // namespace lectern

int main(int argc, char** argv) {
  lectern::Options options;
  lectern::Flags flags("open_uploads", "Measures the memory that open uploads take.");
  flags.String("endpoint", &options.endpoint, "gRPC address of the API");
  flags.String("email", &options.email, "A lecturer of the lecture");
  flags.Secret("LECTERN_PASSWORD", &options.password, "their password");
  flags.String("lecture", &options.lecture, "The lecture to upload to");
  flags.Int("vod_pid", &options.vod_pid, "Process id of the VOD service");
  flags.Int("uploads", &options.uploads, "How many");
  if (std::optional<int> exit = flags.Parse(argc, argv)) return *exit;
  absl::Status status = lectern::Measure(options);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
