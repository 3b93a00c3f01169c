#include "api/store/link_store.h"

#include <optional>
#include <utility>

#include "common/base/status.h"

namespace lectern::api {
namespace {

// Before kAttach and in a statement of its own: what kAttach counts must not be older than the lock on what it writes, or
// a job that ends meanwhile would keep its slot for ever.
constexpr char kLockSession[] = R"sql(
with r as materialized (select id from resources where id = $1 for no key update)
select s.resource_id from resource_sessions s join r on r.id = s.resource_id for update of s)sql";

// A resource that comes back with the same incarnation before anybody gave it up keeps its epoch, and with it its jobs.
constexpr char kAttach[] = R"sql(
with r as (
  update resources set host = coalesce(nullif($7, ''), host), public_url = coalesce(nullif($8, ''), public_url)
  where id = $1 and credential_serial = $2 and removed_at is null
  returning id, organization_id, kind, draining
), fresh as (
  select nextval('resource_epochs') as epoch
), s as (
  insert into resource_sessions as old (resource_id, state, epoch, incarnation, api_instance, slots, live_slots, lease_until,
                                        last_beat_at, version, capabilities)
  select r.id, 'alive', fresh.epoch, $3, $4, $6, $11, now() + $10::interval, now(), $5, $9::text[] from r cross join fresh
  on conflict (resource_id) do update set
    state = 'alive', incarnation = excluded.incarnation, api_instance = excluded.api_instance, slots = excluded.slots,
    live_slots = excluded.live_slots, lease_until = excluded.lease_until, last_beat_at = excluded.last_beat_at, version = excluded.version,
    capabilities = excluded.capabilities, disconnected_at = null, leaving = false,
    epoch = case when old.state = 'alive' and old.incarnation = excluded.incarnation then old.epoch else excluded.epoch end,
    busy = case when old.state = 'alive' and old.incarnation = excluded.incarnation
                then (select count(*)::int from jobs j where j.resource_id = old.resource_id and j.resource_epoch = old.epoch
                                                         and j.state in ('leased', 'running', 'cancelling')
                                                         and j.kind <> 'live_ingest')
                else 0 end,
    live_busy = case when old.state = 'alive' and old.incarnation = excluded.incarnation
                     then (select count(*)::int from jobs j where j.resource_id = old.resource_id and j.resource_epoch = old.epoch
                                                              and j.state in ('leased', 'running', 'cancelling')
                                                              and j.kind = 'live_ingest')
                     else 0 end
  returning epoch
)
select s.epoch, s.epoch <> fresh.epoch as resumed, r.organization_id, r.kind, r.draining from s cross join fresh cross join r)sql";

// A beat that was under way when its stream broke must not undo the disconnect. One that comes later proves that the
// disconnect was of an older stream.
constexpr char kBeat[] = R"sql(
update resource_sessions s set last_beat_at = now(), lease_until = now() + $5::interval, load = b.load::jsonb,
  disconnected_at = case when s.disconnected_at < now() - interval '50 milliseconds' then null else s.disconnected_at end
from unnest($1::bigint[], $2::bigint[], $3::text[]) as b(resource_id, epoch, load)
where s.resource_id = b.resource_id and s.epoch = b.epoch and s.api_instance = $4 and s.state = 'alive'
returning s.resource_id)sql";

constexpr char kDisconnect[] = R"sql(
update resource_sessions set disconnected_at = now()
where resource_id = $1 and epoch = $2 and api_instance = $3 and state = 'alive' and disconnected_at is null)sql";

constexpr char kUndoDisconnect[] = R"sql(
update resource_sessions set disconnected_at = null
where resource_id = $1 and epoch = $2 and api_instance = $3 and disconnected_at is not null)sql";

constexpr char kSetSlots[] = R"sql(update resource_sessions set slots = $3, live_slots = $4 where resource_id = $1 and epoch = $2)sql";

constexpr char kSetLeaving[] =
    R"sql(update resource_sessions set leaving = true where resource_id = $1 and epoch = $2)sql";

constexpr char kMarkLost[] = R"sql(
update resource_sessions s set state = 'lost', epoch = nextval('resource_epochs'), busy = 0, live_busy = 0
from resources r
where r.id = s.resource_id and s.state = 'alive'
  and (s.disconnected_at < now() - $1::interval or ($3::boolean and s.last_beat_at < now() - $2::interval) or r.removed_at is not null)
returning s.resource_id, r.host,
  case when r.removed_at is not null then 'removed' when s.disconnected_at is not null then 'closed' else 'silent' end as why)sql";

constexpr char kNoteFastFailure[] = R"sql(
update resource_sessions set fast_failures = least(fast_failures + 1, 3),
  quarantined_until = case when fast_failures >= 2 then now() + $3::interval else quarantined_until end
where resource_id = $1 and epoch = $2
returning fast_failures >= 3 as quarantined)sql";

