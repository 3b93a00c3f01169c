#include "common/link/identity.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/config/flags.h"
#include "common/link/backoff.h"
#include "common/log/log.h"
#include "common/rpc/rpc.h"
#include "lectern/v1/resources.pb.h"

namespace lectern::link {
namespace {

constexpr char kJoinMethod[] = "/lectern.v1.ResourceService/Join";
constexpr absl::Duration kJoinTimeout = absl::Seconds(10);

std::string CredentialFile(const std::string& state_dir) { return state_dir + "/credential"; }

v1::ResourceKind KindOf(Kind kind) {
  switch (kind) {
    case Kind::kWorker:
      return v1::WORKER;
    case Kind::kVodService:
      return v1::VOD_SERVICE;
    case Kind::kEdge:
      return v1::EDGE;
    case Kind::kRtmpProxy:
      return v1::RTMP_PROXY;
  }
  return v1::RESOURCE_KIND_UNSPECIFIED;
}

absl::StatusOr<std::string> InstanceKey(const std::string& state_dir) {
  std::string path = state_dir + "/instance_key";
  absl::StatusOr<std::string> stored = ReadFile(path, 256);
  if (stored.ok()) return std::string(absl::StripAsciiWhitespace(*stored));
  if (!absl::IsNotFound(stored.status())) return stored.status();
  std::string key = RandomHex(16);
  RETURN_IF_ERROR(WriteFileAtomically(path, key + "\n", 0600));
  return key;
}

absl::StatusOr<Identity> ReadCredential(const std::string& state_dir) {
  ASSIGN_OR_RETURN(std::string text, ReadFile(CredentialFile(state_dir), 64 << 10));
  std::vector<std::string> lines = absl::StrSplit(text, '\n', absl::SkipWhitespace());
  if (lines.size() != 2 || !ParseName(lines[0], "resources")) {
    return absl::InvalidArgumentError(
        absl::StrCat(CredentialFile(state_dir), " is damaged: remove it and start once with LECTERN_TOKEN to join again"));
  }
  return Identity{lines[0], lines[1]};
}

// What the API may answer differently a moment later.
bool MayPass(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kCancelled:
      return true;
    default:
      return false;
  }
}

absl::Status Refused(const absl::Status& status) {
  if (!absl::IsUnauthenticated(status)) return Annotate(status, "the API refuses the join");
  std::string why = ReasonOf(status) == "TOKEN_EXPIRED" ? "has expired (it is valid for 7 hours)" : "is not accepted";
  return WithReason(absl::UnauthenticatedError(absl::StrCat(
                        "the organization token in LECTERN_TOKEN ", why,
                        ": make a new one with \"lecternctl org token create\" and start again with it")),
                    ReasonOf(status));
}

// False where a stop was asked for meanwhile.
bool SleepUnlessStopped(const std::stop_token& stop, absl::Duration wait) {
  std::mutex mu;
  std::condition_variable_any wake;
  std::unique_lock<std::mutex> lock(mu);
  wake.wait_for(lock, stop, absl::ToChronoMilliseconds(wait), [] { return false; });
  return !stop.stop_requested();
}

absl::StatusOr<v1::JoinResponse> JoinOnce(const LinkConfig& config, const std::string& address, const v1::JoinRequest& request) {
  ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel,
                   rpc::MakeChannel({{address}, config.api_ca_file, config.api_plaintext}));
  v1::JoinResponse response;
  RETURN_IF_ERROR(rpc::Call(*channel, kJoinMethod, request, &response, "", kJoinTimeout));
  if (!ParseName(response.name(), "resources") || response.credential().empty()) {
    return absl::InternalError("the API answered the join without a name or a credential");
  }
  return response;
}

absl::StatusOr<Identity> Join(const LinkConfig& config) {
  v1::JoinRequest request;
  request.set_organization_token(config.organization_token);
  request.set_kind(KindOf(config.kind));
  request.set_host(config.host);
  request.set_version(std::string(Version()));
  request.mutable_capabilities()->Assign(config.capabilities.begin(), config.capabilities.end());
  request.set_slots(static_cast<int32_t>(config.slots));
  request.set_public_url(config.public_url);
  ASSIGN_OR_RETURN(*request.mutable_instance_key(), InstanceKey(config.state_dir));
  Backoff backoff(absl::Milliseconds(200), absl::Seconds(5));
  for (size_t attempt = 0;; ++attempt) {
    absl::StatusOr<v1::JoinResponse> joined = JoinOnce(config, config.api[attempt % config.api.size()], request);
    if (joined.ok()) return Identity{joined->name(), joined->credential(), true};
    if (!MayPass(joined.status())) return Refused(joined.status());
    if (attempt % 20 == 0) log::Warn("cannot join yet, trying again", {{"error", joined.status().ToString()}});
    if (!SleepUnlessStopped(config.stop, backoff.Next())) return absl::CancelledError("stopped before the API was reached");
  }
}

}  // namespace

absl::StatusOr<Fd> LockStateDir(const std::string& state_dir) {
  RETURN_IF_ERROR(MakeDirectories(state_dir, 0700));
  // The folder may be older than this program and open to others.
  if (chmod(state_dir.c_str(), 0700) != 0) return ErrnoStatus(errno, absl::StrCat("chmod ", state_dir));
  std::string path = state_dir + "/lock";
  Fd lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid()) return ErrnoStatus(errno, path);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(absl::StrCat("another process uses the state folder ", state_dir));
  }
  return lock;
}

absl::StatusOr<Identity> LoadOrJoin(const LinkConfig& config) {
  absl::StatusOr<Identity> stored = ReadCredential(config.state_dir);
  if (stored.ok() || !absl::IsNotFound(stored.status())) return stored;
  if (config.organization_token.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("no credential in ", config.state_dir,
                                                   " and no organization token: make one with \"lecternctl org token create\" and "
                                                   "set LECTERN_TOKEN for the first start"));
  }
  ASSIGN_OR_RETURN(Identity joined, Join(config));
  RETURN_IF_ERROR(WriteFileAtomically(CredentialFile(config.state_dir),
                                      absl::StrCat(joined.name, "\n", joined.credential, "\n"), 0600));
  log::Info("joined", {{"resource", joined.name}});
  return joined;
}

void RetireCredential(const std::string& state_dir) {
  std::string path = CredentialFile(state_dir);
  if (rename(path.c_str(), (path + ".removed").c_str()) != 0) {
    log::Warn("cannot put the credential aside", {{"error", ErrnoStatus(errno, path).ToString()}});
  }
}

}  // namespace lectern::link
