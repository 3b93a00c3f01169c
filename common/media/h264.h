// H.264 (ITU-T H.264, ISO/IEC 14496-15) as far as it is needed to cut it: decoder configurations, sizes, padding. Input may be
// hostile: every length is checked. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::media {

struct H264Sps {
  int profile = 0;               // profile_idc
  int constraints = 0;
  int level = 0;                 // ten times the level
  int width = 0;                 // after cropping
  int height = 0;
  int pixel_width = 1;           // sample aspect ratio
  int pixel_height = 1;
  int chroma_format = 1;         // 1: 4:2:0
  int bit_depth = 8;
  bool progressive = true;
};

// `nal` with its header byte, with emulation prevention. Errors: kInvalidArgument.
absl::StatusOr<H264Sps> ParseSps(absl::string_view nal);

// "High"; "profile 44" for those without a common name.
std::string ProfileName(const H264Sps& sps);

struct AvcConfig {
  int length_size = 4;           // bytes of a NAL unit's length: 1, 2 or 4
  std::string codecs;            // RFC 6381: "avc1.64001f"
  H264Sps sps;                   // of the first sequence parameter set
};

// AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1). Errors: kInvalidArgument.
absl::StatusOr<AvcConfig> ParseAvcConfig(absl::string_view record);

struct NalSurvey {
  bool idr = false;              // an instantaneous decoder refresh: everything after it is decodable without what was before
  bool picture = false;          // at least one slice
  size_t padding_bytes = 0;      // filler data units, lengths included
};

// Walks the NAL units of one access unit. Errors: kInvalidArgument where the lengths do not add up.
absl::StatusOr<NalSurvey> SurveyNals(absl::string_view access_unit, int length_size);

// Appends the access unit without filler data (NAL unit type 12, H.264 7.4.2.7), which decodes to nothing. Its lengths have been
// surveyed.
void AppendWithoutPadding(absl::string_view access_unit, int length_size, std::string& out);

}  // namespace lectern::media
