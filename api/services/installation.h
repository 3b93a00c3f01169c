// What holds for the whole installation, for every handler that shows it.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "api/store/announcement_store.h"

namespace lectern::v1 {
class Announcement;
class Installation;
}  // namespace lectern::v1

namespace lectern::api {

struct ServiceDeps;

// What the administrators have set; where they set no server for encoders or resources, what the program was started with. One
// statement.
absl::Status ReadInstallation(const ServiceDeps& deps, v1::Installation& installation);

// What may be set, with white space at the ends taken away. Addresses are shown as links and stand in commands that people copy, so
// that nothing is let in that a browser or a shell would take for more than an address.
// Errors: kInvalidArgument/BAD_FIELD, which names the field.
absl::Status CleanInstallation(v1::Installation& installation);

// rtmp://HOST[:PORT][/PATH] and HOST:PORT, or empty. Errors as CleanInstallation's.
absl::Status CheckPublicAddresses(absl::string_view rtmp_url, absl::string_view grpc_endpoint);

void ToProto(const AnnouncementRow& row, v1::Announcement& announcement);

}  // namespace lectern::api
