// Resources as people see them.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/store/resource_store.h"

namespace lectern::v1 {
enum ResourceKind : int;
class Resource;
}  // namespace lectern::v1

namespace lectern::api {

// The database's word; empty for RESOURCE_KIND_UNSPECIFIED and kinds that do not exist.
std::string KindWord(v1::ResourceKind kind);

void ToProto(const ResourceRow& row, absl::Duration suspect_after, v1::Resource& resource);

// Makes equal in `now` what people do not see change: less than 1 % of processors or memory, 0.1 % of a disk or 1 % of a job's
// progress; and what only counts on, the uptime and the last beat.
void Settle(const v1::Resource& sent, v1::Resource& now);

}  // namespace lectern::api
