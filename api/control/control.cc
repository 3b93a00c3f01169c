#include "api/control/control.h"

#include <grpcpp/impl/codegen/service_type.h>

#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "api/control/leader.h"
#include "api/control/link_parts.h"
#include "api/control/link_service.h"
#include "api/control/link_session.h"
#include "api/control/live_loop.h"
#include "api/control/live_placement.h"
#include "api/control/notify_hub.h"
#include "api/control/reaper.h"
#include "api/control/scheduler.h"
#include "common/base/status.h"
#include "common/log/log.h"

namespace lectern::api {
namespace {

// Sessions queue at most one turn each, so this is never reached; it only bounds what a mistake could do.
constexpr size_t kMostQueued = 200'000;
// Beats gather so long; the lease counts from when they were sent, so that the delay costs nothing but itself.
constexpr absl::Duration kBeatGather = absl::Milliseconds(100);
constexpr absl::Duration kTick = absl::Milliseconds(500);
// Resources that are sent away come back elsewhere within this, spread.
constexpr absl::Duration kGoAwayJitter = absl::Seconds(2);

class ControlRoom final : public Control {
 public:
  ControlRoom(ControlConfig config, ControlKeys keys, pg::Pool& pool, Metrics& metrics, Clock& clock)
      : shared_(std::move(config), std::move(keys), pool, metrics, clock),
        pool_("link", static_cast<size_t>(shared_.config.threads), kMostQueued),
        outcomes_(shared_),
        uploads_(shared_),
        accepts_(shared_, pool_, sessions_),
        dones_(outcomes_, pool_),
        beats_(shared_, sessions_, outcomes_),
        directory_(shared_, sessions_),
        live_reports_(shared_),
        parts_{shared_, pool_, sessions_, outcomes_, uploads_, accepts_, dones_, beats_, directory_, live_reports_, postponed_},
        service_(MakeLinkService(parts_)),
        leader_(shared_, [this] { scheduler_.Wake(); }),
        scheduler_(shared_, leader_, sessions_),
        reaper_(shared_, leader_, outcomes_),
        live_(shared_, sessions_),
        live_loop_(shared_, leader_, live_) {
    shared_.hints.work = [this] { OnWork(); };
    shared_.hints.push = [this](const std::string& instance) { OnPush(instance); };
    shared_.hints.directory = [this] { OnDirectory(); };
  }
  ~ControlRoom() override { Stop(); }

  absl::Status Start() override {
    RETURN_IF_ERROR(shared_.links.RegisterInstance(shared_.config.instance, shared_.config.address));
    NotifyHub* hub;
    {
      absl::WriterMutexLock lock(&hub_mu_);
      hub_ = std::make_unique<NotifyHub>(
          shared_,
          NotifyHub::Handlers{[this] { scheduler_.Wake(); }, [this] { WakePush(); }, [this] { WakeDirectory(); }});
      hub = hub_.get();
    }
    scheduler_.Start(*hub);
    reaper_.Start();
    live_reports_.Start();
    live_loop_.Start();
    leader_.Start();
    beat_loop_ = std::make_unique<PeriodicLoop>("beats", kBeatGather, [this] { beats_.Flush(); });
    tick_loop_ = std::make_unique<PeriodicLoop>("ticks", kTick, [this] { Tick(); });
    {
      absl::MutexLock lock(&mu_);
      push_loop_ = std::make_unique<PeriodicLoop>("push", shared_.config.poll, [this] { Push(); });
      directory_loop_ =
          std::make_unique<PeriodicLoop>("directory", shared_.config.poll, [this] { directory_.Refresh(); });
    }
    hub->Start();
    return absl::OkStatus();
  }

  grpc::Service& service() override { return *service_; }
  const Hints& hints() const override { return shared_.hints; }
  LiveControl& live() override { return live_; }
  bool is_leader() const override { return leader_.IsLeader(); }

  void Drain(absl::Duration timeout) override {
    absl::BitGen random;
    const absl::Duration jitter = std::min(kGoAwayJitter, timeout / 2);
    for (const std::shared_ptr<LinkSession>& session : sessions_.All()) {
      session->GoAway(jitter * absl::Uniform(random, 0.0, 1.0), "this API instance shuts down", false);
    }
    const absl::Duration until = shared_.clock.Steady() + timeout;
    while (sessions_.size() > 0 && shared_.clock.Steady() < until) absl::SleepFor(absl::Milliseconds(20));
    for (const std::shared_ptr<LinkSession>& session : sessions_.All()) {
      session->Close(absl::UnavailableError("this API instance shuts down"));
    }
  }

  void Stop() override {
    if (std::exchange(stopped_, true)) return;
    leader_.Stop();
    scheduler_.Stop();
    reaper_.Stop();
    live_loop_.Stop();
    live_reports_.Stop();
    std::unique_ptr<PeriodicLoop> push, directory;
    {
      absl::MutexLock lock(&mu_);
      push.swap(push_loop_);
      directory.swap(directory_loop_);
    }
    for (PeriodicLoop* loop : {push.get(), directory.get(), beat_loop_.get(), tick_loop_.get()}) {
      if (loop != nullptr) loop->Stop();
    }
    pool_.Stop();
    if (StopHub()) {
      const absl::Status removed = shared_.links.RemoveInstance(shared_.config.instance);
      if (!removed.ok()) log::Warn("the instance's row could not be removed", {{"error", removed.ToString()}});
    }
  }