constexpr char kNoteSuccess[] = R"sql(
update resource_sessions set fast_failures = 0, quarantined_until = null
where resource_id = $1 and epoch = $2 and (fast_failures > 0 or quarantined_until is not null))sql";

constexpr char kListCandidates[] = R"sql(
select r.id, r.organization_id, r.kind, r.host, r.shared, coalesce(s.state, 'never') as state, coalesce(s.epoch, 0) as epoch,
       s.api_instance, coalesce(s.slots, 0) as slots, coalesce(s.busy, 0) as busy,
       coalesce(s.live_slots, 0) as live_slots, coalesce(s.live_busy, 0) as live_busy, r.public_url,
       r.draining or coalesce(s.leaving, false) as draining, coalesce(s.quarantined_until > now(), false) as quarantined,
       s.disconnected_at is not null as disconnected, coalesce(s.last_beat_at < now() - $1::interval, false) as suspect,
       coalesce(s.capabilities, '{}') as capabilities, coalesce((s.load ->> 'cpu')::float8, 0) as load
from resources r left join resource_sessions s on s.resource_id = r.id
where r.removed_at is null and r.kind in ('worker', 'vod_service') order by r.id)sql";

constexpr char kLoadTree[] = R"sql(select id, coalesce(parent_id, 0) as parent_id from organizations)sql";

constexpr char kListFlags[] = R"sql(
select r.id, coalesce(s.epoch, 0) as epoch, r.draining, r.removed_at is not null as removed, s.api_instance
from resources r left join resource_sessions s on s.resource_id = r.id where r.id = any($1::bigint[]))sql";

constexpr char kListOrigins[] = R"sql(
select id, public_url from resources where kind = 'vod_service' and removed_at is null and public_url <> '' order by id)sql";

constexpr char kRegisterInstance[] = R"sql(
insert into api_instances (id, address) values ($1, $2) on conflict (id) do update set address = excluded.address, seen_at = now())sql";

// Instances that were killed leave their rows behind; nobody reads rows that old.
constexpr char kBeatInstance[] = R"sql(
with swept as (delete from api_instances where seen_at < now() - interval '1 hour' and id <> $1)
update api_instances set seen_at = now() where id = $1)sql";

constexpr char kRemoveInstance[] = R"sql(delete from api_instances where id = $1)sql";

ResourceHealth ReadHealth(const pg::Row& row) {
  const std::string state = row.Text("state");
  if (state == "never") return ResourceHealth::kNeverAttached;
  if (state != "alive") return ResourceHealth::kDead;
  if (row.Bool("disconnected")) return ResourceHealth::kDisconnected;
  return row.Bool("suspect") ? ResourceHealth::kSuspect : ResourceHealth::kAlive;
}

std::vector<CandidateResource> ReadCandidates(const pg::Rows& rows) {
  std::vector<CandidateResource> candidates;
  candidates.reserve(rows.size());
  for (int i = 0; i < rows.size(); ++i) {
    const pg::Row row = rows[i];
    CandidateResource& candidate = candidates.emplace_back();
    candidate.id = row.Int("id");
    candidate.organization = row.Int("organization_id");
    candidate.kind = row.Text("kind");
    candidate.host = row.Text("host");
    candidate.shared = row.Bool("shared");
    candidate.health = ReadHealth(row);
    candidate.draining = row.Bool("draining");
    candidate.quarantined = row.Bool("quarantined");
    candidate.slots = static_cast<int>(row.Int("slots"));
    candidate.busy = static_cast<int>(row.Int("busy"));
    candidate.live_slots = static_cast<int>(row.Int("live_slots"));
    candidate.live_busy = static_cast<int>(row.Int("live_busy"));
    candidate.public_url = row.Text("public_url");
    candidate.load = row.Double("load");
    candidate.capabilities = row.Texts("capabilities");
    candidate.epoch = row.Int("epoch");
    candidate.api_instance = row.Text("api_instance");
  }
  return candidates;
}

OrganizationTree ReadTree(const pg::Rows& rows) {
  OrganizationTree tree;
  for (int i = 0; i < rows.size(); ++i) tree.Set(rows[i].Int("id"), rows[i].Int("parent_id"));
  return tree;
}

}  // namespace

absl::StatusOr<Attached> LinkStore::Attach(const AttachRequest& request, absl::Duration lease) {
  pg::Rows rows;
  RETURN_IF_ERROR(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    RETURN_IF_ERROR(session.Run({"lock_resource_session", kLockSession}, request.resource).status());
    ASSIGN_OR_RETURN(rows, session.Run({"attach_resource", kAttach}, request.resource, request.credential_serial,
                                       request.incarnation, request.api_instance, request.version, request.slots,
                                       request.host, request.public_url,
                                       absl::Span<const std::string>(request.capabilities), lease, request.live_slots));
    return absl::OkStatus();
  }));
  if (rows.empty()) {
    return WithReason(absl::UnauthenticatedError("the credential was withdrawn or replaced by a newer one"),
                      "CREDENTIAL_REVOKED");
  }
  const pg::Row row = rows[0];
  return Attached{row.Int("epoch"), row.Int("organization_id"), row.Text("kind"), row.Bool("draining"),
                  row.Bool("resumed")};
}

