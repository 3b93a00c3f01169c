#include "rtmp_proxy/relay/ring.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "rtmp_proxy/relay/spool.h"

namespace lectern::proxy {
namespace {

using rtmp::MediaMessage;

constexpr int64_t kSoundBlockMs = 2000;
// Sound goes on alone where no picture has come for so long.
constexpr int64_t kPictureGoneMs = 5000;
// The end of a stored segment is behind its last frame by that frame's duration.
constexpr int64_t kLongestFrameMs = 2000;
constexpr size_t kMaxBlockBytes = 4 << 20;
// Of a message beside its payload: string, reference count, list entry.
constexpr size_t kOverhead = 128;
constexpr size_t kBatchBytes = 256 << 10;
constexpr absl::Duration kDiskRetry = absl::Seconds(5);
constexpr int64_t kNever = std::numeric_limits<int64_t>::min() / 2;

bool IsHeader(const MediaMessage& message) {
  return message.kind == MediaMessage::kData || rtmp::IsVideoHeader(message) || rtmp::IsAudioHeader(message);
}

// By the frame type of the tag, so that it is right for other codecs than AVC as well. Bits 4 to 6: bit 7 marks enhanced RTMP.
bool BeginsGop(const MediaMessage& message) {
  return message.kind == MediaMessage::kVideo && !rtmp::IsVideoHeader(message) && message.size() > 0 &&
         ((*message.payload)[0] >> 4 & 7) == 1;
}

bool IsPicture(const MediaMessage& message) {
  return message.kind == MediaMessage::kVideo && !rtmp::IsVideoHeader(message) && !rtmp::IsVideoEnd(message);
}

// Leaves out pictures that nothing precedes that they could be decoded from.
void AppendUseful(const MediaMessage& message, RingCursor& cursor, std::vector<MediaMessage>& batch) {
  if (BeginsGop(message)) cursor.needs_key = false;
  if (cursor.needs_key && IsPicture(message)) return;
  batch.push_back(message);
}

void AppendHeader(const MediaMessage& header, int64_t ms, std::vector<MediaMessage>& batch) {
  if (!header.payload) return;
  batch.push_back(header);
  batch.back().timestamp_ms = ms;
}

}  // namespace

Ring::Ring(RingLimits limits)
    : limits_(std::move(limits)), max_block_bytes_(std::clamp<size_t>(limits_.memory_bytes / 8, 1, kMaxBlockBytes)),
      last_picture_ms_(kNever) {}

Ring::~Ring() {
  std::thread writer;
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
    writer = std::move(writer_);
  }
  if (writer.joinable()) writer.join();
  absl::MutexLock lock(&mu_);
  for (const Block& block : blocks_) {
    if (block.place == kDisk) RemoveSpool(PathOf(block.number));
  }
  for (const std::string& path : doomed_) RemoveSpool(path);
}

void Ring::Push(const MediaMessage& message) {
  if (!message.payload || message.size() == 0) return;
  absl::MutexLock lock(&mu_);
  if (BeginsBlock(message)) BeginBlock(message);
  Block& block = blocks_.back();
  block.messages.push_back(message);
  ++block.count;
  block.last_ms = std::max(block.last_ms, message.timestamp_ms);
  size_t bytes = message.size() + kOverhead;
  block.bytes += bytes;
  totals_.memory_bytes += bytes;
  totals_.received_bytes += message.size();
  if (IsHeader(message)) {
    RememberHeaders(message);
  } else {
    totals_.received_ms = std::max(totals_.received_ms, message.timestamp_ms);
    ++(message.kind == MediaMessage::kVideo ? block.pictures : block.sounds);
  }
  if (IsPicture(message)) last_picture_ms_ = message.timestamp_ms;
  Enforce();
}

bool Ring::IsSoundAlone(const MediaMessage& message) const {
  return message.kind == MediaMessage::kAudio && !IsHeader(message) && message.timestamp_ms - last_picture_ms_ > kPictureGoneMs;
}

bool Ring::BeginsBlock(const MediaMessage& message) const {
  if (blocks_.empty() || blocks_.back().closed || BeginsGop(message)) return true;
  const Block& block = blocks_.back();
  if (block.bytes >= max_block_bytes_) return true;
  return IsSoundAlone(message) && (!block.key || message.timestamp_ms - block.first_ms >= kSoundBlockMs);
}

void Ring::BeginBlock(const MediaMessage& message) {
  if (!blocks_.empty()) {
    blocks_.back().closed = true;
    blocks_.back().messages.shrink_to_fit();
  }
  Block& block = blocks_.emplace_back();
  block.number = next_number_++;
  block.key = BeginsGop(message) || IsSoundAlone(message);
  block.first_ms = block.last_ms = message.timestamp_ms;
  block.headers = headers_;
}

