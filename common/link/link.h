// A resource's side of the link to the API: joins, keeps one Attach stream to any of the API's instances, sends beats, takes
// jobs, reports what came of them, and resumes all of it after a reconnect. docs/link.md has the rules.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/config/flags.h"
#include "common/metrics/metrics.h"

namespace lectern::v1 {   // generated messages; see proto/lectern/v1
class Assign;
class Directory;
class JobResult;
class LiveReport;
class UploadEvent;
class UploadRecorded;
}  // namespace lectern::v1

namespace lectern::link {

enum class Kind { kWorker, kVodService, kEdge, kRtmpProxy };

struct LinkConfig {
  std::vector<std::string> api;          // --api HOST:PORT,HOST:PORT
  std::string api_ca_file;               // --api_ca: PEM; empty: no TLS, loopback addresses only unless --api_plaintext
  bool api_plaintext = false;
  std::string state_dir;                 // --state_dir: credential, instance key, journal (mode 0700)
  std::string organization_token;        // environment LECTERN_TOKEN, first start only
  std::string public_url;                // --public_url
  std::string host;                      // --host_name; empty: the machine's
  std::string disk_dir;                  // whose file system's space is reported; empty: state_dir
  int64_t slots = 0;                     // --slots: jobs at once
  int64_t live_slots = 0;                // --live_slots: live streams (jobs with a live_ingest), beside them
  Kind kind = Kind::kWorker;
  std::vector<std::string> capabilities;
  std::stop_token stop;                  // ends a Start that still waits for the API, with kCancelled
};

// Adds the flags named above except slots (programs that take no jobs have none).
void DefineLinkFlags(Flags& flags, LinkConfig& config);

// How a job ended.
struct Outcome {
  enum Kind { kDone, kFailed, kCancelled } kind = kDone;
  std::shared_ptr<v1::JobResult> result;     // kDone
  int failure_class = 0;                     // kFailed: v1::FailureClass
  std::string error;                         // kFailed: one sentence for a person
  std::string log_tail;
};

// Why a job is to end.
enum class StopReason {
  kNone,
  kCancelled,    // a person or the schedule: a live stream ends here, and its rest is stored
  kHandBack,     // this process drains: the job goes on elsewhere
  kTakenAway,    // it runs elsewhere already, or the resource was removed
};

// What a running job may ask and tell. Thread-safe.
class JobContext {
 public:
  virtual ~JobContext() = default;
  // 0..1; coalesced, at most two messages a second.
  virtual void Progress(double fraction) = 0;
  // True once the job was cancelled, its lease was lost for good, or the process drains beyond its patience. Poll it, or
  // register a callback that is called once from another thread (at once where it is already so). Callbacks must not block; they
  // are dropped when the job's runner returns, and a step that registers one must outlive its call until then.
  virtual bool ShouldStop() const = 0;
  virtual void OnStop(std::function<void()> callback) = 0;
  // True while the resource holds its lease, so that it may publish. False: results must be held back. Live streams do not ask:
  // they go on while the API is away, and their VOD service fences.
  virtual bool MayPublish() const = 0;
  virtual StopReason stop_reason() const { return ShouldStop() ? StopReason::kCancelled : StopReason::kNone; }
};

// Runs one job on a thread of its own. The link reports the outcome.
using JobRunner = std::function<Outcome(const v1::Assign& assign, JobContext& context)>;

struct LinkHandlers {
  JobRunner run;                                                    // may be empty (edges)
  std::function<void(const v1::Directory&)> on_directory;           // keys, origins, revocations; serialised
  std::function<void(const v1::UploadRecorded&)> on_upload_recorded;
  std::function<void()> on_attached;                                // after each Welcome
};

// Thread-safe.
class Link {
 public:
  // Reads or obtains the credential (blocking, retried with back-off while the API is unreachable), then keeps the stream in the
  // background. Errors: kInvalidArgument where there is neither a credential nor a token; kUnauthenticated where the token is
  // refused (one clear line, naming what to do); kFailedPrecondition where another process uses the state folder; kCancelled.
  static absl::StatusOr<std::unique_ptr<Link>> Start(LinkConfig config, LinkHandlers handlers, Metrics& metrics);
  virtual ~Link() = default;

  virtual int64_t resource_id() const = 0;
  // For the resource's own calls to the API, as bearer token. Secret.
  virtual const std::string& credential() const = 0;
  // Why the resource cannot do its job now ("not attached to the API"); empty: all is well. A resource that was removed, or whose
  // credential is refused, stays up with that as its reason, so that a supervisor does not start it again and again.
  virtual std::string NotReadyReason() const = 0;

  virtual void SendUploadEvent(const v1::UploadEvent& event) = 0;   // dropped while not attached; the caller repeats
  // The newest of each job is sent, as soon as the stream takes it; dropped while not attached.
  virtual void SendLiveReport(const v1::LiveReport& report) = 0;
  // Fewer or more jobs, and live streams beside them, at once from now on.
  virtual void SetSlots(int slots, int live_slots, absl::string_view reason) = 0;

  // Takes no more jobs and hands live streams back at once, lets other running jobs end within `timeout`, then stops them and hands
  // them back (Reject: they run elsewhere, and the attempt does not count), waits a moment until what ended is recorded, and closes
  // the stream. Blocks.
  virtual void Drain(absl::Duration timeout) = 0;
};

}  // namespace lectern::link
