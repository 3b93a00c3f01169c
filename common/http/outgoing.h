// Bytes on their way to a socket: a head, then text or a part of a file. Internal to this room.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "common/http/message.h"

namespace lectern::http {

enum class PumpResult { kDone, kAgain, kBroken };

// One response or chunk. The owner of `head` and `text` keeps them until the pump is done.
struct Outgoing {
  absl::string_view head;
  absl::string_view text;
  absl::string_view tail;
  std::shared_ptr<const Fd> file;
  uint64_t file_offset = 0;
  uint64_t file_left = 0;

  // Writes as much as the (non-blocking) socket takes; head and body leave in as few segments as possible. `sent` grows
  // by the number of bytes. A file that has become shorter than promised is kBroken.
  PumpResult Pump(int socket, uint64_t& sent);

 private:
  PumpResult PumpText(int socket, uint64_t& sent);
  PumpResult PumpFile(int socket, uint64_t& sent);
};

// Writes the head of `response` into `out`, ready to be sent. `body_bytes` < 0: no Content-Length; `chunked` says why.
struct HeadFacts {
  int64_t body_bytes = -1;
  bool chunked = false;
  bool close = false;
  bool http_1_0 = false;
};
void WriteResponseHead(const Response& response, const HeadFacts& facts, std::string& out);

}  // namespace lectern::http
