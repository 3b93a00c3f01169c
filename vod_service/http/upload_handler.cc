#include "vod_service/http/upload_handler.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/http/range.h"
#include "vod_service/http/errors.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {
namespace {

constexpr absl::Duration kPollHolder = absl::Milliseconds(5);
// How long a sender that was told to stop may take to sync what it has.
constexpr absl::Duration kStopPatience = absl::Seconds(10);
// How long HEAD waits for a sender's checkpoint.
constexpr absl::Duration kCheckpointPatience = absl::Milliseconds(200);
constexpr char kUploadMethods[] = "HEAD, PATCH, PUT, DELETE, OPTIONS";
constexpr char kCollectionMethods[] = "POST, OPTIONS";

// Feeds an UploadSession.
class SessionSink final : public BodySink {
 public:
  SessionSink(UploadSession& session, Clock& clock, prometheus::Counter& bytes)
      : session_(session), clock_(clock), bytes_(bytes) {}
  absl::Status Take(absl::string_view bytes) override {
    bytes_.Increment(static_cast<double>(bytes.size()));
    return session_.Write(bytes);
  }
  bool SyncDue() override { return session_.CheckpointDue(clock_.Steady()); }
  absl::Status Sync() override { return session_.Checkpoint(clock_.Steady()); }

 private:
  UploadSession& session_;
  Clock& clock_;
  prometheus::Counter& bytes_;
};

void AddState(http::Response& response, const UploadRecord& upload) {
  response.headers.emplace_back("Upload-Offset", absl::StrCat(upload.durable_offset));
  if (upload.state == UploadState::kOpen)
    response.headers.emplace_back("Upload-Expires", http::HttpDate(upload.expires_at));
}

http::Response StateAnswer(int status, const UploadRecord& upload) {
  http::Response response;
  response.status = status;
  AddState(response, upload);
  return response;
}

absl::Status Busy() {
  return WithReason(absl::AbortedError("another request is sending to this upload"), "UPLOAD_BUSY");
}

// One value, or none where it may be missing.
absl::StatusOr<std::optional<uint64_t>> NumberField(const http::RequestHead& head, absl::string_view name) {
  const int count = head.Count(name);
  if (count == 0) return std::optional<uint64_t>();
  if (count > 1) return absl::InvalidArgumentError(absl::StrCat(name, " is given more than once"));
  ASSIGN_OR_RETURN(uint64_t number, ParseTusNumber(name, head.Find(name)));
  return std::optional<uint64_t>(number);
}

absl::StatusOr<std::optional<Checksum>> ChecksumField(const http::RequestHead& head) {
  const int count = head.Count("Upload-Checksum");
  if (count == 0) return std::optional<Checksum>();
  if (count > 1) return absl::InvalidArgumentError("Upload-Checksum is given more than once");
  ASSIGN_OR_RETURN(Checksum checksum, ParseChecksum(head.Find("Upload-Checksum")));
  return std::optional<Checksum>(std::move(checksum));
}

}  // namespace

struct UploadHandler::Request {
  const http::RequestHead& head;
  http::BodyReader& body;
  std::string method;
  std::string upload;  // empty for the collection
  Claims claims;
};

UploadHandler::UploadHandler(UploadService& uploads, const Access& access, ThreadPool& pool, Clock& clock,
                             Metrics& metrics, UploadHandlerOptions options)
    : uploads_(uploads),
      access_(access),
      pool_(pool),
      clock_(clock),
      options_(std::move(options)),
      bytes_in_(metrics.Counter("lectern_vod_upload_bytes_total", "Bytes received in uploads").Add({})),
      resumes_(metrics.Counter("lectern_vod_upload_resumes_total", "Requests that continued an upload").Add({})),
      takeovers_(metrics.Counter("lectern_vod_upload_takeovers_total", "Silent senders replaced by another").Add({})) {}

http::Awaitable<http::Response> UploadHandler::Handle(const http::RequestHead& head, http::BodyReader& body,
                                                      absl::string_view path) {
  Request request{head, body, std::string(head.method), "", {}};
  // Proxies that know no PATCH.
  if (absl::string_view real = head.Find("X-HTTP-Method-Override"); !real.empty())
    request.method = absl::AsciiStrToUpper(real);
  http::Response response;
  if (!path.empty() && !IsUploadId(path.substr(1))) {
    response = UnknownPath();
  } else {
    request.upload = path.empty() ? "" : std::string(path.substr(1));
    response = co_await Dispatch(request);
  }
  response.headers.emplace_back("Tus-Resumable", kTusVersion);
  co_return response;
}