void Ring::EndBlock() {
  absl::MutexLock lock(&mu_);
  if (!blocks_.empty()) blocks_.back().closed = true;
}

void Ring::RememberHeaders(const MediaMessage& message) {
  if (rtmp::IsMetadata(message)) headers_.metadata = message;
  if (rtmp::IsVideoHeader(message)) headers_.video = message;
  if (rtmp::IsAudioHeader(message)) headers_.audio = message;
}

size_t Ring::TwoKeysBefore(int64_t ms) const {
  int keys = 0;
  for (size_t i = blocks_.size(); i-- > 0;) {
    if (blocks_[i].key && blocks_[i].first_ms < ms && ++keys == 2) return i;
  }
  return 0;
}

void Ring::Confirm(int64_t ms) {
  absl::MutexLock lock(&mu_);
  // A worker that is wrong about the future must not make us forget what is still to come. It repeats what is true.
  ms = std::min(ms, totals_.received_ms + kLongestFrameMs);
  if (ms <= totals_.confirmed_ms) return;
  totals_.confirmed_ms = ms;
  for (size_t keep = TwoKeysBefore(ms); keep > 0; --keep) DropFront();
}

RingCursor Ring::Seek(int64_t resume_ms) {
  absl::MutexLock lock(&mu_);
  RingCursor cursor;
  cursor.block = blocks_.empty() ? next_number_ : blocks_[resume_ms < 0 ? 0 : TwoKeysBefore(resume_ms)].number;
  reading_ = cursor.block;
  return cursor;
}

void Ring::EndReading() {
  absl::MutexLock lock(&mu_);
  reading_ = 0;
}

std::vector<MediaMessage> Ring::Read(RingCursor& cursor) {
  std::vector<MediaMessage> batch;
  while (batch.empty()) {
    uint64_t on_disk = 0;
    {
      absl::MutexLock lock(&mu_);
      if (!blocks_.empty() && cursor.block < blocks_.front().number) cursor = RingCursor{blocks_.front().number};
      Block* block = FindBlock(cursor.block);
      if (!block) return batch;
      reading_ = cursor.block;
      if (cursor.needs_headers && block->place != kLost) {
        AppendHeader(block->headers.metadata, block->first_ms, batch);
        AppendHeader(block->headers.video, block->first_ms, batch);
        AppendHeader(block->headers.audio, block->first_ms, batch);
        cursor.needs_headers = false;
      }
      if (block->place == kDisk) {
        on_disk = block->number;
      } else if (!ReadBlock(*block, cursor, batch)) {
        return batch;
      }
    }
    if (on_disk != 0) ReadFromDisk(on_disk, cursor, batch);
  }
  return batch;
}

// False: more will come into this block.
bool Ring::ReadBlock(Block& block, RingCursor& cursor, std::vector<MediaMessage>& batch) {
  size_t bytes = 0;
  for (; cursor.index < block.messages.size() && bytes < kBatchBytes; ++cursor.index) {
    AppendUseful(block.messages[cursor.index], cursor, batch);
    bytes += block.messages[cursor.index].size();
  }
  if (cursor.index < block.messages.size()) return true;
  if (!block.closed) return false;
  bool lost = block.place == kLost;
  cursor = RingCursor{block.number + 1, 0, lost || cursor.needs_headers, lost || cursor.needs_key};
  return true;
}

bool Ring::ReadFromDisk(uint64_t number, RingCursor& cursor, std::vector<MediaMessage>& batch) {
  int64_t first_ms = 0;
  size_t count = 0;
  {
    absl::MutexLock lock(&mu_);
    Block* block = FindBlock(number);
    if (!block) return false;
    first_ms = block->first_ms;
    count = block->count;
  }
  absl::StatusOr<std::vector<MediaMessage>> messages = ReadSpool(PathOf(number), first_ms, count);
  if (!messages.ok()) {
    absl::MutexLock lock(&mu_);
    Block* block = FindBlock(number);
    if (!block) return false;   // confirmed meanwhile
    log::Warn("part of a stream could not be read from the spool", {{"why", messages.status().message()}});
    Lose(*block);
    return false;
  }
  for (size_t i = cursor.index; i < messages->size(); ++i) AppendUseful((*messages)[i], cursor, batch);
  cursor.block = number + 1;
  cursor.index = 0;
  return true;
}

Ring::Block* Ring::FindBlock(uint64_t number) {
  if (blocks_.empty() || number < blocks_.front().number || number > blocks_.back().number) return nullptr;
  return &blocks_[number - blocks_.front().number];
}

RingTotals Ring::totals() const {
  absl::MutexLock lock(&mu_);
  RingTotals totals = totals_;
  for (const Block& block : blocks_) {
    if (block.place != kLost && block.last_ms > totals.confirmed_ms) totals.pending_bytes += block.bytes - block.count * kOverhead;
  }
  return totals;
}

