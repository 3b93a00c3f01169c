#include "api/control/link_session.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/control/link_parts.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"

namespace lectern::api {
namespace {

constexpr size_t kInboxFull = 256;
constexpr size_t kInboxRoom = 64;
constexpr int kMessagesPerTurn = 32;  // then another session gets the thread
constexpr int kMostSlots = 1000;
constexpr int kMostHeld = 10'000;
constexpr int kMostCapabilities = 100;
constexpr size_t kLongestText = 255;
// A job token lives a little longer than its job may run, for uploads of results under way.
constexpr absl::Duration kJobTokenMargin = absl::Minutes(15);

void SetDuration(absl::Duration value, google::protobuf::Duration* message) {
  message->set_seconds(absl::IDivDuration(value, absl::Seconds(1), &value));
  message->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(value)));
}

absl::Status CheckHello(const v1::Hello& hello) {
  if (hello.protocol() != 1)
    return absl::FailedPreconditionError(absl::StrCat("protocol ", hello.protocol(), " is not spoken here"));
  const bool sizes = !hello.incarnation().empty() && hello.incarnation().size() <= kLongestText &&
                     hello.version().size() <= kLongestText && hello.host().size() <= kLongestText &&
                     hello.public_url().size() <= 1000 && hello.capabilities_size() <= kMostCapabilities &&
                     hello.running_size() <= kMostHeld;
  const bool capabilities = std::all_of(hello.capabilities().begin(), hello.capabilities().end(),
                                        [](const std::string& word) { return word.size() <= kLongestText; });
  return sizes && capabilities ? absl::OkStatus() : absl::InvalidArgumentError("Hello has a missing or oversize field");
}

template <typename Jobs>
std::vector<HeldJob> Held(int64_t resource, const Jobs& running) {
  std::vector<HeldJob> held;
  for (const v1::RunningJob& job : running) held.push_back({resource, job.job(), job.token()});
  return held;
}

bool IsOutcome(const v1::ResourceMessage& message) {
  return message.has_done() || message.has_failed() || message.has_cancelled();
}

}  // namespace

LinkSession::LinkSession(LinkParts& parts, std::shared_ptr<LinkStream> stream, std::string credential)
    : parts_(parts),
      shared_(parts.shared),
      credential_(std::move(credential)),
      stream_(std::move(stream)),
      last_heard_(shared_.clock.Steady()) {}

LinkSession::~LinkSession() = default;

// Signs of life must not stand behind results that wait for the database: a heap of those would look like a resource
// that is silent or does not accept. They only enqueue, each at its own place.
bool LinkSession::Overtakes(const v1::ResourceMessage& message) {
  if (message.has_beat()) {
    OnBeat(message.beat());
  } else if (message.has_accept()) {
    parts_.accepts.Add({resource_, message.accept().job(), message.accept().token()});
  } else if (message.has_progress()) {
    parts_.beats.AddProgress({resource_, message.progress().job(), message.progress().token(),
                              std::clamp(message.progress().progress(), 0.0, 1.0)});
  } else if (message.has_live()) {
    parts_.live_reports.Add(resource_, message.live());
  } else {
    return false;
  }
  return true;
}

bool LinkSession::OnMessage(std::unique_ptr<v1::ResourceMessage> message) {
  bool attached;
  {
    absl::MutexLock lock(&mu_);
    last_heard_ = shared_.clock.Steady();
    attached = attached_;
    if (message->has_credit()) {
      offered_ = std::clamp(message->credit().slots(), 0, kMostSlots);
      offered_live_ = std::clamp(message->credit().live_slots(), 0, kMostSlots);
    }
  }
  if (attached && Overtakes(*message)) return true;
  absl::MutexLock lock(&mu_);
  inbox_.push_back(std::move(message));
  paused_ = inbox_.size() >= kInboxFull;
  Schedule();
  return !paused_;
}

void LinkSession::Retry(std::unique_ptr<v1::ResourceMessage> message) {
  absl::MutexLock lock(&mu_);
  if (left_) return;
  inbox_.push_back(std::move(message));
  Schedule();
}