http::Awaitable<http::Response> UploadHandler::Dispatch(Request& request) {
  const std::string& method = request.method;
  if (method == "OPTIONS") co_return Options();
  const bool collection = request.upload.empty();
  const bool known =
      collection ? method == "POST" : method == "HEAD" || method == "PATCH" || method == "PUT" || method == "DELETE";
  if (!known) co_return NotAllowed(collection ? kCollectionMethods : kUploadMethods);
  if (method != "PUT" && request.head.Find("Tus-Resumable") != kTusVersion) {
    http::Response response = http::ErrorResponse(412, "FAILED_PRECONDITION", "Tus-Resumable: 1.0.0 is needed");
    response.headers.emplace_back("Tus-Version", kTusVersion);
    co_return response;
  }
  auto claims = access_.CheckUpload(request.head, request.upload);
  if (!claims.ok()) co_return ErrorAnswer(claims.status());
  if (!IsUploadId(claims->upload) || !IsView(claims->view) || claims->lecture <= 0) {
    co_return ErrorAnswer(absl::PermissionDeniedError("the token names no upload"));
  }
  request.claims = *std::move(claims);
  if (method == "POST") co_return co_await Post(request);
  if (method == "HEAD") co_return co_await Head(request);
  if (method == "PATCH") co_return co_await Patch(request);
  if (method == "PUT") co_return co_await Put(request);
  co_return co_await Delete(request);
}

http::Response UploadHandler::Options() const {
  http::Response response;
  response.status = 204;
  response.headers = {{"Tus-Version", kTusVersion},
                      {"Tus-Extension", kTusExtensions},
                      {"Tus-Checksum-Algorithm", kTusChecksums},
                      {"Tus-Max-Size", absl::StrCat(uploads_.limits().max_upload_bytes)}};
  return response;
}

std::string UploadHandler::LocationOf(absl::string_view upload) const {
  return absl::StrCat(options_.public_url, "/uploads/", upload);
}

http::Awaitable<http::Response> UploadHandler::Post(Request& request) {
  auto length = NumberField(request.head, "Upload-Length");
  if (!length.ok()) co_return ErrorAnswer(length.status());
  if (!length->has_value() || request.head.Count("Upload-Defer-Length") > 0) {
    co_return ErrorAnswer(
        absl::InvalidArgumentError("Upload-Length is needed, and Upload-Defer-Length is not supported"));
  }
  const auto granted = static_cast<uint64_t>(request.claims.size_bytes);
  if (**length > granted) {
    co_return ErrorAnswer(WithReason(absl::OutOfRangeError("the file is larger than the token allows"), "TOO_LARGE"));
  }
  if (**length != granted)
    co_return ErrorAnswer(absl::InvalidArgumentError("Upload-Length is not the size that was announced"));
  absl::string_view metadata = request.head.Find("Upload-Metadata");
  absl::Status checked = request.head.Count("Upload-Metadata") > 1
                             ? absl::InvalidArgumentError("Upload-Metadata is given more than once")
                             : CheckMetadata(metadata);
  auto checksum = ChecksumField(request.head);
  if (checked.ok()) checked = checksum.status();
  if (!checked.ok()) co_return ErrorAnswer(checked);
  const Claims& claims = request.claims;
  NewUpload wanted{claims.upload, claims.lecture, claims.view, claims.organization, granted, std::string(metadata)};
  absl::StatusOr<UploadRecord> upload;
  absl::Status created = co_await http::RunBlocking(pool_, [&] {
    upload = uploads_.Create(wanted);
    return upload.status();
  });
  if (!created.ok()) co_return ErrorAnswer(created);
  if (upload->lecture != claims.lecture || upload->view != claims.view || upload->size_bytes != granted) {
    co_return ErrorAnswer(absl::PermissionDeniedError("the token does not fit the upload"));
  }
  const bool with_bytes = request.head.has_body && IsOffsetStream(request.head.Find("Content-Type"));
  // A client that creates again does not know what arrived: its bytes, from the start, are of no use then.
  if (with_bytes && upload->state == UploadState::kOpen && upload->durable_offset == 0) {
    request.upload = claims.upload;
    auto appended = co_await Append(request, {.offset = 0, .from_scratch = false, .checksum = *std::move(checksum)});
    if (!appended.ok()) co_return ErrorAnswer(appended.status());
    upload = std::move(appended);
  }
  http::Response response = StateAnswer(201, *upload);
  response.headers.emplace_back("Location", LocationOf(claims.upload));
  co_return response;
}

