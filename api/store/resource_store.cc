#include "api/store/resource_store.h"

#include "absl/strings/str_cat.h"
#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

constexpr char kNotFoundReason[] = "RESOURCE_NOT_FOUND";

// What ParseResource reads, up to `where`. `r` is the resource; $1 is the reader, who is an administrator where $2. Whoever lends a
// worker to others does not see what they do with it, and a rehearsal is seen by nobody but its lecturer.
#define LECTERN_RESOURCE_SELECT(resources)                                                                            \
  "select r.id, r.organization_id, o.display_name as organization_name, r.kind, r.host, r.public_url, r.shared, "     \
  "r.draining, r.created_at, coalesce(s.state, 'never') as session_state, "                                           \
  "coalesce(s.state = 'alive' and s.disconnected_at is null, false) as attached, "                                    \
  "coalesce(s.leaving, false) as leaving, coalesce(s.quarantined_until > now(), false) as quarantined, "              \
  "s.last_beat_at, "                                                                                                  \
  "extract(epoch from now() - s.last_beat_at)::float8 as silence_seconds, s.version, s.capabilities, s.load, "        \
  "s.slots, s.busy, s.live_slots, s.live_busy, held.* "                                                               \
  "from " resources " r join organizations o on o.id = r.organization_id "                                            \
  "left join resource_sessions s on s.resource_id = r.id "                                                            \
  "left join lateral ("                                                                                               \
  "  select array_agg(case when seen.yes then j.id else 0 end order by j.started_at, j.id) as job_ids, "              \
  "    array_agg(case when seen.yes then coalesce(l.id, 0) else 0 end order by j.started_at, j.id) as job_lectures, " \
  "    array_agg(case when seen.yes then coalesce(l.title, '') else '' end order by j.started_at, j.id) as job_titles, " \
  "    array_agg(j.kind order by j.started_at, j.id) as job_kinds, "                                                  \
  "    array_agg(j.label order by j.started_at, j.id) as job_labels, "                                                \
  "    array_agg(round(j.progress::numeric * 1000)::bigint order by j.started_at, j.id) as job_permille "             \
  "  from jobs j join tasks t on t.id = j.task_id left join assets a on a.id = t.asset_id "                           \
  "  left join lectures l on l.id = coalesce(a.lecture_id, t.lecture_id) "                                            \
  "  cross join lateral (select ($2 or exists ("                                                                      \
  "    select 1 from maintainers m join organization_paths p on p.ancestor_id = m.organization_id "                   \
  "    where m.user_id = $1 and p.descendant_id = j.organization_id)) "                                               \
  "    and ($2 or l.rehearsal_of is null or l.rehearsal_of = $1) as yes) seen "                                       \
  "  where j.resource_id = r.id and j.state in ('leased', 'running', 'cancelling')"                                   \
  ") held on true "

std::vector<HeldJobRow> ParseHeld(const pg::Row& row) {
  std::vector<HeldJobRow> jobs;
  if (row.IsNull("job_ids")) return jobs;
  const std::vector<int64_t> ids = row.Ints("job_ids"), lectures = row.Ints("job_lectures"), permille = row.Ints("job_permille");
  const std::vector<std::string> titles = row.Texts("job_titles"), kinds = row.Texts("job_kinds"), labels = row.Texts("job_labels");
  for (size_t i = 0; i < ids.size(); ++i) {
    jobs.push_back({ids[i], lectures[i], titles[i], kinds[i], labels[i], static_cast<double>(permille[i]) / 1000});
  }
  return jobs;
}

ResourceRow ParseResource(const pg::Row& row) {
  ResourceRow resource;
  resource.id = row.Int("id");
  resource.organization_id = row.Int("organization_id");
  resource.organization_name = row.Text("organization_name");
  resource.kind = row.Text("kind");
  resource.host = row.Text("host");
  resource.public_url = row.Text("public_url");
  resource.shared = row.Bool("shared");
  resource.draining = row.Bool("draining");
  resource.created_at = row.Time("created_at");
  resource.session_state = row.Text("session_state");
  resource.attached = row.Bool("attached");
  resource.leaving = row.Bool("leaving");
  resource.quarantined = row.Bool("quarantined");
  resource.last_beat_at = OptionalTime(row, "last_beat_at");
  resource.silence =
      row.IsNull("silence_seconds") ? absl::InfiniteDuration() : absl::Seconds(row.Double("silence_seconds"));
  resource.version = row.Text("version");
  resource.capabilities = row.Texts("capabilities");
  resource.load_json = row.IsNull("load") ? "{}" : row.Text("load");
  resource.slots = static_cast<int>(row.Int("slots"));
  resource.busy = static_cast<int>(row.Int("busy"));
  resource.live_slots = static_cast<int>(row.Int("live_slots"));
  resource.live_busy = static_cast<int>(row.Int("live_busy"));
  resource.jobs = ParseHeld(row);
  return resource;
}