void LinkSession::OnClosed() {
  absl::MutexLock lock(&mu_);
  closed_ = true;
  Schedule();
}

void LinkSession::Schedule() {
  if (working_) return;
  working_ = parts_.pool.TryRun([self = shared_from_this()] { self->Work(); });
  // A pool without room drops no message: the next one, or the end of the stream, schedules again.
}

void LinkSession::Work() {
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    std::unique_ptr<v1::ResourceMessage> message;
    std::shared_ptr<LinkStream> read_on;
    bool leave = false;
    {
      absl::MutexLock lock(&mu_);
      if (inbox_.empty()) {
        leave = closed_ && !left_;
        if (leave) {
          left_ = true;
        } else {
          working_ = false;
          return;
        }
      } else {
        message = std::move(inbox_.front());
        inbox_.pop_front();
        if (paused_ && inbox_.size() <= kInboxRoom) {
          paused_ = false;
          read_on = stream_;
        }
      }
    }
    if (read_on) read_on->ReadOn();
    if (leave) {
      Leave();
    } else {
      Handle(std::move(message));
    }
  }
  absl::MutexLock lock(&mu_);
  working_ = false;
  Schedule();
}

void LinkSession::Leave() {
  bool reset;
  {
    absl::MutexLock lock(&mu_);
    stream_.reset();
    // A stream that broke because nothing was heard is a matter of silence (a frozen process comes back and goes on),
    // not of a peer that went away.
    const absl::Duration silence = shared_.clock.Steady() - last_heard_;
    reset = !sent_away_ && !superseded_ && silence <= shared_.config.suspect_after;
  }
  if (resource_ == 0) return;
  parts_.sessions.Remove(*this);
  shared_.metrics.SetStreams(parts_.sessions.size());
  log::Info("resource detached", {{"resource", resource_}, {"reset", reset}});
  if (!reset) return;
  const absl::Status written = shared_.links.Disconnect(resource_, epoch_, shared_.config.instance);
  if (!written.ok())
    log::Warn("a disconnect was not written", {{"resource", resource_}, {"error", written.ToString()}});
  // A newer stream that attached meanwhile must not be given up for this one's end. It looks as well, once it is in the
  // table, so that one of the two sees the other.
  if (parts_.sessions.Find(resource_) == nullptr) return;
  const absl::Status undone = shared_.links.UndoDisconnect(resource_, epoch_, shared_.config.instance);
  if (!undone.ok())
    log::Warn("a disconnect was not undone", {{"resource", resource_}, {"error", undone.ToString()}});
}

void LinkSession::Handle(std::unique_ptr<v1::ResourceMessage> message) {
  if (message->has_hello()) {
    if (resource_ != 0) return Misuse("a second Hello");
    if (const absl::Status status = OnHello(message->hello()); !status.ok()) Close(status);
    return;
  }
  if (resource_ == 0) return Misuse("a message before Hello");
  if (Overtakes(*message)) return;
  absl::Status status;
  switch (message->message_case()) {
    case v1::ResourceMessage::kReject:
      return OnReject(*message);
    case v1::ResourceMessage::kDone:
      if (message->done().result().result_case() == v1::JobResult::RESULT_NOT_SET) {
        return parts_.dones.Add(shared_from_this(), std::move(message));
      }
      return RecordOutcome(std::move(message));
    case v1::ResourceMessage::kFailed:
    case v1::ResourceMessage::kCancelled:
      return RecordOutcome(std::move(message));
    case v1::ResourceMessage::kCredit: {
      const auto [slots, live_slots] = offered();
      status = shared_.links.SetSlots(resource_, epoch_, slots, live_slots);
      shared_.hints.work();
      break;
    }
    case v1::ResourceMessage::kDrain:
      status = shared_.links.SetLeaving(resource_, epoch_);
      break;
    case v1::ResourceMessage::kUpload:
      return OnUpload(std::move(message));
    default:
      break;  // of a newer resource
  }
  if (!status.ok()) Postpone(std::move(message), status);
}