http::Awaitable<http::Response> UploadHandler::Head(Request& request) {
  co_await SettleHolder(request.upload);
  absl::StatusOr<UploadRecord> upload;
  absl::Status read = co_await http::RunBlocking(pool_, [&] {
    upload = uploads_.Get(request.upload);
    return upload.status();
  });
  if (!read.ok()) co_return ErrorAnswer(read);
  http::Response response = StateAnswer(200, *upload);
  response.headers.emplace_back("Upload-Length", absl::StrCat(upload->size_bytes));
  response.headers.emplace_back("Cache-Control", "no-store");
  if (!upload->metadata.empty()) response.headers.emplace_back("Upload-Metadata", upload->metadata);
  co_return response;
}

http::Awaitable<http::Response> UploadHandler::Patch(Request& request) {
  const http::RequestHead& head = request.head;
  if (!IsOffsetStream(head.Find("Content-Type"))) {
    co_return http::ErrorResponse(415, "INVALID_ARGUMENT", absl::StrCat("Content-Type must be ", kOffsetContentType));
  }
  // Nothing here unpacks; stored as they are, packed bytes would not be the file that was announced.
  if (head.Count("Content-Encoding") > 0) {
    co_return http::ErrorResponse(415, "INVALID_ARGUMENT", "Content-Encoding is not supported for uploads");
  }
  auto offset = NumberField(head, "Upload-Offset");
  if (offset.ok() && !offset->has_value()) offset = absl::InvalidArgumentError("Upload-Offset is needed");
  auto checksum = ChecksumField(head);
  if (!offset.ok() || !checksum.ok()) co_return ErrorAnswer(offset.ok() ? checksum.status() : offset.status());
  if (head.content_length > 0 &&
      static_cast<uint64_t>(head.content_length) > static_cast<uint64_t>(request.claims.size_bytes)) {
    co_return ErrorAnswer(WithReason(absl::OutOfRangeError("more bytes than the upload is long"), "TOO_LARGE"));
  }
  auto upload = co_await Append(request, {.offset = **offset, .from_scratch = false, .checksum = *std::move(checksum)});
  if (upload.ok()) co_return StateAnswer(204, *upload);
  // The answer to the last PATCH got lost, and the client asks again with nothing left to send.
  const bool repeated = ReasonOf(upload.status()) == "UPLOAD_COMPLETE" && !head.has_body &&
                        **offset == static_cast<uint64_t>(request.claims.size_bytes);
  if (!repeated) co_return ErrorAnswer(upload.status());
  http::Response response;
  response.status = 204;
  response.headers.emplace_back("Upload-Offset", absl::StrCat(**offset));
  co_return response;
}

http::Awaitable<http::Response> UploadHandler::Put(Request& request) {
  const http::RequestHead& head = request.head;
  const Claims& claims = request.claims;
  const auto granted = static_cast<uint64_t>(claims.size_bytes);
  if (head.Count("Content-Encoding") > 0 || head.Count("Content-Range") > 0) {
    co_return ErrorAnswer(absl::InvalidArgumentError("PUT takes the whole file as it is"));
  }
  if (head.content_length >= 0 && static_cast<uint64_t>(head.content_length) != granted) {
    absl::Status wrong = absl::InvalidArgumentError(absl::StrCat("the file was announced with ", granted, " bytes"));
    if (static_cast<uint64_t>(head.content_length) > granted)
      wrong = WithReason(absl::OutOfRangeError(wrong.message()), "TOO_LARGE");
    co_return ErrorAnswer(wrong);
  }
  NewUpload wanted{claims.upload, claims.lecture, claims.view, claims.organization, granted, ""};
  absl::StatusOr<UploadRecord> upload;
  absl::Status created = co_await http::RunBlocking(pool_, [&] {
    upload = uploads_.Create(wanted);
    return upload.status();
  });
  if (!created.ok()) co_return ErrorAnswer(created);
  if (upload->state == UploadState::kOpen) {
    upload = co_await Append(request, {.offset = 0, .from_scratch = true, .checksum = std::nullopt});
    if (!upload.ok()) co_return ErrorAnswer(upload.status());
  }
  if (upload->state == UploadState::kComplete) co_return StateAnswer(204, *upload);
  co_return ErrorAnswer(absl::InvalidArgumentError(
      absl::StrCat("the file has ", upload->size_bytes, " bytes and only ", upload->durable_offset, " came")));
}

