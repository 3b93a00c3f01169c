#include "worker/ingest/warnings.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace lectern::worker {
namespace {

// Tracks announce themselves one after the other.
constexpr absl::Duration kSettled = absl::Seconds(5);
constexpr double kLongKeyframeInterval = 4;
constexpr absl::Duration kLongSilence = absl::Seconds(15);
constexpr absl::Duration kLongBlack = absl::Seconds(15);
constexpr absl::Duration kOldBacklog = absl::Seconds(6);
constexpr absl::Duration kRecently = absl::Seconds(30);
constexpr int64_t kHighHdBps = 8'000'000, kHighUhdBps = 16'000'000;
// Slides that stand still need nearly nothing; a person who moves does.
constexpr int64_t kLowCameraBps = 250'000, kLowBps = 10'000;
constexpr int64_t kMuchPaddingBps = 500'000;

std::string Megabits(int64_t bps) { return absl::StrFormat("%.1f Mbit/s", static_cast<double>(bps) / 1e6); }

class Finder {
 public:
  explicit Finder(const StreamHealth& health) : health_(health), facts_(health.facts) {}

  std::vector<Warning> Find() {
    if (health_.receiving >= kSettled) {
      Picture();
      Bitrate();
      Sound();
    }
    if (health_.since_jump < kRecently) {
      Add("TIMESTAMPS", "The timestamps of the source jump, which costs a moment of picture or sound each time.",
          "Restart the stream in the encoder if it goes on", "Check the camera's clock and network");
    }
    if (health_.since_late_rendition < kRecently) {
      Add("SLOW_ENCODER", "The server is too slow for the smaller pictures; they have gaps. The best one has none.", "", "");
    }
    if (health_.backlog > kOldBacklog) {
      int64_t seconds = absl::ToInt64Seconds(health_.backlog);
      Add("STORAGE_SLOW", absl::StrCat("Storing is ", seconds, " s behind; viewers wait. Nothing is lost."), "", "");
    }
    return std::move(found_);
  }

 private:
  void Add(const char* code, absl::string_view what, absl::string_view in_obs, absl::string_view at_camera) {
    absl::string_view advice = health_.hall ? at_camera : in_obs;
    found_.push_back({code, advice.empty() ? std::string(what) : absl::StrCat(what, " ", advice, ".")});
  }

  void Picture() {
    if (facts_.video_codec.empty()) {
      Add("NO_VIDEO", "No picture arrives, only sound.", "OBS: check that the scene has a visible source",
          "Check the source's video");
      return;
    }
    if (facts_.video_codec != "h264") {
      std::string codec = absl::AsciiStrToUpper(facts_.video_codec);
      Add("CODEC", absl::StrCat("The picture comes as ", codec, " and cannot be shown; only H.264 can."),
          "OBS: Settings > Output > Encoder = x264 or another H.264 encoder", "Set the camera to H.264");
      return;
    }
    if (facts_.keyframe_interval_seconds > kLongKeyframeInterval) {
      Add("KEYFRAME_INTERVAL",
          absl::StrFormat("A key frame comes only every %.1f s, so the stream starts slowly and costs the server more.",
                          facts_.keyframe_interval_seconds),
          "OBS: Settings > Output > Keyframe Interval = 2 s", "Set the camera's key frame (I-frame, GOV) interval to 2 s");
    }
    if (health_.black > kLongBlack) {
      Add("BLACK_PICTURE", "The picture is black.", "OBS: check that the scene has a visible source", "Check the source");
    }
  }

  void Bitrate() {
    if (facts_.video_codec.empty()) return;
    int64_t net = facts_.video_bitrate_bps - facts_.padding_bitrate_bps;
    int64_t high = facts_.height > 1080 ? kHighUhdBps : kHighHdBps;
    int64_t low = health_.view == "cam" ? kLowCameraBps : kLowBps;
    if (net > high) {
      Add("BITRATE_HIGH", absl::StrCat("The picture takes ", Megabits(net), ", more than many viewers can receive."),
          "OBS: Settings > Output > Video Bitrate = 2500 to 6000 Kbps", "Lower the camera's bitrate to 6 Mbit/s or less");
    } else if (net < low && facts_.frame_rate > 0) {
      Add("BITRATE_LOW", absl::StrCat("The picture takes only ", net / 1000, " kbit/s and may look poor."),
          "OBS: Settings > Output > Video Bitrate = 2500 Kbps or more", "Raise the camera's bitrate");
    }
    if (facts_.padding_bitrate_bps > kMuchPaddingBps && facts_.padding_bitrate_bps > net) {
      Add("PADDING", absl::StrCat("The encoder fills up its bitrate with ", Megabits(facts_.padding_bitrate_bps),
                                  " of nothing. It is not stored, but your connection carries it."),
          "OBS: Settings > Output > Rate Control = VBR or CRF", "Set the camera's rate control to VBR");
    }
  }

  void Sound() {
    if (facts_.audio_codec.empty()) {
      Add("NO_AUDIO", "No sound arrives.", "OBS: Settings > Audio > Mic/Auxiliary Audio = your microphone",
          "Check the source's sound");
    } else if (health_.silent > kLongSilence) {
      Add("SILENCE", absl::StrCat("There has been no sound for ", absl::ToInt64Seconds(health_.silent), " s."),
          "Check that the microphone is on and not muted in OBS", "Check that the microphone is on");
    }
  }

  const StreamHealth& health_;
  const PipelineFacts& facts_;
  std::vector<Warning> found_;
};

}  // namespace

std::vector<Warning> WarningsFor(const StreamHealth& health) { return Finder(health).Find(); }

}  // namespace lectern::worker
