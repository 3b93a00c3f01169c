#include "vod_service/http/job_handler.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/http/range.h"
#include "common/log/log.h"
#include "vod_service/http/errors.h"
#include "vod_service/http/received_file.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {
namespace {

http::Response BlobAnswer(const http::RequestHead& head, OpenBlob blob) {
  auto headers = std::make_shared<const std::string>(
      absl::StrCat("Content-Type: application/octet-stream\r\nETag: ", blob.info.etag,
                   "\r\nLast-Modified: ", http::HttpDate(blob.info.modified),
                   "\r\nCache-Control: private, no-store\r\nX-Content-Type-Options: nosniff\r\n"));
  http::Validators validators{blob.info.etag, absl::FromUnixSeconds(absl::ToUnixSeconds(blob.info.modified))};
  return http::FileResponse(head, std::move(blob.file), blob.info.size_bytes, validators, std::move(headers));
}

std::string OutputsJson(const UploadRecord& upload, const std::vector<OutputRecord>& outputs) {
  std::string json = "{\"outputs\":[";
  const std::string view_folder = ViewFolder(upload.lecture, upload.view) + "/";
  for (const OutputRecord& output : outputs) {
    absl::StrAppend(&json, json.back() == '[' ? "" : ",", "{\"name\":", log::JsonQuote(output.name),
                    ",\"size_bytes\":", output.size_bytes, ",\"sha256\":", log::JsonQuote(output.sha256));
    absl::string_view key = output.key;
    if (absl::ConsumePrefix(&key, view_folder)) absl::StrAppend(&json, ",\"path\":", log::JsonQuote(key));
    absl::StrAppend(&json, "}");
  }
  return json + "]}\n";
}

}  // namespace

struct JobHandler::Request {
  const http::RequestHead& head;
  http::BodyReader& body;
  int64_t job = 0;
  int64_t fence = 0;
  Claims claims;
};

JobHandler::JobHandler(Catalog& catalog, BlobStore& blobs, const Access& access, ThreadPool& pool, Clock& clock,
                       JobHandlerOptions options)
    : catalog_(catalog), blobs_(blobs), access_(access), pool_(pool), clock_(clock), options_(std::move(options)) {}

http::Awaitable<http::Response> JobHandler::Handle(const http::RequestHead& head, http::BodyReader& body,
                                                   absl::string_view path) {
  std::vector<absl::string_view> parts = absl::StrSplit(path, absl::MaxSplits('/', 3));
  if (parts.size() != 4 || !parts[0].empty()) co_return UnknownPath();
  std::optional<uint64_t> job = ParseDigits(parts[1]);
  std::optional<uint64_t> fence = ParseDigits(parts[2]);
  constexpr uint64_t kMax = int64_t{1} << 62;
  if (!job || !fence || *job > kMax || *fence > kMax) co_return UnknownPath();
  Request request{head, body, static_cast<int64_t>(*job), static_cast<int64_t>(*fence), {}};
  auto claims = access_.CheckJob(head, request.job, request.fence);
  if (!claims.ok()) co_return ErrorAnswer(claims.status());
  request.claims = *std::move(claims);
  absl::Status current =
      co_await http::RunBlocking(pool_, [&] { return catalog_.RaiseFence(request.job, request.fence); });
  if (!current.ok()) co_return ErrorAnswer(current);
  co_return co_await Dispatch(request, parts[3]);
}

http::Awaitable<http::Response> JobHandler::Dispatch(Request& request, absl::string_view what) {
  const bool reads = request.head.method == "GET" || request.head.method == "HEAD";
  if (what == "source") {
    if (!reads) co_return NotAllowed("GET, HEAD");
    co_return co_await Source(request);
  }
  if (absl::ConsumePrefix(&what, "input/")) {
    if (!reads) co_return NotAllowed("GET, HEAD");
    co_return co_await Input(request, what);
  }
  if (absl::ConsumePrefix(&what, "outputs/")) {
    if (request.head.method != "PUT") co_return NotAllowed("PUT");
    co_return co_await Output(request, what);
  }
  if (what == "commit") {
    if (request.head.method != "POST") co_return NotAllowed("POST");
    co_return co_await Commit(request);
  }
  co_return UnknownPath();
}

absl::StatusOr<UploadRecord> JobHandler::LookUpUpload(const Claims& claims) {
  ASSIGN_OR_RETURN(UploadRecord upload, catalog_.GetUpload(claims.upload));
  if (upload.state == UploadState::kComplete) return upload;
  return WithReason(absl::FailedPreconditionError("the recording is not here any more"), "UPLOAD_GONE");
}

http::Awaitable<http::Response> JobHandler::Source(Request& request) {
  OpenBlob blob;
  absl::Status opened = co_await http::RunBlocking(pool_, [&]() -> absl::Status {
    RETURN_IF_ERROR(LookUpUpload(request.claims).status());
    ASSIGN_OR_RETURN(blob, blobs_.Open(RecordingKey(request.claims.upload)));
    return absl::OkStatus();
  });
  if (!opened.ok()) co_return ErrorAnswer(opened);
  co_return BlobAnswer(request.head, std::move(blob));
}

