#include "tests/vod_service/support/live_client.h"

#include "absl/strings/str_cat.h"
#include "lectern/v1/live_media.pb.h"

namespace lectern::vod::testing {

LiveClient::LiveClient(int port, const VodKeys& keys, std::string upload, int64_t job, int64_t fence)
    : port_(port), job_(job), fence_(fence), bearer_("Authorization: Bearer " + JobToken(keys, job, fence, upload)) {}

Reply LiveClient::Open(int64_t start_time_ms) {
  v1::LiveOpen open;
  open.set_start_time_ms(start_time_ms);
  return Ask(port_, "POST", Path("open"), {bearer_}, open.SerializeAsString());
}

Reply LiveClient::Put(const std::string& name, const std::string& bytes) {
  return Ask(port_, "PUT", Path("files/" + name), {bearer_, "X-Content-SHA256: " + Sha256Hex(bytes)}, bytes);
}

Reply LiveClient::PutPreview(const std::string& bytes) {
  return Ask(port_, "PUT", Path("preview"), {bearer_}, bytes);
}

Reply LiveClient::Commit(const v1::LiveSet& set) {
  return Ask(port_, "POST", Path("sets"), {bearer_}, set.SerializeAsString());
}

v1::LiveSet LiveClient::Set(int64_t number, int64_t start_ms, int64_t end_ms, const std::vector<std::string>& labels,
                            const std::string& init) {
  v1::LiveSet set;
  set.set_number(number);
  set.set_start_ms(start_ms);
  set.set_end_ms(end_ms);
  for (const std::string& label : labels) {
    v1::LiveTrack& track = *set.add_tracks();
    track.set_label(label);
    track.set_audio(label == "audio");
    track.set_codecs(track.audio() ? "mp4a.40.2" : "avc1.64001f");
    track.set_channels(track.audio() ? 2 : 0);
    track.set_width(track.audio() ? 0 : 1280);
    track.set_height(track.audio() ? 0 : 720);
    track.set_frame_rate(track.audio() ? 0 : 25);
    track.set_init(absl::StrCat(label, "-", fence_, "-1-", init, ".mp4"));
    track.set_init_sha256(Sha256Hex(init + label));
    v1::LiveSegment& segment = *set.add_segments();
    segment.set_label(label);
    segment.set_name(absl::StrCat(label, "-", fence_, "-", number, ".m4s"));
    segment.set_size_bytes(track.audio() ? 32'000 : 250'000);
    segment.set_duration_seconds(static_cast<double>(end_ms - start_ms) / 1000);
  }
  return set;
}

Reply LiveClient::Store(const v1::LiveSet& set) {
  for (const v1::LiveTrack& track : set.tracks()) Put(track.init(), track.init());
  for (const v1::LiveSegment& segment : set.segments()) {
    if (!segment.name().empty()) Put(segment.name(), Noise(static_cast<size_t>(segment.size_bytes()), 7));
  }
  return Commit(set);
}

v1::LiveStored LiveClient::Stored(const Reply& reply) {
  v1::LiveStored stored;
  if (reply.status != 200 || !stored.ParseFromString(reply.body)) stored.set_number(-1);
  return stored;
}

std::string LiveClient::Path(const std::string& what) const {
  return absl::StrCat("/live/", job_, "/", fence_, "/", what);
}

}  // namespace lectern::vod::testing
