#include "common/media/mp4_boxes.h"

#include <cstring>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status.h"

namespace lectern::media {
namespace {

constexpr size_t kHeader = 8;
constexpr uint32_t kNonSync = 0x10000;  // ISO/IEC 14496-12 8.8.3.1: sample_is_non_sync_sample
// tfhd (8.8.7) and trun (8.8.8) flags.
constexpr uint32_t kBaseDataOffset = 0x1, kDescriptionIndex = 0x2, kDefaultDuration = 0x8, kDefaultSize = 0x10,
                   kDefaultFlags = 0x20;
constexpr uint32_t kDataOffset = 0x1, kFirstFlags = 0x4, kDurations = 0x100, kSizes = 0x200, kFlags = 0x400,
                   kOffsets = 0x800;

absl::Status Broken(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("broken MP4: ", what));
}

// Reads big-endian numbers; past the end it yields zeros and remembers that.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : bytes_(bytes) {}

  uint64_t Number(size_t size) {
    if (bytes_.size() < size) {
      short_ = true;
      bytes_ = {};
      return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(bytes_[i]);
    bytes_.remove_prefix(size);
    return value;
  }
  uint32_t U32() { return static_cast<uint32_t>(Number(4)); }
  void Skip(size_t size) {
    if (bytes_.size() < size) short_ = true;
    bytes_.remove_prefix(std::min(size, bytes_.size()));
  }
  absl::string_view rest() const { return bytes_; }
  bool ok() const { return !short_; }

 private:
  absl::string_view bytes_;
  bool short_ = false;
};

absl::StatusOr<Box> Find(absl::string_view bytes, absl::string_view type) {
  ASSIGN_OR_RETURN(std::vector<Box> boxes, SplitBoxes(bytes));
  for (const Box& box : boxes) {
    if (box.type == type) return box;
  }
  return Broken(absl::StrCat("no ", type, " box"));
}

absl::StatusOr<Box> FindPath(absl::string_view bytes, std::initializer_list<absl::string_view> path) {
  Box box;
  for (absl::string_view type : path) {
    ASSIGN_OR_RETURN(box, Find(bytes, type));
    bytes = box.payload;
  }
  return box;
}

// ISO/IEC 14496-1 8.3.3: seven bits a byte.
uint32_t DescriptorLength(Reader& reader) {
  uint32_t length = 0;
  for (int i = 0; i < 4; ++i) {
    uint32_t byte = static_cast<uint32_t>(reader.Number(1));
    length = length << 7 | (byte & 0x7f);
    if ((byte & 0x80) == 0) break;
  }
  return length;
}

// ISO/IEC 14496-3 1.6.2.1, the first fields of an AudioSpecificConfig.
void ReadAudioConfig(absl::string_view bytes, uint32_t object_type_indication, TrackInit& init) {
  static constexpr int kRates[] = {96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                   22050, 16000, 12000, 11025, 8000,  7350};
  Reader reader(bytes);
  uint64_t bits = reader.Number(std::min<size_t>(bytes.size(), 8)) << (8 * (8 - std::min<size_t>(bytes.size(), 8)));
  auto take = [&bits](int count) {
    uint32_t value = static_cast<uint32_t>(bits >> (64 - count));
    bits <<= count;
    return value;
  };
  uint32_t object_type = take(5);
  if (object_type == 31) object_type = 32 + take(6);
  uint32_t index = take(4);
  init.sample_rate = index == 15 ? static_cast<int>(take(24)) : index < std::size(kRates) ? kRates[index] : 0;
  uint32_t configuration = take(4);
  init.channels = configuration == 7 ? 8 : static_cast<int>(configuration);
  init.codecs = absl::StrFormat("mp4a.%02x.%d", object_type_indication, object_type);
}

absl::Status ReadEsds(absl::string_view payload, TrackInit& init) {
  Reader reader(payload);
  reader.Skip(4);
  if (reader.Number(1) != 3) return Broken("esds without an ES descriptor");
  DescriptorLength(reader);
  reader.Skip(2);
  uint32_t flags = static_cast<uint32_t>(reader.Number(1));
  if (flags & 0x80) reader.Skip(2);
  if (flags & 0x40) reader.Skip(reader.Number(1));
  if (flags & 0x20) reader.Skip(2);
  if (reader.Number(1) != 4) return Broken("esds without a decoder configuration");
  DescriptorLength(reader);
  uint32_t object_type_indication = static_cast<uint32_t>(reader.Number(1));
  reader.Skip(12);
  if (reader.Number(1) != 5) return Broken("esds without an audio configuration");
  uint32_t length = DescriptorLength(reader);
  if (!reader.ok() || length < 2 || length > reader.rest().size()) return Broken("esds is cut off");
  ReadAudioConfig(reader.rest().substr(0, length), object_type_indication, init);
  return absl::OkStatus();
}

absl::Status ReadVideoEntry(absl::string_view entry, TrackInit& init) {
  constexpr size_t kVisualEntry = 78;
  if (entry.size() < kVisualEntry) return Broken("video sample entry is cut off");
  Reader reader(entry);
  reader.Skip(24);
  init.width = static_cast<int>(reader.Number(2));
  init.height = static_cast<int>(reader.Number(2));
  ASSIGN_OR_RETURN(Box config, Find(entry.substr(kVisualEntry), "avcC"));
  if (config.payload.size() < 4) return Broken("avcC is cut off");
  // RFC 6381 3.3: profile, constraint flags, level.
  init.codecs = absl::StrFormat("avc1.%02x%02x%02x", static_cast<uint8_t>(config.payload[1]),
                                static_cast<uint8_t>(config.payload[2]), static_cast<uint8_t>(config.payload[3]));
  init.video = true;
  return absl::OkStatus();
}

absl::Status ReadAudioEntry(absl::string_view entry, TrackInit& init) {
  constexpr size_t kAudioEntry = 28;
  if (entry.size() < kAudioEntry) return Broken("audio sample entry is cut off");
  ASSIGN_OR_RETURN(Box esds, Find(entry.substr(kAudioEntry), "esds"));
  return ReadEsds(esds.payload, init);
}

absl::Status ReadSampleDescription(absl::string_view stsd, TrackInit& init) {
  if (stsd.size() < 8) return Broken("stsd is cut off");
  ASSIGN_OR_RETURN(std::vector<Box> entries, SplitBoxes(stsd.substr(8)));
  if (entries.size() != 1) return Broken("not exactly one sample description");
  if (entries[0].type == "avc1") return ReadVideoEntry(entries[0].payload, init);
  if (entries[0].type == "mp4a") return ReadAudioEntry(entries[0].payload, init);
  return absl::InvalidArgumentError(absl::StrCat("the codec ", entries[0].type, " is not supported in HLS"));
}

absl::Status ReadTrackHeaders(absl::string_view trak, TrackInit& init) {
  ASSIGN_OR_RETURN(Box tkhd, Find(trak, "tkhd"));
  Reader track(tkhd.payload);
  bool wide = track.U32() >> 24 == 1;
  track.Skip(wide ? 16 : 8);
  init.track_id = track.U32();
  ASSIGN_OR_RETURN(Box mdhd, FindPath(trak, {"mdia", "mdhd"}));
  Reader media(mdhd.payload);
  wide = media.U32() >> 24 == 1;
  media.Skip(wide ? 16 : 8);
  init.timescale = media.U32();
  if (!track.ok() || !media.ok() || init.track_id == 0 || init.timescale == 0) return Broken("track header");
  return absl::OkStatus();
}

struct Defaults {
  uint32_t duration, size, flags;
};

absl::Status ReadTfhd(absl::string_view payload, const TrackInit& init, Defaults& defaults) {
  Reader reader(payload);
  uint32_t flags = reader.U32() & 0xffffff;
  if (reader.U32() != init.track_id) return Broken("a fragment of another track");
  if (flags & kBaseDataOffset) return Broken("a fragment with absolute data offsets");
  if (flags & kDescriptionIndex) reader.Skip(4);
  if (flags & kDefaultDuration) defaults.duration = reader.U32();
  if (flags & kDefaultSize) defaults.size = reader.U32();
  if (flags & kDefaultFlags) defaults.flags = reader.U32();
  return reader.ok() ? absl::OkStatus() : Broken("tfhd is cut off");
}

absl::StatusOr<int64_t> ReadTfdt(absl::string_view payload) {
  Reader reader(payload);
  bool wide = reader.U32() >> 24 == 1;
  uint64_t time = reader.Number(wide ? 8 : 4);
  if (!reader.ok() || time > static_cast<uint64_t>(std::numeric_limits<int64_t>::max() / 2)) return Broken("tfdt");
  return static_cast<int64_t>(time);
}

// `data_offset` is where the samples of this run are expected, from the beginning of the moof.
absl::Status ReadTrun(absl::string_view payload, const Defaults& defaults, uint64_t data_offset, Fragment& fragment) {
  Reader reader(payload);
  uint32_t flags = reader.U32() & 0xffffff;
  uint32_t count = reader.U32();
  if ((flags & kDataOffset) && reader.U32() != data_offset)
    return Broken("trun points elsewhere than behind the samples before it");
  std::optional<uint32_t> first_flags;
  if (flags & kFirstFlags) first_flags = reader.U32();
  size_t entry =
      4 * (((flags & kDurations) != 0) + ((flags & kSizes) != 0) + ((flags & kFlags) != 0) + ((flags & kOffsets) != 0));
  if (!reader.ok() || reader.rest().size() < static_cast<uint64_t>(count) * entry || count > 10'000'000)
    return Broken("trun is cut off");
  for (uint32_t i = 0; i < count; ++i) {
    Sample sample;
    sample.duration = flags & kDurations ? reader.U32() : defaults.duration;
    sample.size = flags & kSizes ? reader.U32() : defaults.size;
    uint32_t sample_flags = flags & kFlags ? reader.U32() : defaults.flags;
    if (i == 0 && first_flags.has_value()) sample_flags = *first_flags;
    sample.sync = (sample_flags & kNonSync) == 0;
    // Version 0 offsets are unsigned; none is so large that its sign would differ.
    if (flags & kOffsets) sample.composition_offset = static_cast<int32_t>(reader.U32());
    fragment.samples.push_back(sample);
  }
  return absl::OkStatus();
}

uint64_t TotalSize(const Fragment& fragment) {
  uint64_t total = 0;
  for (const Sample& sample : fragment.samples) total += sample.size;
  return total;
}

absl::StatusOr<Fragment> ReadFragment(const Box& moof, const Box& mdat, const TrackInit& init) {
  ASSIGN_OR_RETURN(Box traf, Find(moof.payload, "traf"));
  ASSIGN_OR_RETURN(std::vector<Box> boxes, SplitBoxes(traf.payload));
  Fragment fragment;
  Defaults defaults = {init.default_duration, init.default_size, init.default_flags};
  uint64_t data_begin = static_cast<uint64_t>(mdat.payload.data() - moof.whole.data());
  bool timed = false;
  for (const Box& box : boxes) {
    if (box.type == "tfhd") RETURN_IF_ERROR(ReadTfhd(box.payload, init, defaults));
    if (box.type == "trun")
      RETURN_IF_ERROR(ReadTrun(box.payload, defaults, data_begin + TotalSize(fragment), fragment));
    if (box.type == "tfdt") {
      ASSIGN_OR_RETURN(fragment.decode_time, ReadTfdt(box.payload));
      timed = true;
    }
  }
  if (!timed || fragment.samples.empty()) return Broken("a fragment without samples or time");
  if (TotalSize(fragment) != mdat.payload.size()) return Broken("the samples do not fill their mdat");
  fragment.data = mdat.payload;
  return fragment;
}

}  // namespace

