#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "worker/live/encoder.h"
#include "worker/live/pipeline.h"

namespace lectern::worker {
namespace {

using Words = std::vector<std::string>;

void Add(Words& words, const Words& more) { words.insert(words.end(), more.begin(), more.end()); }

// Seconds from the first picture, as FFmpeg counts them here.
std::string Seconds(const EncoderPlan& plan, int64_t position_ms) {
  return absl::StrFormat("%.3f", static_cast<double>(position_ms - plan.first_picture_ms) / 1000);
}

// The first picture of every two seconds of the timeline, so that every child that sees the same pictures takes the same ones. A
// fifth of a millisecond is for the rounding of FFmpeg's seconds.
std::string KeyFrames(const EncoderPlan& plan) {
  if (plan.follow_source) return "source";
  std::string origin = Seconds(plan, plan.origin_ms);
  std::string grid = absl::StrFormat("gt(floor((t-(%s)+0.0002)/%d),floor((prev_forced_t-(%s)+0.0002)/%d))", origin,
                                     absl::ToInt64Seconds(kSegment), origin, absl::ToInt64Seconds(kSegment));
  std::string wanted = plan.wanted_ms < 0 ? "0" : Seconds(plan, plan.wanted_ms);
  return absl::StrFormat("expr:if(isnan(prev_forced_t),1,%s+gte(t+0.0002,%s)*lt(prev_forced_t+0.0002,%s))", grid, wanted, wanted);
}

// Every size from the next larger one: cheaper than from the source, and as good.
std::string Filters(const EncoderPlan& plan) {
  Words chains;
  std::string from = "0:v:0";
  for (size_t i = 0; i < plan.pictures.size(); ++i) {
    const media::LadderRung& rung = plan.pictures[i];
    std::string scale = absl::StrFormat("[%s]scale=%d:%d:flags=fast_bilinear:out_range=tv,setsar=1,format=yuv420p", from,
                                        rung.width, rung.height);
    from = absl::StrCat("s", i);
    bool last = i + 1 == plan.pictures.size();
    chains.push_back(last ? absl::StrFormat("%s[v%d]", scale, i) : absl::StrFormat("%s,split[v%d][%s]", scale, i, from));
  }
  return absl::StrJoin(chains, ";");
}

Words PictureArguments(const EncoderPlan& plan, size_t index) {
  const media::LadderRung& rung = plan.pictures[index];
  Words words = {"-map", absl::StrFormat("[v%d]", index), "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high",
                 "-crf", absl::StrCat(rung.crf), "-maxrate", absl::StrCat(rung.max_bitrate_bps), "-bufsize",
                 absl::StrCat(int64_t{2} * rung.max_bitrate_bps),
                 // Without B-frames decoding and showing are one time, for all renditions alike.
                 "-bf", "0", "-rc-lookahead", "10", "-sc_threshold", "0", "-g", "100000", "-forced-idr", "1",
                 "-force_key_frames", KeyFrames(plan), "-fps_mode", "passthrough", "-enc_time_base", "1/1000", "-color_range",
                 "tv"};
  if (!rung.tune.empty()) Add(words, {"-tune", rung.tune});
  if (plan.threads > 0) Add(words, {"-threads", absl::StrCat(plan.threads)});
  return words;
}

}  // namespace

std::vector<std::string> EncoderCommand(const EncoderPlan& plan) {
  Words words = {"ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-copyts",
                 "-probesize", "32", "-analyzeduration", "0", "-fpsprobesize", "0", "-threads", "1", "-f", "flv", "-i", "pipe:0"};
  if (!plan.pictures.empty()) Add(words, {"-filter_complex", Filters(plan)});
  size_t output = 0;
  auto end = [&words, &output] {
    Add(words, {"-flush_packets", "1", "-flvflags", "no_duration_filesize", "-f", "flv", absl::StrCat("pipe:", 3 + output++)});
  };
  for (size_t i = 0; i < plan.pictures.size(); ++i) {
    Add(words, PictureArguments(plan, i));
    end();
  }
  if (plan.sound) {
    Add(words, {"-map", "0:a:0", "-c:a", "aac", "-b:a", absl::StrCat(media::kAudioBitrateBps), "-ar", "48000", "-ac", "2",
                "-af", "aresample=async=1"});
    end();
  }
  return words;
}

}  // namespace lectern::worker