absl::Status LinkSession::OnHello(const v1::Hello& hello) {
  RETURN_IF_ERROR(CheckHello(hello));
  ASSIGN_OR_RETURN(Claims claims, shared_.keys.verify_resource(credential_));
  const std::optional<int64_t> resource = ParseName(claims.subject, "resources");
  if (!resource) return WithReason(absl::UnauthenticatedError("this is no credential of a resource"), "TOKEN_INVALID");
  AttachRequest request;
  request.resource = *resource;
  request.credential_serial = claims.serial;
  request.incarnation = hello.incarnation();
  request.api_instance = shared_.config.instance;
  request.version = hello.version();
  request.capabilities.assign(hello.capabilities().begin(), hello.capabilities().end());
  request.slots = std::clamp(hello.slots(), 0, kMostSlots);
  request.live_slots = std::clamp(hello.live_slots(), 0, kMostSlots);
  request.host = hello.host();
  request.public_url = hello.public_url();
  ASSIGN_OR_RETURN(Attached attached, shared_.links.Attach(request, shared_.config.lease));
  resource_ = *resource;
  organization_ = attached.organization;
  epoch_ = attached.epoch;
  kind_ = attached.kind;
  v1::ServerMessage message;
  v1::Welcome& welcome = *message.mutable_welcome();
  welcome.set_epoch(epoch_);
  SetDuration(shared_.config.lease, welcome.mutable_lease());
  SetDuration(shared_.config.beat_interval, welcome.mutable_beat_interval());
  welcome.set_resource(absl::StrCat("resources/", resource_));
  welcome.set_organization(organization_);
  welcome.set_draining(attached.draining);
  Send(message);
  {
    absl::MutexLock lock(&mu_);
    draining_ = attached.draining;
    attached_ = true;
  }
  // Welcome comes first on the stream, so nobody else may find the session before.
  if (std::shared_ptr<LinkSession> before = parts_.sessions.Put(shared_from_this())) {
    before->Supersede();
    before->Close(absl::AbortedError("the resource attached again"));
  }
  shared_.metrics.SetStreams(parts_.sessions.size());
  log::Info("resource attached", {{"resource", resource_},
                                  {"kind", kind_},
                                  {"host", hello.host()},
                                  {"epoch", epoch_},
                                  {"resumed", attached.resumed},
                                  {"running", hello.running_size()}});
  RETURN_IF_ERROR(shared_.links.UndoDisconnect(resource_, epoch_, shared_.config.instance));
  return Reconcile(hello);
}

absl::Status LinkSession::Reconcile(const v1::Hello& hello) {
  const std::vector<HeldJob> held = Held(resource_, hello.running());
  // Their Accepts may have been lost with the stream before.
  RETURN_IF_ERROR(shared_.jobs.Accept(held).status());
  const int64_t resource = resource_;
  ASSIGN_OR_RETURN(JobStore::Comparison comparison,
                   shared_.jobs.Compare(absl::MakeConstSpan(&resource, 1), held, absl::ZeroDuration()));
  v1::ServerMessage message;
  v1::Reconcile& reconcile = *message.mutable_reconcile();
  for (const HeldJob& job : held) {
    const bool stop = std::any_of(comparison.stop.begin(), comparison.stop.end(), [&](const HeldJob& other) {
      return other.job == job.job && other.token == job.token;
    });
    v1::RunningJob& entry = stop ? *reconcile.add_stop() : *reconcile.add_keep();
    entry.set_job(job.job);
    entry.set_token(job.token);
    absl::MutexLock lock(&mu_);
    told_.insert(job.token);
  }
  Send(message);
  for (const HeldJob& job : comparison.missing)
    RETURN_IF_ERROR(parts_.outcomes.Rescue({job.job, job.token, Trouble::kLost}));
  parts_.directory.SendTo(*this);
  ASSIGN_OR_RETURN(std::vector<AssignedJob> leased, shared_.jobs.ListLeased(shared_.config.instance, resource_));
  for (const AssignedJob& job : leased) Assign(job);
  shared_.hints.work();
  return absl::OkStatus();
}

