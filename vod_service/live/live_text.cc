#include "vod_service/live/live_text.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"

namespace lectern::vod {
namespace {

// FNV-1a over words of eight bytes; a long playlist is hashed once a set.
uint64_t HashOf(absl::string_view text) {
  constexpr uint64_t kPrime = 1099511628211u;
  uint64_t hash = 14695981039346656037u;
  while (text.size() >= sizeof(uint64_t)) {
    uint64_t word = 0;
    for (size_t i = 0; i < sizeof word; ++i) word = word << 8 | static_cast<unsigned char>(text[i]);
    hash = (hash ^ word) * kPrime;
    hash ^= hash >> 29;
    text.remove_prefix(sizeof word);
  }
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  return hash;
}

struct Facts {
  const char* type;
  const char* caching;
};

Facts FactsOf(LiveKind kind) {
  switch (kind) {
    case LiveKind::kMaster:
      return {"application/vnd.apple.mpegurl", "public, max-age=2"};
    case LiveKind::kMedia:
      return {"application/vnd.apple.mpegurl", "public, max-age=1"};
    case LiveKind::kPreview:
      return {"image/jpeg", "public, max-age=10"};
  }
  return {"application/octet-stream", "no-store"};
}

}  // namespace

LiveText PlaylistText(std::string text, LiveKind kind) {
  LiveText made;
  made.etag = absl::StrCat("\"live-", absl::Hex(HashOf(text), absl::kZeroPad16), "-", text.size(), "\"");
  const Facts facts = FactsOf(kind);
  made.headers = std::make_shared<const std::string>(
      absl::StrCat("Content-Type: ", facts.type, "\r\nETag: ", made.etag, "\r\nCache-Control: ", facts.caching,
                   "\r\nX-Content-Type-Options: nosniff\r\nTiming-Allow-Origin: *\r\n"));
  made.text = std::make_shared<const std::string>(std::move(text));
  return made;
}

}  // namespace lectern::vod
