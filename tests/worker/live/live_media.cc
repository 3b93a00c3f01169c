#include "tests/worker/live/live_media.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "common/base/file.h"
#include "common/rtmp/flv.h"
#include "tests/support/media.h"
#include "tests/support/temp_dir.h"

namespace lectern::worker::testing {
namespace {

using lectern::testing::RunTool;
using lectern::testing::TempDir;

[[noreturn]] void GiveUp(const std::string& what) {
  fprintf(stderr, "live media: %s\n", what.c_str());
  abort();
}

Messages ReadFlv(const std::string& path) {
  absl::StatusOr<std::string> bytes = ReadFile(path, size_t{1} << 30);
  rtmp::FlvReader reader;
  if (!bytes.ok() || !reader.Feed(*bytes).ok()) GiveUp("no FLV");
  Messages messages;
  rtmp::MediaMessage message;
  while (reader.Next(message)) messages.push_back(message);
  return messages;
}

}  // namespace

Words operator+(Words left, const Words& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Messages Publish(const Words& arguments) {
  TempDir folder;
  std::string path = folder.path() + "/published.flv";
  bool ok = false;
  std::string log = RunTool(Words{"ffmpeg", "-nostdin", "-v", "error", "-y"} + arguments + Words{"-f", "flv", path}, &ok);
  if (!ok) GiveUp(log);
  return ReadFlv(path);
}

Words Picture(const std::string& size, int rate, double seconds) {
  return {"-f", "lavfi", "-i", absl::StrCat("testsrc2=s=", size, ":r=", rate, ":d=", seconds)};
}

Words Tone(double seconds, int rate) {
  return {"-f", "lavfi", "-i", absl::StrCat("sine=f=440:r=", rate, ":d=", seconds)};
}

Words X264(int gop, int b_frames) {
  return {"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-sc_threshold", "0", "-threads", "1",
          "-bf",  absl::StrCat(b_frames), "-g", absl::StrCat(gop), "-keyint_min", absl::StrCat(gop)};
}

Words Aac() { return {"-c:a", "aac", "-b:a", "64k"}; }

Messages Moved(Messages messages, int64_t by_ms) {
  for (rtmp::MediaMessage& message : messages) message.timestamp_ms += by_ms;
  return messages;
}

Messages Merged(const Messages& left, const Messages& right) {
  Messages merged = left;
  merged.insert(merged.end(), right.begin(), right.end());
  std::stable_sort(merged.begin(), merged.end(),
                   [](const auto& one, const auto& other) { return one.timestamp_ms < other.timestamp_ms; });
  return merged;
}

Messages FromKeyFrame(const Messages& messages, int64_t position_ms, int more) {
  std::vector<size_t> keys;
  Messages part;
  for (size_t i = 0; i < messages.size(); ++i) {
    if (rtmp::IsKeyFrame(messages[i]) && messages[i].timestamp_ms <= position_ms) keys.push_back(i);
    if (rtmp::IsVideoHeader(messages[i]) || rtmp::IsAudioHeader(messages[i])) part.push_back(messages[i]);
  }
  if (keys.empty()) GiveUp("no key frame there");
  size_t from = keys[keys.size() - std::min(keys.size(), static_cast<size_t>(more) + 1)];
  part.insert(part.end(), messages.begin() + static_cast<std::ptrdiff_t>(from), messages.end());
  return part;
}

std::vector<SegmentSet> RunPipeline(PipelineOptions options, const Messages& messages, absl::Duration patience) {
  absl::Mutex mu;
  std::vector<SegmentSet> sets;
  std::unique_ptr<Pipeline> pipeline = Pipeline::Create(std::move(options), [&](SegmentSet set) {
    absl::MutexLock lock(&mu);
    sets.push_back(std::move(set));
  });
  for (const rtmp::MediaMessage& message : messages) pipeline->Push(message);
  pipeline->Finish(patience);
  pipeline.reset();
  return sets;
}

std::vector<std::string> Runs(const std::vector<SegmentSet>& sets, const std::string& label) {
  std::vector<std::string> runs;
  std::string init;
  for (const SegmentSet& set : sets) {
    for (size_t i = 0; i < set.segments.size(); ++i) {
      if (set.segments[i].label != label || set.segments[i].bytes == nullptr) continue;
      if (*set.formats[i].init != init) runs.push_back(init = *set.formats[i].init);
      runs.back() += *set.segments[i].bytes;
    }
  }
  return runs;
}

std::string Joined(const std::vector<SegmentSet>& sets, const std::string& label) {
  std::vector<std::string> runs = Runs(sets, label);
  if (runs.size() > 1) GiveUp(absl::StrCat(label, " has ", runs.size(), " init segments"));
  return runs.empty() ? "" : runs.front();
}

std::vector<std::string> Labels(const std::vector<SegmentSet>& sets) {
  std::vector<std::string> labels;
  for (const SegmentSet& set : sets) {
    for (const TrackFormat& format : set.formats) {
      if (std::find(labels.begin(), labels.end(), format.label) == labels.end()) labels.push_back(format.label);
    }
  }
  return labels;
}

std::vector<int64_t> Cuts(const std::vector<SegmentSet>& sets) {
  std::vector<int64_t> cuts;
  for (const SegmentSet& set : sets) cuts.push_back(set.start_ms);
  if (!sets.empty()) cuts.push_back(sets.back().end_ms);
  return cuts;
}

ResumePoint ResumeAfter(const std::vector<SegmentSet>& sets) {
  ResumePoint resume;
  resume.origin_ms = sets.front().start_ms;
  resume.end_ms = sets.back().end_ms;
  resume.formats = sets.back().formats;
  for (TrackFormat& format : resume.formats) format.init = nullptr;
  return resume;
}

namespace {

std::string ToolOn(const std::string& media, const Words& before, const Words& after) {
  TempDir folder;
  std::string path = folder.path() + "/media.mp4";
  std::ofstream(path, std::ios::binary) << media;
  return RunTool(before + Words{path} + after);
}

}  // namespace

std::vector<int64_t> ShownAt(const std::string& media) {
  std::vector<int64_t> shown;
  std::string text = ToolOn(media, {"ffprobe", "-v", "error", "-show_entries", "packet=pts_time", "-print_format", "csv=p=0"}, {});
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipWhitespace())) {
    double seconds = 0;
    if (!absl::SimpleAtod(absl::StripSuffix(line, ","), &seconds)) GiveUp(absl::StrCat("FFprobe says: ", line));
    shown.push_back(static_cast<int64_t>(std::llround(seconds * 1000)));
  }
  std::sort(shown.begin(), shown.end());
  return shown;
}

