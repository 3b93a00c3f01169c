#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/media/hls_playlist.h"

namespace lectern::media {
namespace {

constexpr char kGroup[] = "audio";

bool Better(const PublishedRendition& a, const PublishedRendition& b) {
  int64_t pixels_a = static_cast<int64_t>(a.width) * a.height, pixels_b = static_cast<int64_t>(b.width) * b.height;
  return pixels_a != pixels_b ? pixels_a > pixels_b : a.bandwidth_bps > b.bandwidth_bps;
}

std::string Group(const PublishedRendition& sound) {
  return absl::StrFormat(
      "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"%s\",NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"%d\",URI=\"%s\"\n",
      kGroup, sound.channels, sound.uri);
}

// RFC 8216 4.3.4.2: the rates of a variant include the renditions that play with it.
std::string Variant(const PublishedRendition& track, const PublishedRendition* sound) {
  int64_t peak = track.bandwidth_bps, average = track.average_bandwidth_bps;
  std::string codecs = track.codecs;
  if (sound != nullptr) {
    peak += sound->bandwidth_bps;
    average += sound->average_bandwidth_bps;
    absl::StrAppend(&codecs, ",", sound->codecs);
  }
  std::string line = absl::StrFormat("#EXT-X-STREAM-INF:BANDWIDTH=%d", peak);
  if (average > 0) absl::StrAppendFormat(&line, ",AVERAGE-BANDWIDTH=%d", average);
  absl::StrAppendFormat(&line, ",CODECS=\"%s\"", codecs);
  if (track.width > 0) absl::StrAppendFormat(&line, ",RESOLUTION=%dx%d", track.width, track.height);
  if (track.frame_rate > 0) absl::StrAppendFormat(&line, ",FRAME-RATE=%.3f", track.frame_rate);
  if (sound != nullptr) absl::StrAppendFormat(&line, ",AUDIO=\"%s\"", kGroup);
  return absl::StrCat(line, "\n", track.uri, "\n");
}

// NAME=value or NAME="value, with commas".
absl::StatusOr<std::map<std::string, std::string>> Attributes(int number, absl::string_view text) {
  std::map<std::string, std::string> attributes;
  while (!text.empty()) {
    size_t equals = text.find('=');
    if (equals == absl::string_view::npos)
      return absl::InvalidArgumentError(absl::StrCat("playlist line ", number, ": bad attribute"));
    std::string name(text.substr(0, equals));
    text.remove_prefix(equals + 1);
    bool quoted = absl::ConsumePrefix(&text, "\"");
    size_t end = text.find(quoted ? '"' : ',');
    if (quoted && end == absl::string_view::npos) {
      return absl::InvalidArgumentError(absl::StrCat("playlist line ", number, ": a quote is not closed"));
    }
    attributes[name] = std::string(text.substr(0, end));
    text.remove_prefix(end == absl::string_view::npos ? text.size() : end + (quoted ? 1 : 0));
    absl::ConsumePrefix(&text, ",");
  }
  return attributes;
}

absl::StatusOr<MasterVariant> VariantOf(int number, absl::string_view text) {
  ASSIGN_OR_RETURN(auto attributes, Attributes(number, text));
  MasterVariant variant;
  variant.codecs = attributes["CODECS"];
  variant.audio_group = attributes["AUDIO"];
  if (!absl::SimpleAtoi(attributes["BANDWIDTH"], &variant.bandwidth_bps)) {
    return absl::InvalidArgumentError(absl::StrCat("playlist line ", number, ": no BANDWIDTH"));
  }
  if (!absl::SimpleAtoi(attributes["AVERAGE-BANDWIDTH"], &variant.average_bandwidth_bps))
    variant.average_bandwidth_bps = 0;
  if (!absl::SimpleAtod(attributes["FRAME-RATE"], &variant.frame_rate)) variant.frame_rate = 0;
  std::pair<std::string, std::string> size = absl::StrSplit(attributes["RESOLUTION"], absl::MaxSplits('x', 1));
  if (!absl::SimpleAtoi(size.first, &variant.width)) variant.width = 0;
  if (!absl::SimpleAtoi(size.second, &variant.height)) variant.height = 0;
  return variant;
}

}  // namespace

std::string WriteMasterPlaylist(const std::vector<PublishedRendition>& renditions) {
  std::vector<PublishedRendition> videos, sounds;
  for (const PublishedRendition& rendition : renditions) (rendition.audio ? sounds : videos).push_back(rendition);
  std::stable_sort(videos.begin(), videos.end(), Better);
  std::string text = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n";
  if (videos.empty()) {
    for (const PublishedRendition& sound : sounds) absl::StrAppend(&text, Variant(sound, nullptr));
    return text;
  }
  const PublishedRendition* sound = sounds.empty() ? nullptr : &sounds.front();
  if (sound != nullptr) absl::StrAppend(&text, Group(*sound));
  for (const PublishedRendition& video : videos) absl::StrAppend(&text, Variant(video, sound));
  return text;
}

absl::StatusOr<MasterPlaylist> ParseMasterPlaylist(absl::string_view text) {
  MasterPlaylist result;
  std::optional<MasterVariant> pending;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::ConsumeSuffix(&line, "\r");
    if (++number == 1 && line != "#EXTM3U") return absl::InvalidArgumentError("playlist line 1: #EXTM3U is missing");
    if (absl::ConsumePrefix(&line, "#EXT-X-STREAM-INF:")) {
      ASSIGN_OR_RETURN(pending, VariantOf(number, line));
    } else if (absl::ConsumePrefix(&line, "#EXT-X-MEDIA:")) {
      ASSIGN_OR_RETURN(auto attributes, Attributes(number, line));
      if (attributes["TYPE"] == "AUDIO") result.audio_uris.push_back(attributes["URI"]);
    } else if (!line.empty() && line[0] != '#') {
      if (!pending.has_value()) {
        return absl::InvalidArgumentError(
            absl::StrCat("playlist line ", number, ": a variant without #EXT-X-STREAM-INF"));
      }
      pending->uri = std::string(line);
      result.variants.push_back(*std::exchange(pending, std::nullopt));
    }
  }
  if (pending.has_value()) return absl::InvalidArgumentError("playlist: the last variant has no address");
  return result;
}

}  // namespace lectern::media
