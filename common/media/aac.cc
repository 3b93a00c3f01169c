#include "common/media/aac.h"

#include <cstdint>
#include <iterator>

namespace lectern::media {
namespace {

constexpr int kLowComplexity = 2, kReplication = 5, kParametricStereo = 29, kEscape = 31;
constexpr uint32_t kSyncExtension = 0x2b7;

class Bits {
 public:
  explicit Bits(absl::string_view bytes) : bytes_(bytes) {}
  uint32_t Take(int count) {
    uint32_t value = 0;
    for (; count > 0; --count, ++at_) {
      uint8_t byte = at_ / 8 < bytes_.size() ? static_cast<uint8_t>(bytes_[at_ / 8]) : 0;
      value = value << 1 | (byte >> (7 - at_ % 8) & 1);
    }
    return value;
  }
  bool ok() const { return at_ <= 8 * bytes_.size(); }

 private:
  absl::string_view bytes_;
  size_t at_ = 0;
};

int ObjectType(Bits& bits) {
  uint32_t type = bits.Take(5);
  return static_cast<int>(type == kEscape ? 32 + bits.Take(6) : type);
}

int SampleRate(Bits& bits) {
  static constexpr int kRates[] = {96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350};
  uint32_t index = bits.Take(4);
  if (index == 15) return static_cast<int>(bits.Take(24));
  return index < std::size(kRates) ? kRates[index] : 0;
}

}  // namespace

bool AacConfig::Playable() const {
  return object_type == kLowComplexity && !spectral_replication && frame_samples == 1024 && (channels == 1 || channels == 2) &&
         (sample_rate == 44100 || sample_rate == 48000);
}

absl::StatusOr<AacConfig> ParseAacConfig(absl::string_view config) {
  Bits bits(config);
  AacConfig aac;
  aac.object_type = ObjectType(bits);
  aac.sample_rate = SampleRate(bits);
  uint32_t channels = bits.Take(4);
  aac.channels = channels == 7 ? 8 : static_cast<int>(channels);
  if (aac.object_type == kReplication || aac.object_type == kParametricStereo) {
    aac.spectral_replication = true;
    SampleRate(bits);
    aac.object_type = ObjectType(bits);
  }
  if (bits.Take(1) != 0) aac.frame_samples = 960;
  if (!bits.ok() || config.size() > 64 || aac.object_type == 0 || aac.sample_rate <= 0) {
    return absl::InvalidArgumentError("broken AAC configuration");
  }
  // 1.6.6.1: announced in a way that old decoders overlook.
  bits.Take(2);
  if (aac.object_type == kLowComplexity && bits.Take(11) == kSyncExtension && bits.Take(5) == kReplication) {
    aac.spectral_replication = bits.Take(1) != 0 && bits.ok();
  }
  return aac;
}

}  // namespace lectern::media
