#include "common/http/chunk_decoder.h"

#include <algorithm>
#include <cstring>

namespace lectern::http {
namespace {

// Extensions of one chunk, or all trailers. Nobody sends any; without a bound they are a way to keep a reader busy for
// nothing.
constexpr size_t kMaxOverhead = 4096;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool ChunkDecoder::TakeSizeDigit(char c) {
  int digit = HexDigit(c);
  if (digit < 0) {
    overhead_ = 0;
    if (digits_ == 0) return false;
    state_ = c == '\r' ? State::kSizeLf : State::kExtension;
    return c == '\r' || c == ';' || c == ' ' || c == '\t';
  }
  // 15 hexadecimal digits fit in 60 bits.
  if (++digits_ > 15) return false;
  left_ = left_ * 16 + static_cast<uint64_t>(digit);
  return true;
}

bool ChunkDecoder::Take(char c) {
  switch (state_) {
    case State::kSize:
      return TakeSizeDigit(c);
    case State::kExtension:
      if (c == '\r') state_ = State::kSizeLf;
      return c != '\n' && ++overhead_ <= kMaxOverhead;
    case State::kSizeLf:
      state_ = left_ > 0 ? State::kData : State::kTrailer;
      digits_ = 0;
      overhead_ = 0;
      return c == '\n';
    case State::kDataCr:
      state_ = State::kDataLf;
      return c == '\r';
    case State::kDataLf:
      state_ = State::kSize;
      return c == '\n';
    case State::kTrailer:
      state_ = c == '\r' ? State::kEndLf : State::kTrailerLine;
      return c != '\n' && ++overhead_ <= kMaxOverhead;
    case State::kTrailerLine:
      if (c == '\r') state_ = State::kTrailerLf;
      return c != '\n' && ++overhead_ <= kMaxOverhead;
    case State::kTrailerLf:
      state_ = State::kTrailer;
      return c == '\n';
    case State::kEndLf:
      state_ = State::kDone;
      return c == '\n';
    case State::kData:
    case State::kDone:
      return false;
  }
  return false;
}

ChunkDecoder::Step ChunkDecoder::Decode(absl::string_view input, absl::Span<char> output) {
  Step step;
  while (state_ != State::kDone && step.consumed < input.size()) {
    if (state_ != State::kData) {
      if (!Take(input[step.consumed++])) {
        step.bad = true;
        return step;
      }
      continue;
    }
    size_t take = std::min<uint64_t>({left_, input.size() - step.consumed, output.size() - step.produced});
    if (take == 0) break;
    std::memcpy(output.data() + step.produced, input.data() + step.consumed, take);
    step.consumed += take;
    step.produced += take;
    left_ -= take;
    if (left_ == 0) state_ = State::kDataCr;
  }
  step.done = state_ == State::kDone;
  return step;
}

}  // namespace lectern::http
