#include "common/media/mp4_init.h"

#include "common/media/mp4_boxes.h"
#include "common/media/mp4_build.h"

namespace lectern::media {
namespace {

constexpr uint32_t kTrack = 1;

std::string Zeros(size_t count) { return std::string(count, '\0'); }

std::string Number(uint64_t value, int bytes) {
  std::string out;
  Append(out, value, bytes);
  return out;
}

// 8.2.2: no rotation.
std::string Matrix() {
  std::string out;
  for (uint32_t value : {0x10000u, 0u, 0u, 0u, 0x10000u, 0u, 0u, 0u, 0x40000000u}) Append(out, value, 4);
  return out;
}

std::string MovieHeader() {
  return MakeFullBox("mvhd", 0, 0,
                     Zeros(8) + Number(1000, 4) + Zeros(4) + Number(0x10000, 4) + Number(0x100, 2) + Zeros(10) + Matrix() +
                         Zeros(24) + Number(kTrack + 1, 4));
}

std::string TrackHeader(bool video, int width, int height) {
  // Enabled, in the movie, in the preview.
  return MakeFullBox("tkhd", 0, 7,
                     Zeros(8) + Number(kTrack, 4) + Zeros(16) + Number(0, 2) + Number(video ? 0 : 1, 2) +
                         Number(video ? 0 : 0x100, 2) + Zeros(2) + Matrix() + Number(static_cast<uint64_t>(width) << 16, 4) +
                         Number(static_cast<uint64_t>(height) << 16, 4));
}

std::string MediaHeader(uint32_t timescale) {
  constexpr uint32_t kUndetermined = 0x55c4;   // "und", five bits a letter
  return MakeFullBox("mdhd", 0, 0, Zeros(8) + Number(timescale, 4) + Zeros(4) + Number(kUndetermined, 2) + Zeros(2));
}

std::string Handler(bool video) {
  return MakeFullBox("hdlr", 0, 0, Zeros(4) + (video ? "vide" : "soun") + Zeros(12) + (video ? "Video" : "Sound") + Zeros(1));
}

std::string DataHere() {
  return MakeBox("dinf", MakeFullBox("dref", 0, 0, Number(1, 4) + MakeFullBox("url ", 0, 1, "")));
}

// All samples are in fragments.
std::string EmptySampleTable(const std::string& entry) {
  return MakeBox("stbl", MakeFullBox("stsd", 0, 0, Number(1, 4) + entry) + MakeFullBox("stts", 0, 0, Zeros(4)) +
                             MakeFullBox("stsc", 0, 0, Zeros(4)) + MakeFullBox("stsz", 0, 0, Zeros(8)) +
                             MakeFullBox("stco", 0, 0, Zeros(4)));
}

std::string Init(const std::string& track_header, uint32_t timescale, bool video, const std::string& entry) {
  std::string media_header = video ? MakeFullBox("vmhd", 0, 1, Zeros(8)) : MakeFullBox("smhd", 0, 0, Zeros(4));
  std::string media = MakeBox("mdia", MediaHeader(timescale) + Handler(video) +
                                          MakeBox("minf", media_header + DataHere() + EmptySampleTable(entry)));
  std::string extends = MakeBox("mvex", MakeFullBox("trex", 0, 0, Number(kTrack, 4) + Number(1, 4) + Zeros(12)));
  return MakeBox("ftyp", "iso6" + Number(0, 4) + "iso6cmfcmp41") +
         MakeBox("moov", MovieHeader() + MakeBox("trak", track_header + media) + extends);
}

// ISO/IEC 14496-1 7.2.6: tag, length, content. All lengths of ours fit seven bits.
std::string Descriptor(uint8_t tag, const std::string& content) {
  return Number(tag, 1) + Number(content.size(), 1) + content;
}

std::string ElementaryStream(const std::string& config) {
  constexpr uint8_t kAac = 0x40, kAudioStream = 0x15;
  std::string decoder = Number(kAac, 1) + Number(kAudioStream, 1) + Zeros(11) + Descriptor(5, config);
  return MakeFullBox("esds", 0, 0,
                     Descriptor(3, Number(kTrack, 2) + Zeros(1) + Descriptor(4, decoder) + Descriptor(6, Number(2, 1))));
}

}  // namespace

std::string WriteVideoInit(const VideoInit& video) {
  constexpr uint32_t kDotsPerInch = 72 << 16;
  std::string entry = Zeros(6) + Number(1, 2) + Zeros(16) + Number(static_cast<uint64_t>(video.width), 2) +
                      Number(static_cast<uint64_t>(video.height), 2) + Number(kDotsPerInch, 4) + Number(kDotsPerInch, 4) +
                      Zeros(4) + Number(1, 2) + Zeros(32) + Number(24, 2) + Number(0xffff, 2) +
                      MakeBox("avcC", std::string(video.config));
  std::string init = Init(TrackHeader(true, video.width, video.height), video.timescale, true, MakeBox("avc1", entry));
  if (video.delay == 0) return init;
  return WithEditList(init, video.delay).value_or(init);
}

std::string WriteAudioInit(const AudioInit& audio) {
  std::string entry = Zeros(6) + Number(1, 2) + Zeros(8) + Number(static_cast<uint64_t>(audio.channels), 2) + Number(16, 2) +
                      Zeros(4) + Number(static_cast<uint64_t>(audio.sample_rate) << 16, 4) +
                      ElementaryStream(std::string(audio.config));
  return Init(TrackHeader(false, 0, 0), static_cast<uint32_t>(audio.sample_rate), false, MakeBox("mp4a", entry));
}

}  // namespace lectern::media