std::vector<int64_t> ShownAt(const std::vector<std::string>& runs) {
  std::vector<int64_t> shown;
  for (const std::string& run : runs) {
    std::vector<int64_t> more = ShownAt(run);
    shown.insert(shown.end(), more.begin(), more.end());
  }
  return shown;
}

std::string Complaints(const std::vector<std::string>& runs) {
  std::string complaints;
  for (const std::string& run : runs) complaints += Complaints(run);
  return complaints;
}

std::string Complaints(const std::string& media) {
  return ToolOn(media, {"ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i"}, {"-f", "null", "-"});
}

std::vector<std::string> DecodedFrames(const std::string& media) {
  std::string text = ToolOn(media, {"ffmpeg", "-nostdin", "-v", "error", "-i"}, {"-fps_mode", "passthrough", "-f", "framemd5", "-"});
  std::vector<std::string> frames;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipWhitespace())) {
    if (line[0] == '#') continue;
    std::vector<std::string> fields = absl::StrSplit(line, ',');
    frames.push_back(fields.back());
  }
  return frames;
}

std::vector<std::string> DecodedInput(const Messages& messages) {
  std::string flv = rtmp::FlvHeader();
  for (const rtmp::MediaMessage& message : messages) {
    if (message.kind == rtmp::MediaMessage::kVideo) rtmp::AppendFlvTag(message, flv);
  }
  return DecodedFrames(flv);
}

}  // namespace lectern::worker::testing
