#include "vod_service/http/live_handler.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "lectern/v1/live_media.pb.h"
#include "vod_service/http/errors.h"
#include "vod_service/http/received_file.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {
namespace {

http::Response NoContent() {
  http::Response response;
  response.status = 204;
  return response;
}

http::Response StoredAnswer(const v1::LiveStored& stored) {
  http::Response response;
  response.headers.emplace_back("Content-Type", "application/x-protobuf");
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = stored.SerializeAsString();
  return response;
}

absl::Status Unreadable() {
  return WithReason(absl::InvalidArgumentError("the body is not the message that belongs here"), "BAD_MESSAGE");
}

absl::Status BodyError(const absl::Status& status) {
  return absl::IsResourceExhausted(status) ? WithReason(absl::OutOfRangeError("the body is too large"), "TOO_LARGE")
                                           : status;
}

}  // namespace

struct LiveHandler::Request {
  const http::RequestHead& head;
  http::BodyReader& body;
  LiveHolder holder;
};

LiveHandler::LiveHandler(LiveLibrary& library, BlobStore& blobs, const Access& access, ThreadPool& pool, Clock& clock,
                         Metrics& metrics, LiveHandlerOptions options)
    : library_(library),
      blobs_(blobs),
      access_(access),
      pool_(pool),
      clock_(clock),
      options_(std::move(options)),
      commit_seconds_(
          metrics
              .Histogram("lectern_vod_live_set_commit_seconds", "Time until a live set is durable and in the playlists")
              .Add({}, LatencyBuckets())) {}

http::Awaitable<http::Response> LiveHandler::Handle(const http::RequestHead& head, http::BodyReader& body,
                                                    absl::string_view path) {
  std::vector<absl::string_view> parts = absl::StrSplit(path, absl::MaxSplits('/', 3));
  if (parts.size() != 4 || !parts[0].empty()) co_return UnknownPath();
  std::optional<uint64_t> job = ParseDigits(parts[1]);
  std::optional<uint64_t> fence = ParseDigits(parts[2]);
  constexpr uint64_t kMax = int64_t{1} << 62;
  if (!job || !fence || *job > kMax || *fence > kMax) co_return UnknownPath();
  auto claims = access_.CheckJob(head, static_cast<int64_t>(*job), static_cast<int64_t>(*fence));
  if (!claims.ok()) co_return ErrorAnswer(claims.status());
  // Every job of a lecture has these; a token without them cannot be one for live media.
  if (!IsUploadId(claims->upload) || !IsView(claims->view) || claims->lecture <= 0) co_return UnknownPath();
  Request request{
      head, body, {claims->upload, claims->lecture, claims->view, claims->organization, claims->job, claims->fence}};
  co_return co_await Dispatch(request, parts[3]);
}

http::Awaitable<http::Response> LiveHandler::Dispatch(Request& request, absl::string_view what) {
  if (absl::ConsumePrefix(&what, "files/")) {
    if (request.head.method != "PUT") co_return NotAllowed("PUT");
    co_return co_await File(request, what);
  }
  if (what == "open" || what == "sets") {
    if (request.head.method != "POST") co_return NotAllowed("POST");
    if (what == "open") co_return co_await Open(request);
    co_return co_await Set(request);
  }
  if (what == "preview") {
    if (request.head.method != "PUT") co_return NotAllowed("PUT");
    co_return co_await Preview(request);
  }
  co_return UnknownPath();
}

http::Awaitable<http::Response> LiveHandler::Open(Request& request) {
  absl::StatusOr<std::string> bytes = co_await request.body.ReadAll(options_.max_message_bytes);
  if (!bytes.ok()) co_return ErrorAnswer(BodyError(bytes.status()));
  v1::LiveOpen message;
  if (!message.ParseFromString(*bytes)) co_return ErrorAnswer(Unreadable());
  absl::StatusOr<v1::LiveStored> stored;
  absl::Status opened = co_await http::RunBlocking(pool_, [&] {
    stored = library_.Open(request.holder, message);
    return stored.status();
  });
  co_return opened.ok() ? StoredAnswer(*stored) : ErrorAnswer(opened);
}

http::Awaitable<http::Response> LiveHandler::File(Request& request, absl::string_view name) {
  const std::string folder = LiveScratch(blobs_.ScratchDir());
  ReceivedFile file(absl::StrCat(folder, "/", RandomHex(12)), options_.max_file_bytes);
  absl::Status status = co_await http::RunBlocking(pool_, [&]() -> absl::Status {
    RETURN_IF_ERROR(library_.CheckFile(request.holder, name, request.head.content_length));
    RETURN_IF_ERROR(MakeDirectories(folder, 0750));
    return file.Open();
  });
  if (status.ok()) status = co_await ReceiveBody(request.body, file, pool_, clock_, options_.receive);
  if (status.ok()) status = file.CheckDigest(request.head.Find("X-Content-SHA256"));
  if (!status.ok()) co_return ErrorAnswer(status);
  status = co_await http::RunBlocking(
      pool_, [&] { return library_.StoreFile(request.holder, name, file.path(), static_cast<int64_t>(file.size())); });
  co_return status.ok() ? NoContent() : ErrorAnswer(status);
}

http::Awaitable<http::Response> LiveHandler::Set(Request& request) {
  absl::StatusOr<std::string> bytes = co_await request.body.ReadAll(options_.max_message_bytes);
  if (!bytes.ok()) co_return ErrorAnswer(BodyError(bytes.status()));
  v1::LiveSet message;
  if (!message.ParseFromString(*bytes)) co_return ErrorAnswer(Unreadable());
  const absl::Duration start = clock_.Steady();
  absl::StatusOr<v1::LiveStored> stored;
  int64_t expected = 0;
  absl::Status committed = co_await http::RunBlocking(pool_, [&] {
    stored = library_.Commit(request.holder, message, &expected);
    return stored.status();
  });
  if (committed.ok()) {
    commit_seconds_.Observe(absl::ToDoubleSeconds(clock_.Steady() - start));
    co_return StoredAnswer(*stored);
  }
  http::Response refused = ErrorAnswer(committed);
  if (ReasonOf(committed) == "OUT_OF_ORDER") refused.headers.emplace_back("X-Expected-Number", absl::StrCat(expected));
  co_return refused;
}

http::Awaitable<http::Response> LiveHandler::Preview(Request& request) {
  absl::StatusOr<std::string> bytes = co_await request.body.ReadAll(options_.max_picture_bytes);
  if (!bytes.ok()) co_return ErrorAnswer(BodyError(bytes.status()));
  absl::Status kept =
      co_await http::RunBlocking(pool_, [&] { return library_.SetPreview(request.holder, *std::move(bytes)); });
  co_return kept.ok() ? NoContent() : ErrorAnswer(kept);
}

}  // namespace lectern::vod