http::Awaitable<http::Response> JobHandler::Input(Request& request, absl::string_view what) {
  std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(what, absl::MaxSplits('/', 1));
  std::optional<uint64_t> parent = ParseDigits(parts.first);
  if (!parent || !IsOutputName(parts.second)) co_return UnknownPath();
  OpenBlob blob;
  absl::Status opened = co_await http::RunBlocking(pool_, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(OutputRecord output, catalog_.GetCommitted(static_cast<int64_t>(*parent), parts.second));
    // Of the same recording only: a job's token opens no other lecture.
    if (output.upload != request.claims.upload) return absl::NotFoundError("the job has committed no such output");
    ASSIGN_OR_RETURN(blob, blobs_.Open(output.key));
    return absl::OkStatus();
  });
  if (!opened.ok()) co_return ErrorAnswer(opened);
  co_return BlobAnswer(request.head, std::move(blob));
}

absl::Status JobHandler::CheckRoom(const Request& request, absl::string_view name) {
  RETURN_IF_ERROR(LookUpUpload(request.claims).status());
  ASSIGN_OR_RETURN(std::vector<OutputRecord> outputs, catalog_.ListOutputs(request.job, request.fence));
  if (outputs.size() >= static_cast<size_t>(options_.max_outputs)) {
    return WithReason(absl::OutOfRangeError("the job has too many outputs"), "TOO_LARGE");
  }
  struct statvfs disk = {};
  if (statvfs(blobs_.ScratchDir().c_str(), &disk) != 0) return ErrnoStatus(errno, "reading the free space");
  const auto free_bytes = static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize);
  if (free_bytes - std::max<int64_t>(request.head.content_length, 0) < options_.min_free_bytes) {
    return WithReason(absl::ResourceExhaustedError("the media store has no room for this output"), "DISK_FULL");
  }
  return absl::OkStatus();
}

http::Awaitable<http::Response> JobHandler::Output(Request& request, absl::string_view name) {
  if (!IsOutputName(name)) co_return UnknownPath();
  const std::string folder = StagedFolder(blobs_.ScratchDir(), request.job, request.fence);
  ReceivedFile file(absl::StrCat(folder, "/.", name, "-", RandomHex(6)), 0);
  absl::Status status = co_await http::RunBlocking(pool_, [&]() -> absl::Status {
    RETURN_IF_ERROR(CheckRoom(request, name));
    RETURN_IF_ERROR(MakeDirectories(folder, 0750));
    return file.Open();
  });
  if (status.ok()) status = co_await ReceiveBody(request.body, file, pool_, clock_, options_.receive);
  if (!status.ok()) co_return ErrorAnswer(status);
  OutputRecord output{request.job, request.fence, std::string(name), request.claims.upload, file.size(), file.sha256(),
                      ""};
  status = co_await http::RunBlocking(pool_, [&]() -> absl::Status {
    RETURN_IF_ERROR(file.CheckDigest(request.head.Find("X-Content-SHA256")));
    RETURN_IF_ERROR(file.SyncToDisk());
    if (rename(file.path().c_str(), absl::StrCat(folder, "/", name).c_str()) != 0)
      return ErrnoStatus(errno, "naming an output");
    file.Keep();
    RETURN_IF_ERROR(SyncDirectory(folder));
    return catalog_.StageOutput(output);
  });
  if (!status.ok()) co_return ErrorAnswer(status);
  http::Response response;
  response.status = 204;
  response.headers.emplace_back("X-Content-SHA256", output.sha256);
  co_return response;
}

absl::Status JobHandler::MoveOutputs(const UploadRecord& upload, std::vector<OutputRecord>& outputs) {
  for (OutputRecord& output : outputs) {
    if (!output.key.empty()) continue;  // committed by an earlier try
    const std::string folder = IsPictureName(output.name)
                                   ? AssetFolder(upload.lecture, upload.view, upload.id) + "/thumbnails"
                                   : OutputFolder(output.job, output.fence);
    output.key = absl::StrCat(folder, "/", output.name);
    absl::Status moved = blobs_.PutFile(
        output.key, absl::StrCat(StagedFolder(blobs_.ScratchDir(), output.job, output.fence), "/", output.name));
    // An earlier try may have moved it and then been cut off.
    if (absl::IsNotFound(moved)) moved = blobs_.Open(output.key).status();
    RETURN_IF_ERROR(moved);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> JobHandler::CommitOutputs(const Claims& claims) {
  ASSIGN_OR_RETURN(UploadRecord upload, LookUpUpload(claims));
  ASSIGN_OR_RETURN(std::vector<OutputRecord> outputs, catalog_.ListOutputs(claims.job, claims.fence));
  if (outputs.empty())
    return WithReason(absl::FailedPreconditionError("the job has staged no output"), "NOTHING_STAGED");
  RETURN_IF_ERROR(MoveOutputs(upload, outputs));
  RETURN_IF_ERROR(catalog_.CommitOutputs(claims.job, claims.fence, outputs, clock_.Now()));
  rmdir(StagedFolder(blobs_.ScratchDir(), claims.job, claims.fence).c_str());
  return OutputsJson(upload, outputs);
}

http::Awaitable<http::Response> JobHandler::Commit(Request& request) {
  absl::StatusOr<std::string> json;
  absl::Status committed = co_await http::RunBlocking(pool_, [&] {
    json = CommitOutputs(request.claims);
    return json.status();
  });
  if (!committed.ok()) co_return ErrorAnswer(committed);
  http::Response response;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = *std::move(json);
  co_return response;
}

}  // namespace lectern::vod
