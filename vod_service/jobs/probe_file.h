// What FFprobe says about a local file.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/media/media_facts.h"

namespace lectern::vod {

// Blocking, bounded in time. Errors: those of RunProcess and of media::ParseFfprobe.
absl::StatusOr<media::MediaFacts> ProbeFile(const std::string& path);

}  // namespace lectern::vod
