#include "vod_service/http/access.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"

namespace lectern::vod {
namespace {

absl::Status Forbidden(absl::string_view reason, absl::string_view message) {
  return WithReason(absl::PermissionDeniedError(message), reason);
}

absl::Status NotForThis() {
  return Forbidden("TOKEN_NOT_FOR_THIS", "the token is for something else");
}

absl::string_view BearerOf(const http::RequestHead& head) {
  absl::string_view value = head.Find("Authorization");
  constexpr absl::string_view kScheme = "Bearer ";
  if (!absl::StartsWithIgnoreCase(value, kScheme)) return "";
  return absl::StripAsciiWhitespace(value.substr(kScheme.size()));
}

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

}  // namespace

Access::Access(Clock& clock, std::string directory_file) : clock_(clock), directory_file_(std::move(directory_file)) {}

absl::Status Access::Load() {
  auto bytes = ReadFile(directory_file_);
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  if (!bytes.ok()) return bytes.status();
  v1::Directory directory;
  if (!directory.ParseFromString(*bytes))
    return absl::DataLossError("the kept directory of keys is damaged; remove " + directory_file_);
  Apply(directory);
  return absl::OkStatus();
}

void Access::SetDirectory(const v1::Directory& directory) {
  Apply(directory);
  absl::Status kept = WriteFileAtomically(directory_file_, directory.SerializeAsString(), 0600);
  if (!kept.ok()) log::Warn("the directory of keys could not be kept", {{"error", kept.message()}});
}

void Access::Apply(const v1::Directory& directory) {
  std::vector<PublicKey> keys;
  for (const v1::Key& key : directory.keys()) {
    std::optional<Audience> audience = ParseAudience(key.audience());
    if (audience) keys.push_back({key.key_id(), *audience, key.public_key()});
  }
  std::vector<Revocation> revocations;
  for (const v1::Revocation& given : directory.revocations()) {
    revocations.push_back({given.lecture(), given.subject(), TimeOf(given.issued_before())});
  }
  verifier_.SetKeys(std::move(keys));
  absl::MutexLock lock(&mu_);
  revocations_ = std::move(revocations);
}

void Access::SetResource(int64_t resource) {
  absl::MutexLock lock(&mu_);
  resource_ = resource;
}

absl::StatusOr<Claims> Access::CheckToken(absl::string_view token, Audience audience) const {
  if (token.empty()) return WithReason(absl::UnauthenticatedError("a token is needed"), "NO_TOKEN");
  auto claims = verifier_.Verify(token, audience, clock_.Now());
  if (!claims.ok()) return Forbidden(ReasonOf(claims.status()), claims.status().message());
  absl::MutexLock lock(&mu_);
  if (resource_ == 0 || claims->resource != resource_) return NotForThis();
  return claims;
}

absl::StatusOr<Claims> Access::CheckUpload(const http::RequestHead& head, absl::string_view upload) const {
  ASSIGN_OR_RETURN(Claims claims, CheckToken(BearerOf(head), Audience::kUpload));
  if (!upload.empty() && claims.upload != upload) return NotForThis();
  return claims;
}

absl::StatusOr<Claims> Access::CheckJob(const http::RequestHead& head, int64_t job, int64_t fence) const {
  ASSIGN_OR_RETURN(Claims claims, CheckToken(BearerOf(head), Audience::kJob));
  if (claims.job != job || claims.fence != fence) return NotForThis();
  return claims;
}

absl::StatusOr<Claims> Access::CheckPlayback(absl::string_view token, int64_t lecture, absl::string_view view) const {
  ASSIGN_OR_RETURN(Claims claims, CheckViewing(token, lecture, view));
  if (claims.download) return NotForThis();
  return claims;
}

absl::StatusOr<Claims> Access::CheckDownload(absl::string_view token, int64_t lecture, absl::string_view view) const {
  ASSIGN_OR_RETURN(Claims claims, CheckViewing(token, lecture, view));
  if (!claims.download) return Forbidden("DOWNLOADS_OFF", "the token plays the recording; it does not give it as a file");
  if (claims.upload.empty()) return NotForThis();
  return claims;
}

absl::StatusOr<Claims> Access::CheckViewing(absl::string_view token, int64_t lecture, absl::string_view view) const {
  ASSIGN_OR_RETURN(Claims claims, CheckToken(token, Audience::kPlayback));
  if (claims.lecture != lecture || (!claims.view.empty() && claims.view != view)) return NotForThis();
  if (IsRevoked(claims)) return Forbidden("TOKEN_REVOKED", "the right to play this lecture was withdrawn");
  return claims;
}

bool Access::IsRevoked(const Claims& claims) const {
  absl::MutexLock lock(&mu_);
  for (const Revocation& revocation : revocations_) {
    if (revocation.lecture != claims.lecture || claims.issued_at >= revocation.issued_before) continue;
    if (revocation.subject.empty() || revocation.subject == claims.subject) return true;
  }
  return false;
}

}  // namespace lectern::vod
