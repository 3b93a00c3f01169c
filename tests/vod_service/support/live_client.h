// A worker that stores what is on air, as a test tells it.
#pragma once

#include <string>
#include <vector>

#include "lectern/v1/live_media.pb.h"
#include "tests/vod_service/support/vod_fixture.h"

namespace lectern::vod::testing {

// One holder: a job and the fence of its lease.
class LiveClient {
 public:
  LiveClient(int port, const VodKeys& keys, std::string upload, int64_t job, int64_t fence)
      : port_(port), upload_(std::move(upload)), job_(job), fence_(fence), bearer_("Authorization: Bearer " + JobToken(keys, job, fence, upload_)) {}

  Reply Open(int64_t start_time_ms = 1'700'000'000'000) {
    v1::LiveOpen open;
    open.set_start_time_ms(start_time_ms);
    return Ask(port_, "POST", Path("open"), {bearer_}, open.SerializeAsString());
  }
  Reply Put(const std::string& name, const std::string& bytes) {
    return Ask(port_, "PUT", Path("files/" + name), {bearer_, "X-Content-SHA256: " + Sha256Hex(bytes)}, bytes);
  }
  Reply PutPreview(const std::string& bytes) { return Ask(port_, "PUT", Path("preview"), {bearer_}, bytes); }
  Reply Commit(const v1::LiveSet& set) { return Ask(port_, "POST", Path("sets"), {bearer_}, set.SerializeAsString()); }

  // A set of made-up segments; the init segment is stored with the first of each `init`.
  v1::LiveSet Set(int64_t number, int64_t start_ms, int64_t end_ms, const std::vector<std::string>& labels = {"720p", "audio"},
                  const std::string& init = "init") {
    v1::LiveSet set;
    set.set_number(number);
    set.set_start_ms(start_ms);
    set.set_end_ms(end_ms);
    for (const std::string& label : labels) {
      v1::LiveTrack& track = *set.add_tracks();
      track.set_label(label);
      track.set_audio(label == "audio");
      track.set_codecs(track.audio() ? "mp4a.40.2" : "avc1.64001f");
      if (track.audio()) track.set_channels(2);
      if (!track.audio()) track.set_width(1280), track.set_height(720), track.set_frame_rate(25);
      track.set_init(label + "-" + std::to_string(fence_) + "-1-" + init + ".mp4");
      track.set_init_sha256(Sha256Hex(init + label));
      v1::LiveSegment& segment = *set.add_segments();
      segment.set_label(label);
      segment.set_name(label + "-" + std::to_string(fence_) + "-" + std::to_string(number) + ".m4s");
      segment.set_size_bytes(track.audio() ? 32'000 : 250'000);
      segment.set_duration_seconds(static_cast<double>(end_ms - start_ms) / 1000);
    }
    return set;
  }
  // Stores the files of the set, then the set.
  Reply Store(const v1::LiveSet& set) {
    for (const v1::LiveTrack& track : set.tracks()) Put(track.init(), track.init());
    for (const v1::LiveSegment& segment : set.segments()) {
      if (!segment.name().empty()) Put(segment.name(), Noise(static_cast<size_t>(segment.size_bytes()), 7));
    }
    return Commit(set);
  }
  static v1::LiveStored Stored(const Reply& reply) {
    v1::LiveStored stored;
    if (reply.status != 200 || !stored.ParseFromString(reply.body)) stored.set_number(-1);
    return stored;
  }
  std::string Path(const std::string& what) const {
    return "/live/" + std::to_string(job_) + "/" + std::to_string(fence_) + "/" + what;
  }
  const std::string& bearer() const { return bearer_; }

 private:
  const int port_;
  const std::string upload_;
  const int64_t job_;
  const int64_t fence_;
  const std::string bearer_;
};

}  // namespace lectern::vod::testing