void LinkSession::OnBeat(const v1::Beat& beat) {
  if (beat.running_size() > kMostHeld) return Misuse("a beat that lists too many jobs");
  HeardBeat heard;
  heard.session = shared_from_this();
  heard.seq = beat.seq();
  heard.at = shared_.clock.Steady();
  if (!google::protobuf::util::MessageToJsonString(beat.load(), &heard.load_json).ok()) heard.load_json = "{}";
  heard.held = Held(resource_, beat.running());
  parts_.beats.Add(std::move(heard));
}

void LinkSession::OnReject(const v1::ResourceMessage& message) {
  const v1::Reject& reject = message.reject();
  absl::StatusOr<bool> rejected = shared_.jobs.Reject(resource_, reject.job(), reject.token(), reject.reason());
  if (!rejected.ok()) return Postpone(std::make_unique<v1::ResourceMessage>(message), rejected.status());
  if (!*rejected) return;
  log::Info("job given back", {{"job", reject.job()}, {"resource", resource_}, {"reason", reject.reason()}});
  shared_.metrics.CountAttempt("any", "rejected");
  shared_.hints.work();
}

void LinkSession::RecordOutcome(std::unique_ptr<v1::ResourceMessage> message) {
  absl::StatusOr<bool> recorded = false;
  int64_t job = 0, token = 0;
  if (message->has_done()) {
    job = message->done().job(), token = message->done().token();
    recorded = parts_.outcomes.Done(resource_, job, token, message->done().result());
  } else if (message->has_failed()) {
    job = message->failed().job(), token = message->failed().token();
    recorded = parts_.outcomes.Failed(resource_, message->failed());
  } else {
    job = message->cancelled().job(), token = message->cancelled().token();
    recorded = parts_.outcomes.Cancelled(resource_, job, token);
  }
  if (!recorded.ok()) return Postpone(std::move(message), recorded.status());
  Recorded(job, token, *recorded);
}

void LinkSession::OnUpload(std::unique_ptr<v1::ResourceMessage> message) {
  const v1::UploadEvent& event = message->upload();
  if (kind_ != "vod_service") return Misuse("an upload event from a resource that is no VOD service");
  absl::StatusOr<bool> answer = parts_.uploads.Handle(resource_, event);
  if (!answer.ok()) {
    // Told again by the VOD service itself.
    log::Warn("upload event not recorded", {{"upload", event.upload_id()}, {"error", answer.status().ToString()}});
    return;
  }
  if (!*answer) return;
  v1::ServerMessage reply;
  reply.mutable_upload_recorded()->set_upload_id(event.upload_id());
  reply.mutable_upload_recorded()->set_kind(event.kind());
  Send(reply);
}

void LinkSession::Postpone(std::unique_ptr<v1::ResourceMessage> message, const absl::Status& why) {
  log::Warn("a message of a resource could not be recorded yet",
            {{"resource", resource_}, {"outcome", IsOutcome(*message)}, {"error", why.ToString()}});
  parts_.postponed.Add(weak_from_this(), std::move(message));
}

void LinkSession::Misuse(absl::string_view what) {
  log::Warn("the link was misused", {{"resource", resource_}, {"what", what}});
  Close(WithReason(absl::InvalidArgumentError(absl::StrCat("the link was misused: ", what)), "LINK_MISUSED"));
}

void LinkSession::Assign(const AssignedJob& job) {
  {
    absl::MutexLock lock(&mu_);
    if (sent_away_ || !told_.insert(job.token).second) return;
  }
  v1::ServerMessage message;
  v1::Assign& assign = *message.mutable_assign();
  assign.set_job(job.job);
  assign.set_token(job.token);
  google::protobuf::util::JsonParseOptions lenient;
  lenient.ignore_unknown_fields = true;
  if (!google::protobuf::util::JsonStringToMessage(job.spec_json, assign.mutable_spec(), lenient).ok()) {
    return log::Error("the spec of a job cannot be read", {{"job", job.job}});
  }
  assign.set_media_url(job.media_url);
  SetDuration(job.run_limit, assign.mutable_run_limit());
  // The holder gives up before the reaper does, so that its verdict on the recording counts and not only that it was silent.
  SetDuration(job.stall_limit * 0.75, assign.mutable_stall_limit());
  if (!job.upload_id.empty()) {
    Claims claims;
    claims.subject = absl::StrCat("resources/", resource_);
    claims.issued_at = shared_.clock.Now();
    claims.expires_at = claims.issued_at + job.run_limit + kJobTokenMargin;
    claims.resource = job.vod_resource;
    claims.lecture = job.lecture;
    claims.view = job.view;
    claims.upload = job.upload_id;
    claims.job = job.job;
    claims.fence = job.token;
    absl::StatusOr<std::string> token = shared_.keys.sign_job(claims);
    if (!token.ok()) return log::Error("a job token cannot be signed", {{"error", token.status().ToString()}});
    assign.set_job_token(*std::move(token));
  }
  if (job.kind == kLiveIngestKind) FillLive(job, assign);
  Send(message);
}

