#include "edge/playback/directory.h"

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"

namespace lectern::edge {
namespace {

absl::Time FromProto(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

}  // namespace

Directory ReadDirectory(const v1::Directory& message, absl::Time now) {
  Directory directory;
  for (const v1::Key& key : message.keys()) {
    if (ParseAudience(key.audience()) != Audience::kPlayback) continue;
    if (key.has_not_after() && FromProto(key.not_after()) < now) continue;
    directory.keys.push_back({key.key_id(), Audience::kPlayback, key.public_key()});
  }
  for (const v1::Origin& origin : message.origins()) {
    std::optional<int64_t> id = ParseName(origin.resource(), "resources");
    if (id) {
      directory.origins[*id] = origin.url();
    } else {
      log::Warn("origin without a resource name ignored", {{"resource", origin.resource()}});
    }
  }
  for (const v1::Revocation& revocation : message.revocations()) {
    directory.revocations.push_back(
        {revocation.lecture(), revocation.subject(), FromProto(revocation.issued_before())});
  }
  return directory;
}

absl::StatusOr<Directory> LoadDirectory(const std::string& file, absl::Time now) {
  ASSIGN_OR_RETURN(std::string bytes, ReadFile(file));
  v1::Directory message;
  if (!message.ParseFromString(bytes)) return absl::DataLossError(file + " is damaged");
  return ReadDirectory(message, now);
}

absl::Status SaveDirectory(const std::string& file, const v1::Directory& message) {
  return WriteFileAtomically(file, message.SerializeAsString(), 0600);
}

}  // namespace lectern::edge
