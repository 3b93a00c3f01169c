// Who may do what here: tokens, checked offline with the keys that came over the link.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/http/message.h"
#include "common/token/token.h"

namespace lectern::v1 {
class Directory;
}  // namespace lectern::v1

namespace lectern::vod {

// Errors of all checks: kUnauthenticated/NO_TOKEN without a token; kPermissionDenied with TOKEN_INVALID, TOKEN_EXPIRED,
// TOKEN_REVOKED or TOKEN_NOT_FOR_THIS for one that does not allow it. Without any key nothing is allowed. Thread-safe.
class Access {
 public:
  // The directory is kept in `directory_file`, so that a restart without the API still knows the keys.
  Access(Clock& clock, std::string directory_file);

  // Reads what was kept; absent is fine.
  absl::Status Load();
  // Replaces keys and revocations.
  void SetDirectory(const v1::Directory& directory);
  // The number of this VOD service; tokens for another one are refused. 0: not joined yet, nothing is allowed.
  void SetResource(int64_t resource);

  // `upload` empty: whichever upload the token is for.
  absl::StatusOr<Claims> CheckUpload(const http::RequestHead& head, absl::string_view upload) const;
  absl::StatusOr<Claims> CheckJob(const http::RequestHead& head, int64_t job, int64_t fence) const;
  absl::StatusOr<Claims> CheckPlayback(absl::string_view token, int64_t lecture, absl::string_view view) const;
  // A playback token that gives a recording as a file. One that only plays it: kPermissionDenied/DOWNLOADS_OFF.
  absl::StatusOr<Claims> CheckDownload(absl::string_view token, int64_t lecture, absl::string_view view) const;

 private:
  struct Revocation {
    int64_t lecture = 0;
    std::string subject;  // empty: everybody
    absl::Time issued_before;
  };

  void Apply(const v1::Directory& directory);
  absl::StatusOr<Claims> CheckToken(absl::string_view token, Audience audience) const;
  absl::StatusOr<Claims> CheckViewing(absl::string_view token, int64_t lecture, absl::string_view view) const;
  bool IsRevoked(const Claims& claims) const;

  Clock& clock_;
  const std::string directory_file_;
  Verifier verifier_;
  mutable absl::Mutex mu_;
  int64_t resource_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<Revocation> revocations_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::vod
