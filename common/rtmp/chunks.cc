#include "common/rtmp/chunks.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/rtmp/bytes.h"

namespace lectern::rtmp {
namespace {

constexpr uint32_t kExtendedMark = 0xffffff;
constexpr size_t kMessageHeader[] = {11, 7, 3, 0};
// Publishers use four or five.
constexpr size_t kMaxStreams = 64;
// A step of more than this from one message to the next is none.
constexpr uint32_t kPlausibleStep = 10'000;
constexpr size_t kReserve = 64 << 10;
// Of a basic header, a message header and an extended timestamp.
constexpr size_t kMaxHeader = 3 + 11 + 4;

}  // namespace

std::optional<ChunkReader::Header> ChunkReader::ParseBasic(absl::string_view bytes) const {
  if (bytes.empty()) return std::nullopt;
  uint8_t first = static_cast<uint8_t>(bytes[0]);
  Header header;
  header.format = first >> 6;
  header.id = first & 0x3f;
  size_t basic = header.id == 0 ? 2 : header.id == 1 ? 3 : 1;
  if (bytes.size() < basic) return std::nullopt;
  if (basic == 2) header.id = 64 + static_cast<uint8_t>(bytes[1]);
  if (basic == 3) header.id = 64 + static_cast<uint8_t>(bytes[1]) + 256 * static_cast<uint8_t>(bytes[2]);
  header.size = basic + kMessageHeader[header.format];
  if (bytes.size() < header.size) return std::nullopt;
  return header;
}

absl::Status ChunkReader::Feed(absl::string_view bytes) {
  while (!bytes.empty()) RETURN_IF_ERROR(current_ ? FeedPayload(bytes) : FeedHeader(bytes));
  return absl::OkStatus();
}

absl::Status ChunkReader::FeedHeader(absl::string_view& bytes) {
  // A header may be cut anywhere: its bytes wait in pending_ until it is complete.
  size_t before = pending_.size();
  size_t added = std::min(bytes.size(), kMaxHeader - before);
  pending_.append(bytes.data(), added);
  absl::string_view rest = pending_;
  bool more = false;
  RETURN_IF_ERROR(StartChunk(rest, more));
  if (more) {
    bytes.remove_prefix(added);
    return absl::OkStatus();
  }
  size_t used = pending_.size() - rest.size();
  // Messages without a payload have nothing that would complete them later.
  if (current_->head.length == 0) RETURN_IF_ERROR(Complete());
  if (used >= before) {
    bytes.remove_prefix(used - before);
    pending_.clear();
    return absl::OkStatus();
  }
  // Bytes that might have been a repeated extended timestamp are payload. That is found out once a connection.
  std::string payload = pending_.substr(used);
  pending_.clear();
  bytes.remove_prefix(added);
  return Feed(payload);
}

absl::Status ChunkReader::FeedPayload(absl::string_view& bytes) {
  size_t count = std::min(bytes.size(), chunk_left_);
  std::string& payload = current_->payload;
  if (payload.empty()) payload.reserve(std::min<size_t>(current_->head.length, kReserve));
  payload.append(bytes.data(), count);
  bytes.remove_prefix(count);
  chunk_left_ -= count;
  begun_bytes_ += count;
  if (begun_bytes_ > 2 * max_message_bytes_) return absl::ResourceExhaustedError("too much begun and not completed");
  if (payload.size() == current_->head.length) return Complete();
  if (chunk_left_ == 0) current_ = nullptr;
  return absl::OkStatus();
}

absl::StatusOr<ChunkReader::Stream> ChunkReader::Lookup(const Header& header) const {
  auto found = streams_.find(header.id);
  if (found == streams_.end()) {
    // Format 1 as the first of a stream is wrong, but sent where an encoder continues a stream of the server.
    if (header.format > 1) return absl::InvalidArgumentError("a chunk stream that begins without a header");
    if (streams_.size() >= kMaxStreams) return absl::ResourceExhaustedError("too many chunk streams");
    return Stream();
  }
  if (found->second.begun && header.format != 3) return absl::InvalidArgumentError("a message that begins within another one");
  return Stream{found->second.head, found->second.begun, ""};
}

absl::Status ChunkReader::StartChunk(absl::string_view& bytes, bool& more) {
  std::optional<Header> header = ParseBasic(bytes);
  more = !header;
  if (more) return absl::OkStatus();
  ASSIGN_OR_RETURN(Stream known, Lookup(*header));
  Head head = known.head;
  absl::string_view fields = bytes.substr(header->size - kMessageHeader[header->format]);
  if (header->format <= 2) {
    head.extended = static_cast<uint32_t>(ReadBig(fields.substr(0, 3)));
    head.has_extended = head.extended == kExtendedMark;
  }
  if (header->format <= 1) {
    head.length = static_cast<uint32_t>(ReadBig(fields.substr(3, 3)));
    head.type = static_cast<uint8_t>(fields[6]);
  }
  if (header->format == 0) {
    // The only number of RTMP that is little-endian.
    head.stream_id = 0;
    for (int i = 3; i >= 0; --i) head.stream_id = head.stream_id << 8 | static_cast<uint8_t>(fields[7 + i]);
  }
  absl::string_view rest = bytes.substr(header->size);
  RETURN_IF_ERROR(Extended(*header, head, rest, more));
  if (more) return absl::OkStatus();
  if (!known.begun) RETURN_IF_ERROR(BeginMessage(*header, head));
  current_ = &streams_[header->id];
  current_id_ = header->id;
  current_->head = head;
  current_->begun = true;
  chunk_left_ = std::min(chunk_size_, head.length - current_->payload.size());
  bytes = rest;
  return absl::OkStatus();
}

absl::Status ChunkReader::Extended(const Header& header, Head& head, absl::string_view& rest, bool& more) {
  if (!head.has_extended || (header.format == 3 && repeats_extended_ == false)) return absl::OkStatus();
  more = rest.size() < 4;
  if (more) return absl::OkStatus();
  uint32_t value = static_cast<uint32_t>(ReadBig(rest.substr(0, 4)));
  if (header.format == 3) {
    // Whoever repeats it repeats this value; anything else is payload.
    if (!repeats_extended_) repeats_extended_ = value == head.extended;
    if (!*repeats_extended_) return absl::OkStatus();
  }
  head.extended = value;
  rest.remove_prefix(4);
  return absl::OkStatus();
}

absl::Status ChunkReader::BeginMessage(const Header& header, Head& head) const {
  if (head.length > max_message_bytes_) {
    return absl::ResourceExhaustedError(absl::StrCat("a message of ", head.length, " bytes, more than ", max_message_bytes_));
  }
  if (header.format == 0) {
    head.timestamp = head.delta = head.extended;
    head.absolute = true;
  } else if (header.format == 3 && head.absolute) {
    // 5.3.1.2.4: the step is then the time of the complete header before. librtmp and nginx mean "the same time" instead; beyond
    // the first seconds of a stream only they can be meant.
    head.timestamp += head.delta < kPlausibleStep ? head.delta : 0;
  } else {
    if (header.format != 3) head.delta = head.extended;
    head.absolute = false;
    head.timestamp += head.delta;
  }
  return absl::OkStatus();
}

absl::Status ChunkReader::Complete() {
  Stream& stream = *current_;
  begun_bytes_ -= stream.payload.size();
  RawMessage done{stream.head.type, stream.head.stream_id, stream.head.timestamp, current_id_, std::move(stream.payload)};
  stream.payload = std::string();
  stream.begun = false;
  current_ = nullptr;
  RETURN_IF_ERROR(Obey(done));
  ready_.push_back(std::move(done));
  return absl::OkStatus();
}

absl::Status ChunkReader::Obey(const RawMessage& message) {
  if (message.type != kSetChunkSize && message.type != kAbort) return absl::OkStatus();
  if (message.payload.size() < 4) return absl::InvalidArgumentError("a protocol message that is too short");
  uint32_t value = static_cast<uint32_t>(ReadBig(absl::string_view(message.payload).substr(0, 4)));
  if (message.type == kSetChunkSize) {
    chunk_size_ = value & 0x7fffffff;
    return chunk_size_ == 0 ? absl::InvalidArgumentError("a chunk size of 0") : absl::OkStatus();
  }
  auto aborted = streams_.find(value);
  if (aborted == streams_.end()) return absl::OkStatus();
  begun_bytes_ -= aborted->second.payload.size();
  aborted->second.payload = std::string();
  aborted->second.begun = false;
  return absl::OkStatus();
}

bool ChunkReader::Next(RawMessage& message) {
  if (ready_.empty()) return false;
  message = std::move(ready_.front());
  ready_.pop_front();
  return true;
}

void ChunkWriter::Append(uint8_t type, uint32_t stream_id, uint32_t timestamp, uint32_t chunk_stream, absl::string_view payload,
                         std::string& out) const {
  bool extended = timestamp >= kExtendedMark;
  out.reserve(out.size() + payload.size() + 16 + payload.size() / chunk_size_ * 5);
  out.push_back(static_cast<char>(chunk_stream));
  AppendBig(extended ? kExtendedMark : timestamp, 3, out);
  AppendBig(payload.size(), 3, out);
  out.push_back(static_cast<char>(type));
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(stream_id >> shift & 0xff));
  if (extended) AppendBig(timestamp, 4, out);
  absl::string_view rest = payload;
  while (true) {
    absl::string_view piece = rest.substr(0, chunk_size_);
    out.append(piece.data(), piece.size());
    rest.remove_prefix(piece.size());
    if (rest.empty()) return;
    out.push_back(static_cast<char>(0xc0 | chunk_stream));
    if (extended) AppendBig(timestamp, 4, out);
  }
}

}  // namespace lectern::rtmp
