#include "api/control/beats.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "api/control/link_session.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"

namespace lectern::api {
namespace {

// Longer than an Accept takes to be written, so that a beat that was sent before it is not believed against it.
constexpr absl::Duration kListedGrace = absl::Seconds(5);

// From this progress on a finalise job has ended the playlists, so that the recording can be played.
constexpr double kPlaylistsEnded = 0.1;

void SetDuration(absl::Duration value, google::protobuf::Duration* message) {
  message->set_seconds(absl::IDivDuration(value, absl::Seconds(1), &value));
  message->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(value)));
}

}  // namespace

void Beats::Add(HeardBeat beat) {
  absl::MutexLock lock(&mu_);
  waiting_[beat.session->resource()] = std::move(beat);
}

void Beats::AddProgress(const HeldJob& progress) {
  absl::MutexLock lock(&mu_);
  progress_[progress.token] = progress;
}

void Beats::Flush() {
  std::vector<HeardBeat> beats;
  {
    absl::MutexLock lock(&mu_);
    for (auto& [resource, beat] : waiting_) beats.push_back(std::move(beat));
    waiting_.clear();
  }
  // The beat of a stream that has broken meanwhile is no sign of life.
  beats.erase(std::remove_if(beats.begin(), beats.end(),
                             [&](const HeardBeat& beat) { return sessions_.Find(beat.session->resource()) != beat.session; }),
              beats.end());
  if (beats.empty()) return;
  std::vector<BeatRow> rows;
  for (const HeardBeat& beat : beats) rows.push_back({beat.session->resource(), beat.session->epoch(), beat.load_json});
  absl::StatusOr<std::vector<int64_t>> renewed = shared_.links.Beat(shared_.config.instance, rows, shared_.config.lease);
  if (!renewed.ok()) {
    log::Warn("beats could not be written", {{"resources", rows.size()}, {"error", renewed.status().ToString()}});
    return PutBack(std::move(beats));
  }
  Compare(beats);
  Renew(std::move(beats), *renewed);
}

void Beats::PutBack(std::vector<HeardBeat> beats) {
  const v1::ServerMessage company;
  for (HeardBeat& beat : beats) {
    beat.session->Send(company);
    absl::MutexLock lock(&mu_);
    const int64_t resource = beat.session->resource();
    waiting_.try_emplace(resource, std::move(beat));   // unless a newer one has come
  }
}

void Beats::Renew(std::vector<HeardBeat> beats, const std::vector<int64_t>& renewed) {
  const absl::flat_hash_set<int64_t> alive(renewed.begin(), renewed.end());
  for (const HeardBeat& beat : beats) {
    if (!alive.contains(beat.session->resource())) {
      beat.session->Supersede();
      beat.session->Close(WithReason(absl::AbortedError("the session was given up meanwhile; attach again"), "SESSION_LOST"));
      continue;
    }
    v1::ServerMessage message;
    message.mutable_renewed()->set_seq(beat.seq);
    SetDuration(shared_.config.lease, message.mutable_renewed()->mutable_lease());
    beat.session->Send(message);
  }
}

void Beats::Compare(const std::vector<HeardBeat>& beats) {
  std::vector<int64_t> resources;
  std::vector<HeldJob> listed;
  for (const HeardBeat& beat : beats) {
    // One that waited for the database is too old to say what its resource has forgotten; the next one does.
    if (shared_.clock.Steady() - beat.at < kListedGrace / 2) resources.push_back(beat.session->resource());
    listed.insert(listed.end(), beat.held.begin(), beat.held.end());
  }
  absl::StatusOr<JobStore::Comparison> comparison = shared_.jobs.Compare(resources, listed, kListedGrace);
  if (!comparison.ok()) return;   // the next beat asks again
  for (const HeldJob& job : comparison->stop) {
    if (std::shared_ptr<LinkSession> session = sessions_.Find(job.resource)) session->Stop(job.job, job.token);
  }
  for (const HeldJob& job : comparison->missing) {
    const absl::Status rescued = outcomes_.Rescue({job.job, job.token, Trouble::kLost});
    if (rescued.ok()) shared_.hints.work();
  }
}

void Beats::FlushProgress() {
  std::vector<HeldJob> jobs;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [token, job] : progress_) jobs.push_back(job);
    progress_.clear();
  }
  if (jobs.empty()) return;
  std::sort(jobs.begin(), jobs.end(), [](const HeldJob& a, const HeldJob& b) { return a.job < b.job; });
  const absl::Status written = shared_.jobs.Progress(jobs);
  if (!written.ok()) log::Warn("progress could not be written", {{"jobs", jobs.size()}, {"error", written.ToString()}});
  MarkFinalised(jobs);
}

void Beats::MarkFinalised(const std::vector<HeldJob>& jobs) {
  std::vector<JobToken> far;
  for (const HeldJob& job : jobs) {
    if (job.progress >= kPlaylistsEnded) far.push_back({job.job, job.token});
  }
  if (far.empty()) return;
  const absl::StatusOr<int> marked = shared_.live.MarkFinalised(far);
  if (!marked.ok()) return log::Warn("a live recording could not be published yet", {{"error", marked.status().ToString()}});
  if (*marked > 0) log::Info("live recordings can be played", {{"recordings", *marked}});
}

}  // namespace lectern::api