absl::StatusOr<ResourceRow> OneResource(absl::StatusOr<pg::Rows> rows, int64_t id) {
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return NotFound(kNotFoundReason, "resource", id);
  return ParseResource((*rows)[0]);
}

int64_t UserOf(const Caller& reader) { return reader.is_user() ? reader.user_id : 0; }

std::string SilenceWords(const ResourceRow& resource) {
  if (resource.silence == absl::InfiniteDuration()) return "no heartbeat since it joined";
  const absl::Duration step = resource.silence < absl::Minutes(1) ? absl::Seconds(1)
                              : resource.silence < absl::Hours(1) ? absl::Minutes(1)
                                                                  : absl::Hours(1);
  return absl::StrCat("no heartbeat for ", absl::FormatDuration(absl::Trunc(resource.silence, step)));
}

}  // namespace

ResourceCondition ConditionOf(const ResourceRow& resource, absl::Duration suspect_after) {
  if (resource.session_state == "never") return {"never_attached", "it has joined and never connected since"};
  if (resource.session_state == "lost") return {"dead", SilenceWords(resource)};
  if (!resource.attached) return {"suspect", absl::StrCat("its connection is gone; ", SilenceWords(resource))};
  if (resource.silence > suspect_after) return {"suspect", SilenceWords(resource)};
  if (resource.draining) return {"draining", "a maintainer drains it: no new work"};
  if (resource.leaving) return {"draining", "it is shutting down: no new work"};
  if (resource.quarantined) return {"alive", "no new work for a while: jobs failed there quickly one after the other"};
  return {"alive", ""};
}

constexpr char kJoin[] = R"sql(
with joined as (
  insert into resources (organization_id, kind, instance_key, host, public_url) values ($1, $2, $3, $4, $5)
  on conflict (organization_id, kind, instance_key) where removed_at is null do update
    set credential_serial = resources.credential_serial + 1, host = excluded.host, public_url = excluded.public_url
  returning id, credential_serial
), session as (
  insert into resource_sessions (resource_id, version, capabilities, slots) select id, $6, $7::text[], $8 from joined
  on conflict (resource_id) do update set version = excluded.version, capabilities = excluded.capabilities
)
select id, credential_serial from joined
)sql";

absl::StatusOr<JoinedResource> ResourceStore::Join(const NewResource& resource) {
  absl::StatusOr<pg::Rows> rows =
      pool_.Run({"resource_join", kJoin}, resource.organization_id, resource.kind, resource.instance_key, resource.host,
                resource.public_url, resource.version, resource.capabilities, resource.slots);
  if (!rows.ok()) {
    return Explain(rows.status(), {{"*_fkey", absl::StatusCode::kFailedPrecondition, "ORGANIZATION_GONE",
                                    "the organization of the token does not exist any more"},
                                   {"*_check", absl::StatusCode::kInvalidArgument, "BAD_RESOURCE",
                                    "a resource has a kind and an instance key of 16 to 64 characters"}});
  }
  return JoinedResource{(*rows)[0].Int("id"), (*rows)[0].Int("credential_serial")};
}

constexpr char kCheckCredential[] = R"sql(
select id, organization_id, kind, draining from resources
where id = $1 and credential_serial = $2 and removed_at is null
)sql";

absl::StatusOr<ResourceIdentity> ResourceStore::CheckCredential(int64_t id, int64_t serial) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"resource_check_credential", kCheckCredential}, id, serial));
  if (rows.empty()) {
    return WithReason(absl::UnauthenticatedError(absl::StrCat("the credential of resources/", id, " was withdrawn")),
                      "CREDENTIAL_WITHDRAWN");
  }
  return ResourceIdentity{id, rows[0].Int("organization_id"), rows[0].Text("kind"), rows[0].Bool("draining")};
}

constexpr char kGet[] = LECTERN_RESOURCE_SELECT("resources") "where r.id = $3 and r.removed_at is null";

absl::StatusOr<ResourceRow> ResourceStore::Get(int64_t id, const Caller& reader) const {
  return OneResource(pool_.Run({"resource_get", kGet}, UserOf(reader), reader.is_administrator(), id), id);
}

constexpr char kList[] = LECTERN_RESOURCE_SELECT("resources") R"sql(
where r.removed_at is null and r.id > $5
  and ($2 or r.organization_id in (select p.descendant_id from maintainers m
                                   join organization_paths p on p.ancestor_id = m.organization_id where m.user_id = $1))
  and ($3::bigint is null or r.organization_id in (select descendant_id from organization_paths where ancestor_id = $3))
  and ($4 = '' or r.kind = $4)
