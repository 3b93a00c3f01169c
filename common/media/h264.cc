#include "common/media/h264.h"

#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status.h"

namespace lectern::media {
namespace {

constexpr int kSlice = 1, kIdrSlice = 5, kSequenceParameters = 7, kFiller = 12;
// The largest picture of level 6.2 has 139264 macroblocks.
constexpr int64_t kMostPixels = 139'264 * 256;

absl::Status Broken(absl::string_view what) { return absl::InvalidArgumentError(absl::StrCat("broken H.264: ", what)); }

uint8_t Byte(absl::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

// 7.4.1.1: 00 00 03 stands for 00 00.
std::string WithoutEmulation(absl::string_view nal) {
  std::string out;
  int zeros = 0;
  for (char c : nal) {
    if (zeros >= 2 && c == 3) {
      zeros = 0;
      continue;
    }
    zeros = c == 0 ? zeros + 1 : 0;
    out.push_back(c);
  }
  return out;
}

// Past the end it reads zeros and remembers that.
class BitReader {
 public:
  explicit BitReader(absl::string_view bytes) : bytes_(bytes) {}
  uint32_t Bits(int count) {
    uint32_t value = 0;
    for (; count > 0; --count, ++at_) {
      if (at_ / 8 >= bytes_.size()) {
        ok_ = false;
        return 0;
      }
      value = value << 1 | (Byte(bytes_, at_ / 8) >> (7 - at_ % 8) & 1);
    }
    return value;
  }
  bool Flag() { return Bits(1) != 0; }
  // 9.1: Exp-Golomb.
  uint32_t Ue() {
    int zeros = 0;
    while (ok_ && !Flag()) {
      if (++zeros > 31) ok_ = false;
    }
    return ok_ ? (1u << zeros) - 1 + Bits(zeros) : 0;
  }
  int32_t Se() {
    uint32_t code = Ue();
    return static_cast<int32_t>(code % 2 == 1 ? code / 2 + 1 : -static_cast<int64_t>(code / 2));
  }
  bool ok() const { return ok_; }

 private:
  absl::string_view bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

// 7.3.2.1.1.1
void SkipScalingList(BitReader& bits, int size) {
  int last = 8, next = 8;
  for (int i = 0; i < size && bits.ok(); ++i) {
    if (next != 0) next = (last + bits.Se()) & 0xff;
    last = next == 0 ? last : next;
  }
}

bool HasChroma(int profile) {
  for (int other : {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}) {
    if (profile == other) return true;
  }
  return false;
}

void ReadChroma(BitReader& bits, H264Sps& sps) {
  sps.chroma_format = static_cast<int>(bits.Ue());
  if (sps.chroma_format == 3) bits.Flag();
  sps.bit_depth = static_cast<int>(bits.Ue()) + 8;
  bits.Ue();
  bits.Flag();
  if (!bits.Flag()) return;
  for (int i = 0; i < (sps.chroma_format == 3 ? 12 : 8); ++i) {
    if (bits.Flag()) SkipScalingList(bits, i < 6 ? 16 : 64);
  }
}

void SkipPictureOrder(BitReader& bits) {
  uint32_t type = bits.Ue();
  if (type == 0) bits.Ue();
  if (type != 1) return;
  bits.Flag();
  bits.Se();
  bits.Se();
  uint32_t cycle = bits.Ue();
  for (uint32_t i = 0; i < cycle && bits.ok(); ++i) bits.Se();
}

// E.2.1, table E-1.
void ReadPixelShape(BitReader& bits, H264Sps& sps) {
  static constexpr int kShapes[][2] = {{1, 1},   {1, 1},   {12, 11}, {10, 11}, {16, 11}, {40, 33}, {24, 11}, {20, 11}, {32, 11},
                                       {80, 33}, {18, 11}, {15, 11}, {64, 33}, {160, 99}, {4, 3},   {3, 2},   {2, 1}};
  uint32_t shape = bits.Bits(8);
  int width = 1, height = 1;
  if (shape == 255) {
    width = static_cast<int>(bits.Bits(16));
    height = static_cast<int>(bits.Bits(16));
  } else if (shape < std::size(kShapes)) {
    width = kShapes[shape][0];
    height = kShapes[shape][1];
  }
  if (!bits.ok() || width == 0 || height == 0) return;
  sps.pixel_width = width;
  sps.pixel_height = height;
}

absl::Status ReadSize(BitReader& bits, H264Sps& sps) {
  int64_t width = (int64_t{bits.Ue()} + 1) * 16;
  int64_t units = int64_t{bits.Ue()} + 1;
  sps.progressive = bits.Flag();
  int fields = sps.progressive ? 1 : 2;
  if (!sps.progressive) bits.Flag();
  bits.Flag();
  int64_t height = units * 16 * fields;
  if (!bits.ok() || width > kMostPixels || height > kMostPixels || width * height > kMostPixels)
    return Broken("size of the picture");
  if (bits.Flag()) {
    int64_t across = sps.chroma_format == 1 || sps.chroma_format == 2 ? 2 : 1;
    int64_t down = (sps.chroma_format == 1 ? 2 : 1) * fields;
    uint32_t left = bits.Ue(), right = bits.Ue(), top = bits.Ue(), bottom = bits.Ue();
    width -= across * (int64_t{left} + right);
    height -= down * (int64_t{top} + bottom);
  }
  if (!bits.ok() || width <= 0 || height <= 0) return Broken("cropping of the picture");
  sps.width = static_cast<int>(width);
  sps.height = static_cast<int>(height);
  return absl::OkStatus();
}

size_t NalLength(absl::string_view bytes, int length_size) {
  size_t length = 0;
  for (int i = 0; i < length_size; ++i) length = length << 8 | Byte(bytes, static_cast<size_t>(i));
  return length;
}

}  // namespace

absl::StatusOr<H264Sps> ParseSps(absl::string_view nal) {
  if (nal.size() < 5 || (Byte(nal, 0) & 0x1f) != kSequenceParameters) return Broken("not a sequence parameter set");
  std::string bytes = WithoutEmulation(nal.substr(1));
  BitReader bits(bytes);
  H264Sps sps;
  sps.profile = static_cast<int>(bits.Bits(8));
  sps.constraints = static_cast<int>(bits.Bits(8));
  sps.level = static_cast<int>(bits.Bits(8));
  bits.Ue();
  if (HasChroma(sps.profile)) ReadChroma(bits, sps);
  bits.Ue();
  SkipPictureOrder(bits);
  bits.Ue();
  bits.Flag();
  RETURN_IF_ERROR(ReadSize(bits, sps));
  if (bits.Flag() && bits.Flag()) ReadPixelShape(bits, sps);
  return sps;
}

std::string ProfileName(const H264Sps& sps) {
  switch (sps.profile) {
    case 66:
      return (sps.constraints & 0x40) != 0 ? "Constrained Baseline" : "Baseline";
    case 77:
      return "Main";
    case 88:
      return "Extended";
    case 100:
      return "High";
    case 110:
      return "High 10";
    case 122:
      return "High 4:2:2";
    case 244:
      return "High 4:4:4 Predictive";
    default:
      return absl::StrCat("profile ", sps.profile);
  }
}

absl::StatusOr<AvcConfig> ParseAvcConfig(absl::string_view record) {
  constexpr size_t kHead = 6;
  if (record.size() < kHead + 2 || Byte(record, 0) != 1) return Broken("decoder configuration");
  AvcConfig config;
  config.length_size = (Byte(record, 4) & 3) + 1;
  if (config.length_size == 3) return Broken("length of lengths");
  if ((Byte(record, 5) & 0x1f) == 0) return Broken("no sequence parameter set");
  size_t length = NalLength(record.substr(kHead), 2);
  if (length > record.size() - kHead - 2) return Broken("decoder configuration is cut off");
  ASSIGN_OR_RETURN(config.sps, ParseSps(record.substr(kHead + 2, length)));
  config.codecs = absl::StrFormat("avc1.%02x%02x%02x", Byte(record, 1), Byte(record, 2), Byte(record, 3));
  return config;
}

absl::StatusOr<NalSurvey> SurveyNals(absl::string_view access_unit, int length_size) {
  NalSurvey survey;
  size_t head = static_cast<size_t>(length_size);
  while (!access_unit.empty()) {
    if (access_unit.size() < head) return Broken("length of a NAL unit is cut off");
    size_t length = NalLength(access_unit, length_size);
    if (length > access_unit.size() - head) return Broken("NAL unit is cut off");
    int type = length == 0 ? 0 : Byte(access_unit, head) & 0x1f;
    if (type == kFiller) survey.padding_bytes += head + length;
    survey.idr |= type == kIdrSlice;
    survey.picture |= type >= kSlice && type <= kIdrSlice;
    access_unit.remove_prefix(head + length);
  }
  return survey;
}

void AppendWithoutPadding(absl::string_view access_unit, int length_size, std::string& out) {
  size_t head = static_cast<size_t>(length_size);
  while (access_unit.size() > head) {
    size_t unit = head + NalLength(access_unit, length_size);
    if ((Byte(access_unit, head) & 0x1f) != kFiller) out.append(access_unit.data(), unit);
    access_unit.remove_prefix(unit);
  }
}

}  // namespace lectern::media
