// One resource's stream, as the rest of the control room sees it: an inbox whose messages are handled in order on the pool, and
// ways to tell the resource something.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/control/shared.h"

namespace lectern::v1 {
class Assign;
class Beat;
class Hello;
class ResourceMessage;
class ServerMessage;
}  // namespace lectern::v1

namespace lectern::api {

// The wire below a session. Thread-safe; never blocks.
class LinkStream {
 public:
  virtual ~LinkStream() = default;
  // Dropped where the stream is closing. A peer that does not read loses its stream.
  virtual void Send(const v1::ServerMessage& message) = 0;
  // Ends the stream once what was sent before is out.
  virtual void Close(const absl::Status& status) = 0;
  // The inbox has room again.
  virtual void ReadOn() = 0;
};

struct LinkParts;   // link_parts.h

class LinkSession : public std::enable_shared_from_this<LinkSession> {
 public:
  LinkSession(LinkParts& parts, std::shared_ptr<LinkStream> stream, std::string credential);
  ~LinkSession();

  // From the stream's reactions; never block. False: the inbox is full, ReadOn will be called.
  bool OnMessage(std::unique_ptr<v1::ResourceMessage> message);
  void OnClosed();

  // For the other parts; thread-safe, never block on the network.
  int64_t resource() const { return resource_; }
  int64_t epoch() const { return epoch_; }
  void Send(const v1::ServerMessage& message);
  void Close(const absl::Status& status);
  // Once each, however often they are asked for.
  void Assign(const AssignedJob& job);
  void Cancel(const HeldJob& job);
  void Stop(int64_t job, int64_t token);
  void SetDraining(bool draining);
  void Recorded(int64_t job, int64_t token, bool accepted);
  // The resource attaches elsewhere or stays away; closing after that is no reset.
  void GoAway(absl::Duration reconnect_after, absl::string_view reason, bool removed);
  // Another stream of the same resource has taken over.
  void Supersede();
  // Handles an outcome or upload event again that the database could not take.
  void Retry(std::unique_ptr<v1::ResourceMessage> message);
  // Done, Failed or Cancelled: records it and answers, or postpones it. Blocks on the database.
  void RecordOutcome(std::unique_ptr<v1::ResourceMessage> message);
  const std::string& kind() const { return kind_; }

 private:
  void Schedule() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Work();
  void Handle(std::unique_ptr<v1::ResourceMessage> message);
  bool Overtakes(const v1::ResourceMessage& message);
  void Leave();
  void Misuse(absl::string_view what);
  absl::Status OnHello(const v1::Hello& hello);
  absl::Status Reconcile(const v1::Hello& hello);
  void OnBeat(const v1::Beat& beat);
  void OnUpload(std::unique_ptr<v1::ResourceMessage> message);
  void OnReject(const v1::ResourceMessage& message);
  void Postpone(std::unique_ptr<v1::ResourceMessage> message, const absl::Status& why);
  std::shared_ptr<LinkStream> stream();
  void FillLive(const AssignedJob& job, v1::Assign& assign);
  std::pair<int, int> offered();

  LinkParts& parts_;
  Shared& shared_;
  const std::string credential_;
  // Set while the Hello is handled, before the session is in the table; then constant.
  int64_t resource_ = 0;
  int64_t organization_ = 0;
  int64_t epoch_ = 0;
  std::string kind_;

  absl::Mutex mu_;
  std::shared_ptr<LinkStream> stream_ ABSL_GUARDED_BY(mu_);   // null once closed
  std::deque<std::unique_ptr<v1::ResourceMessage>> inbox_ ABSL_GUARDED_BY(mu_);
  bool working_ ABSL_GUARDED_BY(mu_) = false;
  bool paused_ ABSL_GUARDED_BY(mu_) = false;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  bool left_ ABSL_GUARDED_BY(mu_) = false;
  bool sent_away_ ABSL_GUARDED_BY(mu_) = false;
  bool superseded_ ABSL_GUARDED_BY(mu_) = false;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  bool attached_ ABSL_GUARDED_BY(mu_) = false;   // the constants above are set
  int offered_ ABSL_GUARDED_BY(mu_) = 0;         // the newest credit; an older one may be handled later, postponed
  int offered_live_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Duration last_heard_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_set<int64_t> told_ ABSL_GUARDED_BY(mu_);       // tokens that were assigned over this stream
  absl::flat_hash_set<int64_t> cancelled_ ABSL_GUARDED_BY(mu_);  // tokens whose cancelling was asked for
};

}  // namespace lectern::api