absl::StatusOr<uint64_t> BoxLength(absl::string_view bytes) {
  if (bytes.size() < kHeader) return 0;
  Reader reader(bytes);
  uint64_t length = reader.U32();
  reader.Skip(4);
  if (length == 0) return Broken("a box without an end");
  if (length == 1) {
    if (bytes.size() < 2 * kHeader) return 0;
    length = reader.Number(8);
    if (length < 2 * kHeader) return Broken("a box shorter than its header");
  }
  if (length < kHeader || length > std::numeric_limits<int64_t>::max()) return Broken("a box length that cannot be");
  return length;
}

absl::StatusOr<std::vector<Box>> SplitBoxes(absl::string_view bytes) {
  std::vector<Box> boxes;
  while (!bytes.empty()) {
    ASSIGN_OR_RETURN(uint64_t length, BoxLength(bytes));
    if (length == 0 || length > bytes.size()) return Broken("a box is cut off");
    size_t header = memcmp(bytes.data(), "\0\0\0\1", 4) == 0 ? 2 * kHeader : kHeader;
    absl::string_view whole = bytes.substr(0, length);
    boxes.push_back({std::string(bytes.substr(4, 4)), whole.substr(header), whole});
    bytes.remove_prefix(length);
  }
  return boxes;
}

absl::StatusOr<TrackInit> ParseInit(absl::string_view bytes) {
  ASSIGN_OR_RETURN(Box moov, Find(bytes, "moov"));
  ASSIGN_OR_RETURN(std::vector<Box> boxes, SplitBoxes(moov.payload));
  TrackInit init;
  int tracks = 0;
  for (const Box& box : boxes) {
    if (box.type != "trak") continue;
    if (++tracks > 1) return Broken("more than one track");
    RETURN_IF_ERROR(ReadTrackHeaders(box.payload, init));
    ASSIGN_OR_RETURN(Box stsd, FindPath(box.payload, {"mdia", "minf", "stbl", "stsd"}));
    RETURN_IF_ERROR(ReadSampleDescription(stsd.payload, init));
  }
  if (tracks == 0) return Broken("no track");
  ASSIGN_OR_RETURN(Box trex, FindPath(moov.payload, {"mvex", "trex"}));
  Reader reader(trex.payload);
  reader.Skip(12);
  init.default_duration = reader.U32();
  init.default_size = reader.U32();
  init.default_flags = reader.U32();
  if (!reader.ok()) return Broken("trex is cut off");
  return init;
}