 private:
  void OnWork() {
    if (leader_.IsLeader()) return scheduler_.Wake();
    absl::ReaderMutexLock lock(&hub_mu_);
    if (hub_ != nullptr) hub_->NotifyWork();
  }

  void OnPush(const std::string& instance) {
    if (instance.empty() || instance == shared_.config.instance) WakePush();
    if (instance == shared_.config.instance) return;
    absl::ReaderMutexLock lock(&hub_mu_);
    if (hub_ != nullptr) hub_->NotifyPush(instance);
  }

  void OnDirectory() {
    WakeDirectory();
    absl::ReaderMutexLock lock(&hub_mu_);
    if (hub_ != nullptr) hub_->NotifyDirectory();
  }

  void WakePush() {
    absl::MutexLock lock(&mu_);
    if (push_loop_) push_loop_->Wake();
  }

  void WakeDirectory() {
    absl::MutexLock lock(&mu_);
    if (directory_loop_) directory_loop_->Wake();
  }

  // False: it was never started.
  bool StopHub() {
    std::unique_ptr<NotifyHub> hub;
    {
      absl::WriterMutexLock lock(&hub_mu_);
      hub.swap(hub_);
    }
    if (hub != nullptr) hub->NotifyWork();  // another instance may take over at once
    return hub != nullptr;
  }

  void Tick() {
    postponed_.Flush();
    accepts_.Flush();
    dones_.Flush();
    beats_.FlushProgress();
  }

  // What this instance's resources must hear: leases that another instance gave them, cancelling, drains, removals.
  void Push() {
    if (const absl::Status beat = shared_.links.BeatInstance(shared_.config.instance); !beat.ok()) return;
    if (sessions_.size() == 0) return;
    absl::StatusOr<std::vector<AssignedJob>> leased = shared_.jobs.ListLeased(shared_.config.instance);
    if (leased.ok()) {
      for (const AssignedJob& job : *leased) {
        std::shared_ptr<LinkSession> session = sessions_.Find(job.resource);
        if (session != nullptr && session->epoch() == job.epoch) session->Assign(job);
      }
    }
    absl::StatusOr<std::vector<HeldJob>> cancelling = shared_.jobs.ListCancelling(shared_.config.instance);
    if (cancelling.ok()) {
      for (const HeldJob& job : *cancelling) {
        if (std::shared_ptr<LinkSession> session = sessions_.Find(job.resource)) session->Cancel(job);
      }
    }
    PushFlags();
  }

  void PushFlags() {
    std::vector<int64_t> resources;
    for (const std::shared_ptr<LinkSession>& session : sessions_.All()) resources.push_back(session->resource());
    absl::StatusOr<std::vector<ResourceFlags>> flags = shared_.links.ListFlags(resources);
    if (!flags.ok()) return;
    for (const ResourceFlags& flag : *flags) {
      std::shared_ptr<LinkSession> session = sessions_.Find(flag.resource);
      if (session == nullptr) continue;
      if (flag.removed) {
        session->GoAway(absl::ZeroDuration(), "the resource was removed from its organization", true);
        session->Close(WithReason(absl::UnauthenticatedError("the resource was removed"), "CREDENTIAL_REVOKED"));
      } else if (flag.epoch > session->epoch() || flag.api_instance != shared_.config.instance) {
        session->Supersede();
        session->Close(WithReason(absl::AbortedError("the session is over; attach again"), "SESSION_LOST"));
      } else {
        session->SetDraining(flag.draining);
      }
    }
  }

  Shared shared_;
  SessionTable sessions_;
  Postponed postponed_;
  ThreadPool pool_;
  Outcomes outcomes_;
  Uploads uploads_;
  Accepts accepts_;
  Dones dones_;
  Beats beats_;
  DirectoryPublisher directory_;
  LiveReports live_reports_;
  LinkParts parts_;
  std::unique_ptr<grpc::Service> service_;
  Leader leader_;
  Scheduler scheduler_;
  Reaper reaper_;
  LivePlacement live_;
  LiveLoop live_loop_;
  bool stopped_ = false;
  absl::Mutex hub_mu_;
  std::unique_ptr<NotifyHub> hub_ ABSL_GUARDED_BY(hub_mu_);
  std::unique_ptr<PeriodicLoop> beat_loop_;
  std::unique_ptr<PeriodicLoop> tick_loop_;
  absl::Mutex mu_;
  std::unique_ptr<PeriodicLoop> push_loop_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<PeriodicLoop> directory_loop_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

std::unique_ptr<Control> Control::Create(ControlConfig config, ControlKeys keys, pg::Pool& pool, Metrics& metrics,
                                         Clock& clock) {
  return std::make_unique<ControlRoom>(std::move(config), std::move(keys), pool, metrics, clock);
}

}  // namespace lectern::api
