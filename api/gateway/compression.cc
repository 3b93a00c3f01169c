#include "api/gateway/compression.h"

#include <zlib.h>

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace lectern::api {
namespace {

constexpr int kGzipWindow = 15 + 16;   // zlib: 16 more asks for gzip's header
constexpr int kMemoryLevel = 8;

double WeightOf(const std::vector<absl::string_view>& parts) {
  double weight = 1;
  for (size_t i = 1; i < parts.size(); ++i) {
    absl::string_view parameter = absl::StripAsciiWhitespace(parts[i]);
    if (absl::ConsumePrefix(&parameter, "q=") && !absl::SimpleAtod(parameter, &weight)) return 0;
  }
  return weight;
}

}  // namespace

bool Accepts(absl::string_view accept_encoding, absl::string_view coding) {
  bool any = false;
  for (absl::string_view item : absl::StrSplit(accept_encoding, ',', absl::SkipWhitespace())) {
    std::vector<absl::string_view> parts = absl::StrSplit(item, ';');
    absl::string_view name = absl::StripAsciiWhitespace(parts[0]);
    if (absl::EqualsIgnoreCase(name, coding)) return WeightOf(parts) > 0;
    if (name == "*") any = WeightOf(parts) > 0;
  }
  return any;
}

std::string Gzip(absl::string_view text, int level) {
  z_stream stream{};
  std::string out;
  if (deflateInit2(&stream, level, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) return out;
  out.resize(deflateBound(&stream, text.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  int result = deflate(&stream, Z_FINISH);
  out.resize(result == Z_STREAM_END ? stream.total_out : 0);
  deflateEnd(&stream);
  return out;
}

}  // namespace lectern::api
