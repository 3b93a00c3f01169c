#include "vod_service/http/errors.h"

#include "common/base/status.h"
#include "common/log/log.h"

namespace lectern::vod {
namespace {

struct Answer {
  int code;
  const char* word;
};

constexpr struct {
  absl::string_view reason;
  Answer answer;
} kByReason[] = {
    {"OFFSET_MISMATCH", {409, "ABORTED"}},
    {"UPLOAD_BUSY", {409, "ABORTED"}},
    {"SUPERSEDED", {409, "ABORTED"}},
    {"FENCED", {409, "FAILED_PRECONDITION"}},
    {"UPLOAD_COMPLETE", {409, "FAILED_PRECONDITION"}},
    {"NAME_TAKEN", {409, "ALREADY_EXISTS"}},
    {"NOTHING_STAGED", {409, "FAILED_PRECONDITION"}},
    {"UPLOAD_GONE", {410, "NOT_FOUND"}},
    {"TOO_LARGE", {413, "OUT_OF_RANGE"}},
    {"CHECKSUM_MISMATCH", {460, "INVALID_ARGUMENT"}},
    {"UPLOAD_BROKEN", {500, "DATA_LOSS"}},
    {"DISK_FULL", {507, "RESOURCE_EXHAUSTED"}},
    {"TOO_SLOW", {408, "DEADLINE_EXCEEDED"}},
};

Answer AnswerOf(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  for (const auto& known : kByReason) {
    if (known.reason == reason) return known.answer;
  }
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return {400, "INVALID_ARGUMENT"};
    case absl::StatusCode::kUnauthenticated:
      return {401, "UNAUTHENTICATED"};
    case absl::StatusCode::kPermissionDenied:
      return {403, "PERMISSION_DENIED"};
    case absl::StatusCode::kNotFound:
      return {404, "NOT_FOUND"};
    case absl::StatusCode::kAborted:
      return {409, "ABORTED"};
    case absl::StatusCode::kFailedPrecondition:
      return {409, "FAILED_PRECONDITION"};
    // A full queue, a process that is going away.
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnavailable:
      return {503, "UNAVAILABLE"};
    default:
      return {500, "INTERNAL"};
  }
}

const char* RetryAfter(int code) {
  if (code == 503) return "5";
  return code == 507 ? "60" : nullptr;
}

}  // namespace

http::Response ErrorAnswer(const absl::Status& status) {
  const Answer answer = AnswerOf(status);
  absl::string_view message = status.message();
  if (answer.code == 500) {
    log::Error("a request failed", {{"error", message}, {"reason", ReasonOf(status)}});
    message = "the media service failed";
  }
  http::Response response = http::ErrorResponse(answer.code, answer.word, message, ReasonOf(status));
  if (const char* seconds = RetryAfter(answer.code)) response.headers.emplace_back("Retry-After", seconds);
  // The rest of the body is not wanted, however little of it is left: waiting for a client that drips would hold the
  // connection.
  response.close = answer.code == 408 || answer.code == 413 || answer.code == 507;
  if (answer.code == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

http::Response NotAllowed(absl::string_view allowed_methods) {
  http::Response response = http::ErrorResponse(405, "UNIMPLEMENTED", "the method is not allowed here");
  response.headers.emplace_back("Allow", std::string(allowed_methods));
  return response;
}

http::Response UnknownPath() {
  return http::ErrorResponse(404, "NOT_FOUND", "there is nothing here");
}

}  // namespace lectern::vod
