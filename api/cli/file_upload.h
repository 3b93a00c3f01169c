// Sends a file over tus 1.0 until all of it is stored, through every trouble that passes by itself.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/cli/interrupt.h"
#include "api/cli/progress.h"
#include "api/cli/tus_answer.h"
#include "common/base/clock.h"
#include "common/http/client.h"

namespace lectern::cli {

struct UploadTarget {
  std::string create_url;
  std::string upload_url;
  std::string token;
};

struct FileUploadOptions {
  int fd = -1;
  uint64_t size_bytes = 0;
  std::string file_name;                                // for Upload-Metadata
  uint64_t piece_bytes = 32 << 20;                      // in one PATCH: what a broken one may have to send again
  absl::Duration patience = absl::Hours(1);             // without any progress
  absl::Duration pause = absl::Milliseconds(500);       // before the first repetition; doubled, with jitter
  std::function<absl::StatusOr<UploadTarget>()> renew;  // a fresh token for the same upload
};

class FileUpload {
 public:
  FileUpload(Clock& clock, const Interrupt& interrupt, Progress& progress, FileUploadOptions options)
      : clock_(clock), interrupt_(interrupt), progress_(progress), options_(std::move(options)) {}

  // Returns when the server has stored every byte. Errors: kCancelled after an interrupt (what was sent is kept);
  // kResourceExhausted for 413 and 507; kDataLoss where bytes were damaged twice; kUnavailable when patience has ended;
  // else what the server said.
  absl::Status Run(UploadTarget target);

  uint64_t stored_bytes() const { return stored_; }

 private:
  absl::StatusOr<http::ClientResponse> Head();
  absl::StatusOr<http::ClientResponse> Create();
  absl::StatusOr<http::ClientResponse> Patch();
  http::ClientRequest Request(absl::string_view method, const std::string& url) const;
  absl::StatusOr<http::ClientResponse> Next();
  absl::Status React(const http::ClientResponse& response);
  absl::Status NewToken(const http::ClientResponse& response);
  absl::Status Pause(absl::string_view why, absl::Duration least);
  void Advance(const http::ClientResponse& response);

  Clock& clock_;
  const Interrupt& interrupt_;
  Progress& progress_;
  const FileUploadOptions options_;
  http::Client http_;
  UploadTarget target_;
  enum class Step { kHead, kCreate, kPatch } step_ = Step::kHead;
  uint64_t stored_ = 0;
  bool known_ = false;  // `stored_` came from the server
  int failures_ = 0;    // in a row, without progress
  int refusals_ = 0;    // of the token, in a row
  bool resent_ = false;
  absl::Duration progress_at_;
};

}  // namespace lectern::cli