absl::StatusOr<std::vector<int64_t>> LinkStore::Beat(const std::string& api_instance, absl::Span<const BeatRow> beats,
                                                     absl::Duration lease) {
  std::vector<int64_t> resources, epochs, renewed;
  std::vector<std::string> loads;
  for (const BeatRow& beat : beats) {
    resources.push_back(beat.resource);
    epochs.push_back(beat.epoch);
    loads.push_back(beat.load_json);
  }
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"beat_resources", kBeat}, absl::Span<const int64_t>(resources),
                                            absl::Span<const int64_t>(epochs), absl::Span<const std::string>(loads),
                                            api_instance, lease));
  for (int i = 0; i < rows.size(); ++i) renewed.push_back(rows[i].Int("resource_id"));
  return renewed;
}

absl::Status LinkStore::Disconnect(int64_t resource, int64_t epoch, const std::string& api_instance) {
  return pool_.Run({"disconnect_resource", kDisconnect}, resource, epoch, api_instance).status();
}

absl::Status LinkStore::UndoDisconnect(int64_t resource, int64_t epoch, const std::string& api_instance) {
  return pool_.Run({"undo_disconnect", kUndoDisconnect}, resource, epoch, api_instance).status();
}

absl::Status LinkStore::SetSlots(int64_t resource, int64_t epoch, int slots, int live_slots) {
  return pool_.Run({"set_slots", kSetSlots}, resource, epoch, slots, live_slots).status();
}

absl::Status LinkStore::SetLeaving(int64_t resource, int64_t epoch) {
  return pool_.Run({"set_leaving", kSetLeaving}, resource, epoch).status();
}

absl::StatusOr<std::vector<LostSession>> LinkStore::MarkLost(const LinkTimes& times, bool count_silence) {
  ASSIGN_OR_RETURN(pg::Rows rows,
                   pool_.Run({"mark_lost", kMarkLost}, times.reconnect_grace, times.lost_after, count_silence));
  std::vector<LostSession> lost;
  for (int i = 0; i < rows.size(); ++i) {
    lost.push_back({rows[i].Int("resource_id"), rows[i].Text("host"), rows[i].Text("why")});
  }
  return lost;
}

absl::StatusOr<bool> LinkStore::NoteFastFailure(int64_t resource, int64_t epoch, absl::Duration quarantine) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"note_fast_failure", kNoteFastFailure}, resource, epoch, quarantine));
  return !rows.empty() && rows[0].Bool("quarantined");
}

absl::Status LinkStore::NoteSuccess(int64_t resource, int64_t epoch) {
  return pool_.Run({"note_success", kNoteSuccess}, resource, epoch).status();
}

absl::StatusOr<std::vector<CandidateResource>> LinkStore::ListCandidates(const LinkTimes& times) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"list_candidates", kListCandidates}, times.suspect_after));
  return ReadCandidates(rows);
}

absl::StatusOr<std::vector<CandidateResource>> LinkStore::ListCandidates(pg::Session& session, const LinkTimes& times) {
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"list_candidates", kListCandidates}, times.suspect_after));
  return ReadCandidates(rows);
}

absl::StatusOr<OrganizationTree> LinkStore::LoadTree() {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"load_organization_tree", kLoadTree}));
  return ReadTree(rows);
}

absl::StatusOr<OrganizationTree> LinkStore::LoadTree(pg::Session& session) {
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"load_organization_tree", kLoadTree}));
  return ReadTree(rows);
}

absl::StatusOr<std::vector<ResourceFlags>> LinkStore::ListFlags(absl::Span<const int64_t> resources) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"list_resource_flags", kListFlags}, resources));
  std::vector<ResourceFlags> flags;
  for (int i = 0; i < rows.size(); ++i) {
    const pg::Row row = rows[i];
    flags.push_back(
        {row.Int("id"), row.Int("epoch"), row.Bool("draining"), row.Bool("removed"), row.Text("api_instance")});
  }
  return flags;
}

absl::StatusOr<std::vector<OriginRow>> LinkStore::ListOrigins() {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"list_origins", kListOrigins}));
  std::vector<OriginRow> origins;
  for (int i = 0; i < rows.size(); ++i) origins.push_back({rows[i].Int("id"), rows[i].Text("public_url")});
  return origins;
}

absl::Status LinkStore::RegisterInstance(const std::string& id, const std::string& address) {
  return pool_.Run({"register_instance", kRegisterInstance}, id, address).status();
}

absl::Status LinkStore::BeatInstance(const std::string& id) {
  return pool_.Run({"beat_instance", kBeatInstance}, id).status();
}

absl::Status LinkStore::RemoveInstance(const std::string& id) {
  return pool_.Run({"remove_instance", kRemoveInstance}, id).status();
}

}  // namespace lectern::api
