// Sessions of resources (who is attached where, alive or lost) and the API instances that hold their streams.
// Predicates use the database's clock only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/domain/allocation.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct AttachRequest {
  int64_t resource = 0;
  int64_t credential_serial = 0;
  std::string incarnation;
  std::string api_instance;
  std::string version;
  std::vector<std::string> capabilities;
  int slots = 0;
  int live_slots = 0;
  std::string host;                // empty: as joined
  std::string public_url;          // empty: as joined
};

struct Attached {
  int64_t epoch = 0;
  int64_t organization = 0;
  std::string kind;
  bool draining = false;
  bool resumed = false;            // same incarnation, not lost meanwhile: what it holds is still its own
};

struct BeatRow {
  int64_t resource = 0;
  int64_t epoch = 0;
  std::string load_json;           // ResourceLoad
};

// A session that was declared lost.
struct LostSession {
  int64_t resource = 0;
  std::string host;
  std::string why;                 // "closed" or "silent"
};

// What an API instance must tell the resources whose streams it holds.
struct ResourceFlags {
  int64_t resource = 0;
  int64_t epoch = 0;               // another one than the stream's: the session is over
  bool draining = false;
  bool removed = false;
  std::string api_instance;
};

struct OriginRow {
  int64_t resource = 0;
  std::string url;
};

struct LinkTimes {
  absl::Duration suspect_after = absl::Seconds(5);
  absl::Duration lost_after = absl::Seconds(30);
  absl::Duration reconnect_grace = absl::Seconds(2);
};

// Thread-safe.
class LinkStore {
 public:
  explicit LinkStore(pg::Pool& pool) : pool_(pool) {}

  // A stream's Hello. Another incarnation, or one that was lost meanwhile, gets a new epoch; the old one's jobs are orphans then.
  // Errors: kUnauthenticated/CREDENTIAL_REVOKED.
  absl::StatusOr<Attached> Attach(const AttachRequest& request, absl::Duration lease);
  // Renews sessions that `api_instance` still holds with that epoch; answers with their resources.
  absl::StatusOr<std::vector<int64_t>> Beat(const std::string& api_instance, absl::Span<const BeatRow> beats, absl::Duration lease);
  // The stream was reset or closed.
  absl::Status Disconnect(int64_t resource, int64_t epoch, const std::string& api_instance);
  // It was of an older stream: a newer one of the same session is there.
  absl::Status UndoDisconnect(int64_t resource, int64_t epoch, const std::string& api_instance);
  absl::Status SetSlots(int64_t resource, int64_t epoch, int slots, int live_slots = 0);
  absl::Status SetLeaving(int64_t resource, int64_t epoch);
  // Sessions that are over by the rules of docs/link.md; silence counts only where `count_silence`.
  absl::StatusOr<std::vector<LostSession>> MarkLost(const LinkTimes& times, bool count_silence);

  // A job failed there within seconds. The third in a row puts the resource into quarantine for `quarantine`; true then.
  absl::StatusOr<bool> NoteFastFailure(int64_t resource, int64_t epoch, absl::Duration quarantine);
  absl::Status NoteSuccess(int64_t resource, int64_t epoch);

  // All resources that are not removed and may run jobs, for the policies.
  absl::StatusOr<std::vector<CandidateResource>> ListCandidates(const LinkTimes& times);
  absl::StatusOr<std::vector<CandidateResource>> ListCandidates(pg::Session& session, const LinkTimes& times);
  absl::StatusOr<OrganizationTree> LoadTree();
  absl::StatusOr<OrganizationTree> LoadTree(pg::Session& session);

  absl::StatusOr<std::vector<ResourceFlags>> ListFlags(absl::Span<const int64_t> resources);
  absl::StatusOr<std::vector<OriginRow>> ListOrigins();

  absl::Status RegisterInstance(const std::string& id, const std::string& address);
  absl::Status BeatInstance(const std::string& id);
  absl::Status RemoveInstance(const std::string& id);

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