bool Ring::OverLimits() const {
  if (totals_.memory_bytes > static_cast<int64_t>(limits_.memory_bytes)) return true;
  auto oldest = std::find_if(blocks_.begin(), blocks_.end(), [](const Block& block) { return block.place == kMemory; });
  return oldest != blocks_.end() && blocks_.back().last_ms - oldest->first_ms > absl::ToInt64Milliseconds(limits_.memory_time);
}

bool Ring::SpoolUsable() const {
  return limits_.disk_bytes > 0 && !limits_.spool_dir.empty() && absl::Now() >= disk_bad_until_;
}

void Ring::Enforce() {
  if (!OverLimits()) return;
  if (!SpoolUsable()) {
    while (OverLimits() && blocks_.size() > 1) DropFront();
    return;
  }
  if (!writer_.joinable()) writer_ = std::thread([this] { WriteLoop(); });
  // The disk is slower than the stream: the memory's bound holds all the same.
  while (totals_.memory_bytes > 2 * static_cast<int64_t>(limits_.memory_bytes)) {
    Block* oldest = OldestInMemory();
    if (!oldest) return;
    Lose(*oldest);
  }
}

Ring::Block* Ring::OldestInMemory() {
  for (Block& block : blocks_) {
    if (block.place == kMemory && block.closed) return &block;
  }
  return nullptr;
}

void Ring::ReleasePayload(Block& block) {
  if (block.place == kDisk) {
    totals_.disk_bytes -= static_cast<int64_t>(block.bytes);
    doomed_.push_back(PathOf(block.number));
  } else if (block.place != kLost) {
    totals_.memory_bytes -= static_cast<int64_t>(block.bytes);
  }
  block.messages = {};
}

void Ring::Lose(Block& block) {
  if (block.place == kLost) return;
  // What the worker has got already is not lost with us.
  bool sent = reading_ > block.number;
  if (block.last_ms > totals_.confirmed_ms && !sent) totals_.dropped_frames += block.pictures > 0 ? block.pictures : block.sounds;
  ReleasePayload(block);
  block.place = kLost;
}

void Ring::DropFront() {
  Lose(blocks_.front());
  blocks_.pop_front();
}

std::string Ring::PathOf(uint64_t number) const { return absl::StrFormat("%s/block-%09d.flv", limits_.spool_dir, number); }

bool Ring::WriterHasWork() const {
  if (stopping_ || !doomed_.empty()) return true;
  if (!OverLimits() || absl::Now() < disk_bad_until_) return false;
  return std::any_of(blocks_.begin(), blocks_.end(), [](const Block& block) { return block.place == kMemory && block.closed; });
}

void Ring::WriteLoop() {
  while (true) {
    std::vector<std::string> doomed;
    {
      absl::MutexLock lock(&mu_);
      mu_.Await(absl::Condition(this, &Ring::WriterHasWork));
      if (stopping_) return;
      doomed.swap(doomed_);
    }
    for (const std::string& path : doomed) RemoveSpool(path);
    SpillOne();
  }
}

bool Ring::MakeRoomOnDisk(size_t bytes) {
  auto full = [&] { return totals_.disk_bytes + static_cast<int64_t>(bytes) > limits_.disk_bytes; };
  while (full() && blocks_.front().place != kMemory && blocks_.size() > 1) DropFront();
  return !full();
}

void Ring::SpillOne() {
  uint64_t number = 0;
  bool prepare = false;
  std::vector<MediaMessage> messages;
  {
    absl::MutexLock lock(&mu_);
    Block* block = OverLimits() ? OldestInMemory() : nullptr;
    if (!block) return;
    number = block->number;
    if (!MakeRoomOnDisk(block->bytes)) return Lose(*FindBlock(number));
    block = FindBlock(number);
    block->place = kWriting;
    messages = block->messages;
    prepare = !spool_ready_;
  }
  absl::Status written = prepare ? PrepareSpool(limits_.spool_dir) : absl::OkStatus();
  if (written.ok()) written = WriteSpool(PathOf(number), messages);
  absl::MutexLock lock(&mu_);
  spool_ready_ = spool_ready_ || written.ok();
  Block* block = FindBlock(number);
  if (!block || block->place != kWriting) {
    doomed_.push_back(PathOf(number));   // it was dropped meanwhile
    return;
  }
  if (!written.ok()) {
    log::Warn("the spool cannot be written: streams are kept in memory only", {{"why", written.message()}});
    block->place = kMemory;
    disk_bad_until_ = absl::Now() + kDiskRetry;
    return;
  }
  totals_.memory_bytes -= static_cast<int64_t>(block->bytes);
  totals_.disk_bytes += static_cast<int64_t>(block->bytes);
  block->messages = {};
  block->place = kDisk;
}

}  // namespace lectern::proxy
