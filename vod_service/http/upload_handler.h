// /uploads: tus 1.0 (core, creation, creation-with-upload, termination, checksum, expiration) and one plain streaming
// PUT. Includes Asio: keep it out of other headers.
//
// What tus leaves open: the upload's id and size come from the token, so that POST again answers with the same Location
// while the upload is open. Upload-Defer-Length and empty files are refused (400). A body that is longer than the
// upload gets 413; what came before the excess is kept. PATCH of an upload to which somebody is sending gets 409,
// unless that sender is silent for `holder_patience`: then it is taken over. HEAD takes over a silent sender as well,
// so that the offset it tells will be accepted.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/exec/thread_pool.h"
#include "common/http/server.h"
#include "common/metrics/metrics.h"
#include "vod_service/http/access.h"
#include "vod_service/http/receive.h"
#include "vod_service/upload/upload_service.h"

namespace lectern::vod {

struct UploadHandlerOptions {
  std::string public_url;  // without a trailing slash; empty: Location is a path
  absl::Duration holder_patience = absl::Seconds(1);
  absl::Duration busy_patience = absl::Milliseconds(1500);  // how long a PATCH waits for a sender that is not silent
  ReceiveLimits receive;
};

// Thread-safe.
class UploadHandler {
 public:
  UploadHandler(UploadService& uploads, const Access& access, ThreadPool& pool, Clock& clock, Metrics& metrics,
                UploadHandlerOptions options);

  // `path` is below "/uploads": "" or "/<upload id>".
  http::Awaitable<http::Response> Handle(const http::RequestHead& head, http::BodyReader& body, absl::string_view path);

 private:
  struct Request;

  http::Awaitable<http::Response> Dispatch(Request& request);
  http::Response Options() const;
  http::Awaitable<http::Response> Post(Request& request);
  http::Awaitable<http::Response> Head(Request& request);
  http::Awaitable<http::Response> Patch(Request& request);
  http::Awaitable<http::Response> Put(Request& request);
  http::Awaitable<http::Response> Delete(Request& request);

  // Reads the body into the upload; the upload as it is afterwards.
  http::Awaitable<absl::StatusOr<UploadRecord>> Append(Request& request, UploadService::Start start);
  http::Awaitable<absl::StatusOr<UploadRecord>> Receive(Request& request, UploadSession& session);
  // nullptr where the holder goes on sending. `at_once`: without waiting for its silence.
  http::Awaitable<WriterClaim> Claim(std::string upload, bool at_once);
  http::Awaitable<void> SettleHolder(std::string upload);
  http::Awaitable<void> Pause();
  std::string LocationOf(absl::string_view upload) const;

  UploadService& uploads_;
  const Access& access_;
  ThreadPool& pool_;
  Clock& clock_;
  const UploadHandlerOptions options_;
  prometheus::Counter& bytes_in_;
  prometheus::Counter& resumes_;
  prometheus::Counter& takeovers_;
};

}  // namespace lectern::vod
