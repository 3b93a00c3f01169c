#include "api/cli/file_upload.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::cli {
namespace {

constexpr int kMaxRefusals = 3;

double Random() {
  static std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

// The `message` of {"error": {"message": ...}}, else the status.
std::string Reason(const http::ClientResponse& response) {
  google::protobuf::Struct body;
  if (google::protobuf::util::JsonStringToMessage(response.body, &body).ok()) {
    const auto error = body.fields().find("error");
    if (error != body.fields().end()) {
      const auto& fields = error->second.struct_value().fields();
      const auto message = fields.find("message");
      if (message != fields.end()) return message->second.string_value();
    }
  }
  return absl::StrCat("the VOD service answered ", response.status);
}

absl::Status Permanent(const http::ClientResponse& response) {
  const std::string reason = Reason(response);
  switch (response.status) {
    case 410:
      return absl::NotFoundError(absl::StrCat("the upload has expired or was deleted; start it again: ", reason));
    case 413:
      return absl::ResourceExhaustedError(absl::StrCat("the file is too large: ", reason));
    case 460:
      return absl::DataLossError("bytes were damaged on the way, twice; check the network, then try again");
    case 507:
      return absl::ResourceExhaustedError(
          absl::StrCat("the VOD service has no space left; ask your IT, then call this again to go on: ", reason));
    default:
      return absl::FailedPreconditionError(absl::StrCat("refused (", response.status, "): ", reason));
  }
}

absl::Duration RetryAfter(const http::ClientResponse& response) {
  int seconds = 0;
  return absl::SimpleAtoi(response.Find("Retry-After"), &seconds) ? absl::Seconds(std::clamp(seconds, 0, 60))
                                                                  : absl::ZeroDuration();
}

}  // namespace

absl::Status FileUpload::Run(UploadTarget target) {
  target_ = std::move(target);
  progress_at_ = clock_.Steady();
  while (!known_ || stored_ < options_.size_bytes) {
    if (interrupt_.raised()) return absl::CancelledError("interrupted");
    const absl::StatusOr<http::ClientResponse> response = Next();
    if (response.ok()) {
      RETURN_IF_ERROR(React(*response));
    } else if (absl::IsCancelled(response.status()) || absl::IsInvalidArgument(response.status())) {
      return response.status();
    } else {
      step_ = Step::kHead;
      RETURN_IF_ERROR(Pause(response.status().message(), absl::ZeroDuration()));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<http::ClientResponse> FileUpload::Next() {
  switch (step_) {
    case Step::kHead:
      return Head();
    case Step::kCreate:
      return Create();
    case Step::kPatch:
      return Patch();
  }
  return absl::InternalError("no step");
}

http::ClientRequest FileUpload::Request(absl::string_view method, const std::string& url) const {
  http::ClientRequest request;
  request.method = std::string(method);
  request.url = url;
  request.headers = {{"Tus-Resumable", "1.0.0"}, {"Authorization", absl::StrCat("Bearer ", target_.token)}};
  return request;
}

absl::StatusOr<http::ClientResponse> FileUpload::Head() {
  return http_.Send(Request("HEAD", target_.upload_url));
}

absl::StatusOr<http::ClientResponse> FileUpload::Create() {
  http::ClientRequest request = Request("POST", target_.create_url);
  request.headers.push_back({"Upload-Length", absl::StrCat(options_.size_bytes)});
  request.headers.push_back({"Upload-Metadata", absl::StrCat("filename ", absl::Base64Escape(options_.file_name))});
  return http_.Send(request);
}

absl::StatusOr<http::ClientResponse> FileUpload::Patch() {
  http::ClientRequest request = Request("PATCH", target_.upload_url);
  request.headers.push_back({"Upload-Offset", absl::StrCat(stored_)});
  request.headers.push_back({"Content-Type", "application/offset+octet-stream"});
  request.body_fd = options_.fd;
  request.body_offset = stored_;
  request.body_length = std::min(options_.piece_bytes, options_.size_bytes - stored_);
  request.on_sent = [this](uint64_t sent) {
    progress_.Bytes(stored_, stored_ + sent, options_.size_bytes);
    return !interrupt_.raised();
  };
  return http_.Send(request);
}

absl::Status FileUpload::React(const http::ClientResponse& response) {
  const TusAction action = ActionFor(response.status, step_ == Step::kHead);
  if (action != TusAction::kNewToken) refusals_ = 0;
  switch (action) {
    case TusAction::kContinue:
      Advance(response);
      return absl::OkStatus();
    case TusAction::kCreate:
      step_ = Step::kCreate;
      return absl::OkStatus();
    case TusAction::kNewToken:
      return NewToken(response);
    case TusAction::kResendOnce:
      if (resent_) return Permanent(response);
      resent_ = true;
      step_ = Step::kHead;
      return absl::OkStatus();
    case TusAction::kResync:
      step_ = Step::kHead;
      return Pause(Reason(response), RetryAfter(response));
    case TusAction::kGiveUp:
      break;
  }
  return Permanent(response);
}

// The server's offset is the only truth: after a break it may be less than what was sent, or more than what was
// acknowledged.
void FileUpload::Advance(const http::ClientResponse& response) {
  if (step_ == Step::kCreate) {
    step_ = Step::kHead;
    return;
  }
  const std::optional<uint64_t> offset = ParseDigits(response.Find("Upload-Offset"));
  if (!offset || *offset > options_.size_bytes) {
    step_ = Step::kHead;
    ++failures_;
    return;
  }
  if (*offset > stored_) {
    failures_ = 0;
    resent_ = false;
    progress_at_ = clock_.Steady();
  }
  stored_ = *offset;
  known_ = true;
  step_ = Step::kPatch;
  progress_.Bytes(stored_, stored_, options_.size_bytes);
}

absl::Status FileUpload::NewToken(const http::ClientResponse& response) {
  if (++refusals_ > kMaxRefusals) return absl::PermissionDeniedError(Reason(response));
  absl::StatusOr<UploadTarget> target = options_.renew();
  if (!target.ok())
    return absl::IsUnavailable(target.status()) ? Pause(target.status().message(), absl::ZeroDuration())
                                                : target.status();
  if (target->upload_url != target_.upload_url) {
    known_ = false;
    stored_ = 0;
  }
  target_ = *std::move(target);
  step_ = Step::kHead;
  return absl::OkStatus();
}

absl::Status FileUpload::Pause(absl::string_view why, absl::Duration least) {
  if (clock_.Steady() - progress_at_ > options_.patience) {
    return absl::UnavailableError(absl::StrCat("no progress for ", absl::FormatDuration(options_.patience), ": ", why));
  }
  const absl::Duration pause = std::max(least, BackOff(options_.pause, failures_++, Random()));
  progress_.Words(absl::StrCat("waiting: ", why));
  return interrupt_.Sleep(pause) ? absl::OkStatus() : absl::CancelledError("interrupted");
}

}  // namespace lectern::cli
