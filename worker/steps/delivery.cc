#include "worker/steps/delivery.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/http/client.h"

namespace lectern::worker {
namespace {

constexpr absl::Duration kFirstDelay = absl::Milliseconds(200), kMaxDelay = absl::Seconds(3);
constexpr absl::Duration kCheck = absl::Milliseconds(100);

absl::StatusOr<std::string> Sha256(int fd) {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (context == nullptr || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1)
    return absl::InternalError("SHA-256 is not available");
  std::string buffer(256 * 1024, '\0');
  off_t offset = 0;
  while (true) {
    ssize_t got = pread(fd, buffer.data(), buffer.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "read a result");
    if (got == 0) break;
    EVP_DigestUpdate(context.get(), buffer.data(), static_cast<size_t>(got));
    offset += got;
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_DigestFinal_ex(context.get(), digest, &length);
  return HexEncode(absl::string_view(reinterpret_cast<char*>(digest), length));
}

// What an answer of the VOD service means; kUnavailable is worth another attempt.
absl::Status FromAnswer(const http::ClientResponse& response) {
  if (response.status >= 200 && response.status < 300) return absl::OkStatus();
  if (response.status == 409) return absl::AbortedError("a newer holder of the job was seen");
  if (response.status == 413 || response.status == 507)
    return absl::ResourceExhaustedError("the VOD service has no space for the result");
  // 401 and 403: right after its start it does not know the keys yet. 400: the checksum did not match.
  static constexpr int kAgain[] = {400, 401, 403, 408, 429};
  bool again =
      response.status >= 500 || std::find(std::begin(kAgain), std::end(kAgain), response.status) != std::end(kAgain);
  std::string text = absl::StrCat("the VOD service answered ", response.status);
  return again ? absl::UnavailableError(text) : absl::InternalError(text);
}

class Sender {
 public:
  explicit Sender(StepCall& call) : call_(call) {}

  // Repeats the request until it succeeds, fails for good, or patience ends.
  absl::StatusOr<http::ClientResponse> Send(http::ClientRequest request, absl::string_view path) {
    request.url = absl::StrCat(call_.assign.media_url(), "/jobs/", call_.assign.job(), "/", call_.assign.token(), path);
    request.headers.emplace_back("Authorization", absl::StrCat("Bearer ", call_.assign.job_token()));
    request.on_sent = [this](uint64_t) { return !call_.context.ShouldStop(); };
    absl::Duration deadline = RealClock().Steady() + call_.environment.media_patience, delay = kFirstDelay;
    while (true) {
      RETURN_IF_ERROR(WaitForLease());
      absl::StatusOr<http::ClientResponse> response = client_.Send(request);
      absl::Status status = response.ok() ? FromAnswer(*response) : response.status();
      if (status.ok()) return response;
      bool again = absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
      if (!again || RealClock().Steady() + delay > deadline) return Annotate(status, "store the result");
      RETURN_IF_ERROR(Pause(delay));
      delay = std::min(delay * 2, kMaxDelay);
    }
  }

 private:
  absl::Status WaitForLease() {
    while (!call_.context.MayPublish()) RETURN_IF_ERROR(Pause(kCheck));
    return call_.context.ShouldStop() ? absl::CancelledError("the job was stopped") : absl::OkStatus();
  }

  absl::Status Pause(absl::Duration time) {
    for (; time > absl::ZeroDuration(); time -= kCheck) {
      if (call_.context.ShouldStop()) return absl::CancelledError("the job was stopped");
      std::this_thread::sleep_for(absl::ToChronoMilliseconds(std::min(time, kCheck)));
    }
    return absl::OkStatus();
  }

  StepCall& call_;
  http::Client client_;
};

absl::StatusOr<Delivered> Put(StepCall& call, Sender& sender, const std::string& name) {
  std::string path = absl::StrCat(call.environment.scratch_dir, "/", name);
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info;
  if (!file.valid() || fstat(file.get(), &info) != 0) return ErrnoStatus(errno, absl::StrCat("open the result ", name));
  Delivered delivered;
  delivered.size_bytes = info.st_size;
  ASSIGN_OR_RETURN(delivered.sha256, Sha256(file.get()));
  http::ClientRequest request;
  request.method = "PUT";
  request.body_fd = file.get();
  request.body_length = static_cast<uint64_t>(info.st_size);
  request.headers.emplace_back("X-Content-SHA256", delivered.sha256);
  RETURN_IF_ERROR(sender.Send(std::move(request), absl::StrCat("/outputs/", name)).status());
  return delivered;
}

// {"outputs": [{"name": ..., "path": ...}]}
void ReadPaths(const std::string& body, std::map<std::string, Delivered>& delivered) {
  nlohmann::json root = nlohmann::json::parse(body, nullptr, false);
  if (!root.is_object() || !root.contains("outputs") || !root["outputs"].is_array()) return;
  for (const nlohmann::json& output : root["outputs"]) {
    if (!output.is_object() || !output.contains("name") || !output["name"].is_string()) continue;
    auto known = delivered.find(output["name"].get<std::string>());
    if (known != delivered.end() && output.contains("path") && output["path"].is_string())
      known->second.path = output["path"];
  }
}

}  // namespace

absl::StatusOr<std::map<std::string, Delivered>> Deliver(StepCall& call, const std::vector<std::string>& names) {
  Sender sender(call);
  std::map<std::string, Delivered> delivered;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(delivered[name], Put(call, sender, name));
  }
  http::ClientRequest commit;
  commit.method = "POST";
  ASSIGN_OR_RETURN(http::ClientResponse response, sender.Send(std::move(commit), "/commit"));
  ReadPaths(response.body, delivered);
  call.context.Progress(1);
  return delivered;
}

}  // namespace lectern::worker
