// Pieces of streams on disk, as FLV files that players understand. Private to the room.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/rtmp/message.h"

namespace lectern::proxy {

// Makes the folder (mode 0700), and removes what a run before left there.
absl::Status PrepareSpool(const std::string& dir);

// Errors: kResourceExhausted where the disk is full; no file is left behind then.
absl::Status WriteSpool(const std::string& path, const std::vector<rtmp::MediaMessage>& messages);

// Times are those nearest to `near_ms`, since FLV counts them modulo 2^32. Errors: kNotFound, kDataLoss.
absl::StatusOr<std::vector<rtmp::MediaMessage>> ReadSpool(const std::string& path, int64_t near_ms, size_t count);

void RemoveSpool(const std::string& path);

}  // namespace lectern::proxy