// A source that cannot be opened goes out without an address: the worker says so, and the stream shows it.
void LinkSession::FillLive(const AssignedJob& job, v1::Assign& assign) {
  if (!assign.spec().live_ingest().pull()) {
    if (shared_.keys.ingest_key) assign.set_ingest_key(shared_.keys.ingest_key(job.job, job.token));
    return;
  }
  if (job.sealed_pull_url.empty() || !shared_.keys.unseal) return;
  absl::StatusOr<std::string> url = shared_.keys.unseal(job.sealed_pull_url);
  if (!url.ok()) {
    return log::Error("the source of a lecture hall cannot be opened", {{"job", job.job}, {"error", url.status().ToString()}});
  }
  assign.set_pull_url(*std::move(url));
}

void LinkSession::Cancel(const HeldJob& job) {
  {
    absl::MutexLock lock(&mu_);
    if (!cancelled_.insert(job.token).second) return;
    told_.insert(job.token);   // an Assign that is still to come would start what nobody would stop
  }
  v1::ServerMessage message;
  message.mutable_cancel()->set_job(job.job);
  message.mutable_cancel()->set_token(job.token);
  message.mutable_cancel()->set_reason("cancelled by a person");
  Send(message);
}

void LinkSession::Stop(int64_t job, int64_t token) {
  v1::ServerMessage message;
  v1::RunningJob& stop = *message.mutable_reconcile()->add_stop();
  stop.set_job(job);
  stop.set_token(token);
  Send(message);
}

void LinkSession::Recorded(int64_t job, int64_t token, bool accepted) {
  {
    absl::MutexLock lock(&mu_);  // tokens never come again; a stream may live for months
    told_.erase(token);
    cancelled_.erase(token);
  }
  v1::ServerMessage message;
  message.mutable_recorded()->set_job(job);
  message.mutable_recorded()->set_token(token);
  message.mutable_recorded()->set_accepted(accepted);
  Send(message);
}

void LinkSession::SetDraining(bool draining) {
  {
    absl::MutexLock lock(&mu_);
    if (draining_ == draining) return;
    draining_ = draining;
  }
  v1::ServerMessage message;
  message.mutable_drain()->set_draining(draining);
  Send(message);
}

void LinkSession::GoAway(absl::Duration reconnect_after, absl::string_view reason, bool removed) {
  {
    absl::MutexLock lock(&mu_);
    if (std::exchange(sent_away_, true)) return;
  }
  v1::ServerMessage message;
  SetDuration(reconnect_after, message.mutable_go_away()->mutable_reconnect_after());
  message.mutable_go_away()->set_reason(std::string(reason));
  message.mutable_go_away()->set_removed(removed);
  Send(message);
}

void LinkSession::Supersede() {
  absl::MutexLock lock(&mu_);
  superseded_ = true;
}

std::pair<int, int> LinkSession::offered() {
  absl::MutexLock lock(&mu_);
  return {offered_, offered_live_};
}

std::shared_ptr<LinkStream> LinkSession::stream() {
  absl::MutexLock lock(&mu_);
  return stream_;
}

void LinkSession::Send(const v1::ServerMessage& message) {
  if (std::shared_ptr<LinkStream> to = stream()) to->Send(message);
}

void LinkSession::Close(const absl::Status& status) {
  if (std::shared_ptr<LinkStream> to = stream()) to->Close(status);
}

}  // namespace lectern::api
