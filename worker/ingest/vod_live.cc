#include "worker/ingest/vod_live.h"

#include <openssl/sha.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "lectern/v1/live_media.pb.h"

namespace lectern::worker {
namespace {

// A VOD service that takes longer is asked again: every request may be repeated.
constexpr absl::Duration kConnectTimeout = absl::Seconds(2), kStallTimeout = absl::Seconds(10);
constexpr size_t kMaxAnswer = 1 << 20;
constexpr char kProtobuf[] = "application/x-protobuf";

// By the reason word of the error's JSON; the rest of it is for people.
absl::Status FromConflict(const std::string& body) {
  auto reason = [&body](absl::string_view word) { return absl::StrContains(body, absl::StrCat("\"", word, "\"")); };
  if (reason("FENCED")) return absl::AbortedError("a newer holder of the stream was seen");
  if (reason("OVERLAPS")) return absl::InvalidArgumentError("the stretch is stored already");
  for (const char* word : {"OUT_OF_ORDER", "NOT_OPEN", "FILE_MISSING", "NAME_TAKEN"}) {
    if (reason(word)) return absl::OutOfRangeError(absl::StrCat("the VOD service says ", word));
  }
  return absl::UnavailableError("the VOD service answered 409");
}

absl::Status FromAnswer(const http::ClientResponse& response) {
  if (response.status >= 200 && response.status < 300) return absl::OkStatus();
  if (response.status == 409) return FromConflict(response.body);
  std::string text = absl::StrCat("the VOD service answered ", response.status);
  if (response.status == 410) return absl::AbortedError("the recording was deleted");
  if (response.status == 404) return absl::NotFoundError(text);
  if (response.status == 413 || response.status == 507) return absl::ResourceExhaustedError("the VOD service has no space");
  if (response.status == 400 || response.status == 422) return absl::FailedPreconditionError(text);
  // 401 and 403 too: right after its start it does not know the keys yet.
  return absl::UnavailableError(text);
}

}  // namespace

std::string Sha256Of(absl::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return HexEncode(absl::string_view(reinterpret_cast<char*>(digest), sizeof digest));
}

absl::StatusOr<http::ClientResponse> VodLive::Send(const char* method, absl::string_view path, std::string body,
                                                   absl::string_view type, const std::string& sha256) {
  http::ClientRequest request;
  request.method = method;
  request.url = absl::StrCat(target_.url, "/live/", target_.job, "/", target_.fence, "/", path);
  request.headers = {{"Authorization", absl::StrCat("Bearer ", target_.token)}, {"Content-Type", std::string(type)}};
  if (!sha256.empty()) request.headers.emplace_back("X-Content-SHA256", sha256);
  request.body = std::move(body);
  request.connect_timeout = kConnectTimeout;
  request.stall_timeout = kStallTimeout;
  request.max_response_bytes = kMaxAnswer;
  if (stopped_) request.on_sent = [this](uint64_t) { return !stopped_(); };
  ASSIGN_OR_RETURN(http::ClientResponse response, client_.Send(request));
  RETURN_IF_ERROR(FromAnswer(response));
  return response;
}

absl::StatusOr<v1::LiveStored> VodLive::Post(absl::string_view path, std::string body) {
  ASSIGN_OR_RETURN(http::ClientResponse response, Send("POST", path, std::move(body), kProtobuf));
  v1::LiveStored stored;
  if (!stored.ParseFromString(response.body)) return absl::UnavailableError("the VOD service's answer cannot be read");
  return stored;
}

absl::StatusOr<v1::LiveStored> VodLive::Open(int64_t start_time_ms) {
  v1::LiveOpen open;
  open.set_start_time_ms(start_time_ms);
  return Post("open", open.SerializeAsString());
}

absl::StatusOr<v1::LiveStored> VodLive::PostSet(const v1::LiveSet& set) {
  absl::StatusOr<v1::LiveStored> stored = Post("sets", set.SerializeAsString());
  // It would be refused in the same way for ever.
  if (absl::IsFailedPrecondition(stored.status())) return absl::InvalidArgumentError(stored.status().message());
  return stored;
}

absl::Status VodLive::PutFile(const std::string& name, const std::string& bytes, const std::string& sha256) {
  return Send("PUT", absl::StrCat("files/", name), bytes, "application/octet-stream", sha256).status();
}

absl::Status VodLive::PutPreview(const std::string& jpeg) { return Send("PUT", "preview", jpeg, "image/jpeg").status(); }

}  // namespace lectern::worker