http::Awaitable<http::Response> UploadHandler::Delete(Request& request) {
  WriterClaim claim = co_await Claim(request.upload, /*at_once=*/true);
  if (claim == nullptr) co_return ErrorAnswer(Busy());
  absl::Status ended = co_await http::RunBlocking(pool_, [&] { return uploads_.Terminate(std::move(claim)); });
  if (!ended.ok()) co_return ErrorAnswer(ended);
  http::Response response;
  response.status = 204;
  co_return response;
}

http::Awaitable<absl::StatusOr<UploadRecord>> UploadHandler::Append(Request& request, UploadService::Start start) {
  WriterClaim claim = co_await Claim(request.upload, /*at_once=*/start.from_scratch);
  if (claim == nullptr) {
    if (uploads_.writers().closed()) co_return absl::UnavailableError("the media service restarts");
    co_return Busy();
  }
  std::unique_ptr<UploadSession> session;
  absl::Status begun = co_await http::RunBlocking(pool_, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(session, uploads_.Begin(std::move(claim), start));
    return absl::OkStatus();
  });
  if (!begun.ok()) co_return begun;
  if (session->offset() > 0) resumes_.Increment();
  if (request.head.content_length > 0 && static_cast<uint64_t>(request.head.content_length) > session->missing()) {
    co_return WithReason(absl::OutOfRangeError("the request has more bytes than the upload misses"), "TOO_LARGE");
  }
  absl::StatusOr<UploadRecord> upload = co_await Receive(request, *session);
  // The file is closed and the place given back where blocking is allowed.
  absl::Status released = co_await http::RunBlocking(pool_, [&session] {
    session.reset();
    return absl::OkStatus();
  });
  released.IgnoreError();
  co_return upload;
}

http::Awaitable<absl::StatusOr<UploadRecord>> UploadHandler::Receive(Request& request, UploadSession& session) {
  http::BodyReader& body = request.body;
  session.writer().SetAbort([&body] { body.Abort(); });
  SessionSink sink(session, clock_, bytes_in_);
  absl::Status received = co_await ReceiveBody(body, sink, pool_, clock_, options_.receive);
  session.writer().SetAbort(nullptr);
  absl::StatusOr<UploadRecord> upload;
  absl::Status finished = co_await http::RunBlocking(pool_, [&] {
    upload = session.Finish(received.ok());
    return upload.status();
  });
  if (!finished.ok()) co_return finished;
  if (!received.ok()) co_return received;
  co_return upload;
}

http::Awaitable<WriterClaim> UploadHandler::Claim(std::string upload, bool at_once) {
  Writers& writers = uploads_.writers();
  const absl::Duration started = clock_.Steady();
  bool stopped = false;
  while (true) {
    WriterClaim claim = writers.TryClaim(upload);
    if (claim != nullptr || writers.closed()) co_return claim;
    writers.WithHolder(upload, [&](Writer& holder) {
      if (!at_once && holder.Silence() < options_.holder_patience) return;
      if (!stopped) takeovers_.Increment();
      stopped = true;
      holder.Stop();
    });
    if (clock_.Steady() - started > (stopped ? kStopPatience : options_.busy_patience)) co_return nullptr;
    co_await Pause();
  }
}

http::Awaitable<void> UploadHandler::SettleHolder(std::string upload) {
  Writers& writers = uploads_.writers();
  const absl::Duration started = clock_.Steady();
  bool asked = false;
  while (true) {
    bool settled = false;
    bool stopped = false;
    const bool held = writers.WithHolder(upload, [&](Writer& holder) {
      if (holder.Silence() >= options_.holder_patience) holder.Stop();
      stopped = holder.stopped();
      settled = asked && !stopped && !holder.checkpoint_wanted();
      if (!asked) holder.WantCheckpoint();
      asked = true;
    });
    if (!held || settled) co_return;
    if (clock_.Steady() - started > (stopped ? kStopPatience : kCheckpointPatience)) co_return;
    co_await Pause();
  }
}

http::Awaitable<void> UploadHandler::Pause() {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, absl::ToChronoNanoseconds(kPollHolder));
  boost::system::error_code ignored;
  co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
}

}  // namespace lectern::vod