order by r.id limit $6
)sql";

absl::StatusOr<Page<ResourceRow>> ResourceStore::List(const Caller& caller, const ResourceFilter& filter,
                                                      const PageRequest& page) const {
  ASSIGN_OR_RETURN(int64_t after, DecodeIdToken("resources", page.token, 0));
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"resource_list", kList}, UserOf(caller), caller.is_administrator(),
                                            filter.organization_id, filter.kind, after, page.size + 1));
  return MakePage(ParseRows(rows, ParseResource), page.size,
                  [](const ResourceRow& last) { return EncodeIdToken("resources", last.id); });
}

constexpr char kSetShared[] = "with changed as (update resources set shared = $4 where id = $3 and removed_at is null returning *) "
    LECTERN_RESOURCE_SELECT("changed");

absl::StatusOr<ResourceRow> ResourceStore::SetShared(int64_t id, bool shared, const Caller& reader) {
  return OneResource(pool_.Run({"resource_set_shared", kSetShared}, UserOf(reader), reader.is_administrator(), id, shared), id);
}

constexpr char kSetDraining[] = "with changed as (update resources set draining = $4 where id = $3 and removed_at is null returning *) "
    LECTERN_RESOURCE_SELECT("changed");

absl::StatusOr<ResourceRow> ResourceStore::SetDraining(int64_t id, bool draining, const Caller& reader) {
  return OneResource(pool_.Run({"resource_set_draining", kSetDraining}, UserOf(reader), reader.is_administrator(), id, draining), id);
}

// Uploads that are being opened hold the row FOR SHARE, so the count that follows sees them.
constexpr char kLock[] = R"sql(select kind from resources where id = $1 and removed_at is null for update)sql";

constexpr char kHoldsMedia[] = R"sql(
select exists (select 1 from assets where vod_resource_id = $1 and state <> 'removed') as holds
)sql";

constexpr char kRemove[] = R"sql(
update resources set removed_at = now(), credential_serial = credential_serial + 1 where id = $1
)sql";

absl::Status ResourceStore::Remove(pg::Session& session, int64_t id, bool force) {
  ASSIGN_OR_RETURN(pg::Rows locked, session.Run({"resource_lock", kLock}, id));
  if (locked.empty()) return NotFound(kNotFoundReason, "resource", id);
  if (!force && locked[0].Text("kind") == "vod_service") {
    ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"resource_holds_media", kHoldsMedia}, id));
    if (rows[0].Bool("holds")) {
      return WithReason(
          absl::FailedPreconditionError(absl::StrCat("resources/", id, " still keeps recordings; they would be lost")),
          "HOLDS_MEDIA");
    }
  }
  return session.Run({"resource_remove", kRemove}, id).status();
}

// A beat's load is JSON of a message, whose 64-bit numbers are texts.
constexpr char kListEligible[] = R"sql(
select r.id, r.organization_id, r.public_url, coalesce(p.distance, 1000) as tier, f.disk_free, f.cpu
from resources r
join resource_sessions s on s.resource_id = r.id
left join organization_paths p on p.descendant_id = $1 and p.ancestor_id = r.organization_id
cross join lateral (
  select coalesce((s.load ->> 'diskFreeBytes')::bigint, (s.load ->> 'disk_free_bytes')::bigint, 0) as disk_free,
    coalesce((s.load ->> 'cpu')::float8, 0) as cpu
) f
where r.kind = $2 and r.removed_at is null and not r.draining and not s.leaving
  and s.state = 'alive' and s.disconnected_at is null and s.last_beat_at > now() - $3::interval
  and (p.ancestor_id is not null or r.shared)
order by tier, case when r.kind = 'vod_service' then -f.disk_free end, f.cpu, r.id limit $4
)sql";

absl::StatusOr<std::vector<EligibleResource>> ResourceStore::ListEligible(int64_t organization_id,
                                                                          absl::string_view kind,
                                                                          absl::Duration max_silence, int limit) const {
  ASSIGN_OR_RETURN(pg::Rows rows,
                   pool_.Run({"resource_list_eligible", kListEligible}, organization_id, kind, max_silence, limit));
  return ParseRows(rows, [](const pg::Row& row) {
    return EligibleResource{row.Int("id"),          row.Int("organization_id"),
                            row.Text("public_url"), static_cast<int>(row.Int("tier")),
                            row.Int("disk_free"),   row.Double("cpu")};
  });
}

}  // namespace lectern::api
