// FLV files and streams (FLV 10.1 annex E): tags around the payloads that RTMP carries.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/rtmp/message.h"

namespace lectern::rtmp {

// "FLV", version 1, both tracks announced, and the first back pointer.
std::string FlvHeader();
// One tag with its back pointer. Timestamps beyond 32 bit wrap.
void AppendFlvTag(const MediaMessage& message, std::string& out);

// Takes a stream of FLV apart, bytes as they come. Not thread-safe.
class FlvReader {
 public:
  // Bytes of the stream; Next gives what they complete. Errors: kInvalidArgument where it is no FLV.
  absl::Status Feed(absl::string_view bytes);
  // False: more bytes are needed.
  bool Next(MediaMessage& message);

 private:
  std::string buffer_;
  size_t used_ = 0;
  bool header_seen_ = false;
};

}  // namespace lectern::rtmp
