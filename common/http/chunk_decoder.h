// Takes the chunked transfer coding off a stream of bytes (RFC 9112 7.1). Chunk extensions and trailers are dropped.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace lectern::http {

class ChunkDecoder {
 public:
  struct Step {
    size_t consumed = 0;  // of the input
    size_t produced = 0;  // written to the output
    bool done = false;    // the last chunk and the trailers are behind us
    bool bad = false;     // broken framing; the decoder is of no further use
  };

  // Goes on until the input is used up, the output is full, or the body ends.
  Step Decode(absl::string_view input, absl::Span<char> output);

 private:
  enum class State {
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailer,
    kTrailerLine,
    kTrailerLf,
    kEndLf,
    kDone
  };

  // One byte outside of data. False for broken framing.
  bool Take(char c);
  bool TakeSizeDigit(char c);

  State state_ = State::kSize;
  uint64_t left_ = 0;  // of the current chunk
  int digits_ = 0;
  size_t overhead_ = 0;  // bytes of extensions and trailers, bounded
};

}  // namespace lectern::http