int64_t Fragment::DurationTicks() const {
  int64_t total = 0;
  for (const Sample& sample : samples) total += sample.duration;
  return total;
}

absl::StatusOr<Fragment> ParseFragment(absl::string_view bytes, const TrackInit& init) {
  ASSIGN_OR_RETURN(std::vector<Box> boxes, SplitBoxes(bytes));
  if (boxes.size() != 2 || boxes[0].type != "moof" || boxes[1].type != "mdat") return Broken("not a fragment");
  return ReadFragment(boxes[0], boxes[1], init);
}

absl::StatusOr<std::vector<Fragment>> ParseSegment(absl::string_view bytes, const TrackInit& init) {
  ASSIGN_OR_RETURN(std::vector<Box> boxes, SplitBoxes(bytes));
  std::vector<Fragment> fragments;
  for (size_t i = 0; i < boxes.size(); ++i) {
    if (boxes[i].type != "moof") {
      if (boxes[i].type == "mdat") return Broken("an mdat without its moof");
      continue;
    }
    if (i + 1 == boxes.size() || boxes[i + 1].type != "mdat") return Broken("a moof without its mdat");
    ASSIGN_OR_RETURN(Fragment fragment, ReadFragment(boxes[i], boxes[i + 1], init));
    fragments.push_back(std::move(fragment));
    ++i;
  }
  if (fragments.empty()) return Broken("a segment without fragments");
  return fragments;
}

}  // namespace lectern::media
