#include <algorithm>

#include "common/base/status.h"
#include "common/media/mp4_boxes.h"
#include "common/media/mp4_build.h"

namespace lectern::media {
namespace {

// ISO/IEC 14496-12 8.8.3.1: sample_depends_on 2 (nobody); 1 (others) and not a sync sample.
constexpr uint32_t kSyncFlags = 0x02000000, kOtherFlags = 0x01010000;

// What all samples share stands once in tfhd, the rest in trun.
struct Shape {
  bool durations = false;
  bool flags = false;
  bool offsets = false;
};

Shape ShapeOf(const Fragment& fragment) {
  Shape shape;
  const Sample& first = fragment.samples.front();
  for (const Sample& sample : fragment.samples) {
    shape.durations |= sample.duration != first.duration;
    shape.flags |= sample.sync != first.sync;
    shape.offsets |= sample.composition_offset != 0;
  }
  return shape;
}

std::string Tfhd(const TrackInit& init, const Fragment& fragment) {
  std::string payload;
  Append(payload, init.track_id, 4);
  Append(payload, fragment.samples.front().duration, 4);
  Append(payload, fragment.samples.front().sync ? kSyncFlags : kOtherFlags, 4);
  return MakeFullBox("tfhd", 0, 0x020000 | 0x8 | 0x20, payload);
}

std::string Trun(const Fragment& fragment, const Shape& shape, uint32_t data_offset) {
  uint32_t flags = 0x1 | 0x200 | (shape.durations ? 0x100 : 0) | (shape.flags ? 0x400 : 0) | (shape.offsets ? 0x800 : 0);
  std::string payload;
  Append(payload, fragment.samples.size(), 4);
  Append(payload, data_offset, 4);
  for (const Sample& sample : fragment.samples) {
    if (shape.durations) Append(payload, sample.duration, 4);
    Append(payload, sample.size, 4);
    if (shape.flags) Append(payload, sample.sync ? kSyncFlags : kOtherFlags, 4);
    if (shape.offsets) Append(payload, static_cast<uint32_t>(sample.composition_offset), 4);
  }
  return MakeFullBox("trun", 1, flags, payload);
}

// ISO/IEC 14496-12 8.6.6; a duration of 0 in a fragmented file means: to its end.
std::string EditList(uint32_t media_time) {
  std::string payload;
  Append(payload, 1, 4);
  Append(payload, 0, 4);
  Append(payload, media_time, 4);
  Append(payload, 0x00010000, 4);
  return MakeBox("edts", MakeFullBox("elst", 0, 0, payload));
}

}  // namespace

absl::StatusOr<std::string> WithEditList(absl::string_view init, uint32_t media_time) {
  ASSIGN_OR_RETURN(std::vector<Box> top, SplitBoxes(init));
  std::string result;
  for (const Box& box : top) {
    if (box.type != "moov") {
      result.append(box.whole.data(), box.whole.size());
      continue;
    }
    ASSIGN_OR_RETURN(std::vector<Box> children, SplitBoxes(box.payload));
    std::string moov;
    for (const Box& child : children) {
      if (child.type != "trak") {
        moov.append(child.whole.data(), child.whole.size());
        continue;
      }
      ASSIGN_OR_RETURN(std::vector<Box> parts, SplitBoxes(child.payload));
      std::string trak;
      for (const Box& part : parts) {
        if (part.type != "edts") trak.append(part.whole.data(), part.whole.size());
        if (part.type == "tkhd" && media_time > 0) trak += EditList(media_time);
      }
      moov += MakeBox("trak", trak);
    }
    result += MakeBox("moov", moov);
  }
  return result;
}

std::string WriteFragment(uint32_t sequence, const TrackInit& init, const Fragment& fragment) {
  Shape shape = ShapeOf(fragment);
  std::string number, time;
  Append(number, sequence, 4);
  Append(time, static_cast<uint64_t>(std::max<int64_t>(0, fragment.decode_time)), 8);
  auto moof = [&](uint32_t data_offset) {
    return MakeBox("moof", MakeFullBox("mfhd", 0, 0, number) +
                               MakeBox("traf", Tfhd(init, fragment) + MakeFullBox("tfdt", 1, 0, time) +
                                                   Trun(fragment, shape, data_offset)));
  };
  std::string head = moof(static_cast<uint32_t>(moof(0).size() + 8));
  Append(head, fragment.data.size() + 8, 4);
  head.append("mdat", 4);
  return head.append(fragment.data.data(), fragment.data.size());
}

}  // namespace lectern::media
