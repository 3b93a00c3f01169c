#include "api/store/organization_store.h"

#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

constexpr char kNotFoundReason[] = "ORGANIZATION_NOT_FOUND";

OrganizationRow ParseOrganization(const pg::Row& row) {
  OrganizationRow organization;
  organization.id = row.Int("id");
  organization.parent_id = OptionalInt(row, "parent_id");
  organization.display_name = row.Text("display_name");
  organization.depth = static_cast<int>(row.Int("depth"));
  organization.quota_bytes = OptionalInt(row, "quota_bytes");
  organization.created_at = row.Time("created_at");
  organization.maintained = row.Bool("maintained");
  organization.courses = row.Int("courses");
  organization.resources = row.Int("resources");
  return organization;
}

// TREE_CYCLE and TREE_TOO_DEEP come from triggers as they are; people get a sentence.
absl::Status ExplainOrganization(const absl::Status& status) {
  return Explain(
      status,
      {{"organizations_sibling", absl::StatusCode::kAlreadyExists, "ORGANIZATION_EXISTS",
        "there is an organization of this name at this place"},
       {"organizations_parent_id_fkey", absl::StatusCode::kNotFound, kNotFoundReason,
        "the parent organization does not exist"},
       {"TREE_CYCLE", absl::StatusCode::kFailedPrecondition, "TREE_CYCLE", "an organization cannot stand below itself"},
       {"organizations_check", absl::StatusCode::kFailedPrecondition, "TREE_CYCLE",
        "an organization cannot stand below itself"},
       {"TREE_TOO_DEEP", absl::StatusCode::kFailedPrecondition, "TREE_TOO_DEEP",
        "the tree of organizations has at most 16 levels"},
       {"*_check", absl::StatusCode::kInvalidArgument, "BAD_ORGANIZATION", "a display name has 1 to 200 characters"}});
}

absl::StatusOr<OrganizationRow> OneOrganization(absl::StatusOr<pg::Rows> rows, int64_t id) {
  if (!rows.ok()) return ExplainOrganization(rows.status());
  if (rows->empty()) return NotFound(kNotFoundReason, "organization", id);
  return ParseOrganization((*rows)[0]);
}

// Of the organization with that id.
#define LECTERN_ORGANIZATION_COUNTS(id)                                                                  \
  "(select count(*) from courses c where c.organization_id = " id ") as courses, "                       \
  "(select count(*) from resources r where r.organization_id = " id " and r.removed_at is null) as resources"

// Of the user $1, unless it is an administrator ($2).
#define LECTERN_MAINTAINED                                                                               \
  "maintained as materialized ("                                                                         \
  "  select distinct p.descendant_id as id from maintainers m join organization_paths p on p.ancestor_id = m.organization_id " \
  "  where m.user_id = $1 and not $2"                                                                    \
  ")"

// What ParseOrganization reads, of a row `o` with its depth.
#define LECTERN_ORGANIZATION_SHOWN                                                                       \
  "select o.id, o.parent_id, o.display_name, o.quota_bytes, o.created_at, o.depth, "                     \
  "  coalesce(counts.courses, 0) as courses, coalesce(counts.resources, 0) as resources, counts.courses is not null as maintained "

#define LECTERN_ORGANIZATION_COUNTED                                                                     \
  "left join lateral (select " LECTERN_ORGANIZATION_COUNTS("o.id")                                       \
  "  where $2 or o.id in (select id from maintained)) counts on true "

}  // namespace

constexpr char kInsert[] = R"sql(
insert into organizations (parent_id, display_name) values ($1, $2)
returning id, parent_id, display_name, quota_bytes, created_at, true as maintained, 0 as courses, 0 as resources,
  coalesce((select max(distance) + 1 from organization_paths where descendant_id = $1), 0) as depth
)sql";

absl::StatusOr<OrganizationRow> OrganizationStore::Insert(std::optional<int64_t> parent_id,
                                                          absl::string_view display_name) {
  return OneOrganization(pool_.Run({"organization_insert", kInsert}, parent_id, display_name), 0);
}

constexpr char kGet[] = "with " LECTERN_MAINTAINED R"sql(, o as (
  select *, (select max(distance) from organization_paths where descendant_id = id) as depth from organizations where id = $3
)
)sql" LECTERN_ORGANIZATION_SHOWN "from o " LECTERN_ORGANIZATION_COUNTED;

absl::StatusOr<OrganizationRow> OrganizationStore::Get(const Caller& caller, int64_t id) const {
  return OneOrganization(
      pool_.Run({"organization_get", kGet}, caller.is_user() ? caller.user_id : 0, caller.is_administrator(), id), id);
}

// A path is the display names from the root; siblings have different ones, so paths order the tree depth first.
constexpr char kList[] = "with " LECTERN_MAINTAINED R"sql(, tree as (
  select o.id, o.parent_id, o.display_name, o.quota_bytes, o.created_at, array_agg(a.display_name order by p.distance desc) as path
  from organizations o
  join organization_paths p on p.descendant_id = o.id
  join organizations a on a.id = p.ancestor_id
  where ($3::bigint is null or o.id in (select descendant_id from organization_paths where ancestor_id = $3))
    and ($2 or not $4 or o.id in (select id from maintained))
  group by o.id
), o as (
  select *, cardinality(path) - 1 as depth from tree where $5::text[] is null or path > $5 order by path limit $6
)
)sql" LECTERN_ORGANIZATION_SHOWN ", o.path from o " LECTERN_ORGANIZATION_COUNTED "order by o.path";

absl::StatusOr<Page<OrganizationRow>> OrganizationStore::List(const Caller& caller, const OrganizationFilter& filter,
                                                              const PageRequest& page) const {
  pg::Param after = std::nullopt;
  if (!page.token.empty()) {
    ASSIGN_OR_RETURN(std::vector<std::string> path, DecodePageToken("organizations", page.token, 0));
    after = pg::Param(path);
  }
  ASSIGN_OR_RETURN(pg::Rows rows,
                   pool_.Run({"organization_list", kList}, caller.is_user() ? caller.user_id : 0, caller.is_administrator(),
                             filter.root, filter.maintained, after, page.size + 1));
  return MakePage(ParseRows(rows, ParseOrganization), page.size, [&](const OrganizationRow&) {
    return EncodePageToken("organizations", rows[page.size - 1].Texts("path"));
  });
}

constexpr char kRename[] = R"sql(
update organizations set display_name = $2 where id = $1
returning id, parent_id, display_name, quota_bytes, created_at, true as maintained, )sql" LECTERN_ORGANIZATION_COUNTS("$1") R"sql(,
  (select max(distance) from organization_paths where descendant_id = $1) as depth
)sql";

absl::StatusOr<OrganizationRow> OrganizationStore::Rename(int64_t id, absl::string_view display_name) {
  return OneOrganization(pool_.Run({"organization_rename", kRename}, id, display_name), id);
}

constexpr char kMove[] = R"sql(
update organizations set parent_id = $2 where id = $1
returning id, parent_id, display_name, quota_bytes, created_at, true as maintained, )sql" LECTERN_ORGANIZATION_COUNTS("$1") R"sql(,
  coalesce((select max(distance) + 1 from organization_paths where descendant_id = $2), 0) as depth
)sql";

absl::StatusOr<OrganizationRow> OrganizationStore::Move(int64_t id, std::optional<int64_t> parent_id) {
  return OneOrganization(pool_.Run({"organization_move", kMove}, id, parent_id), id);
}

constexpr char kSetQuota[] = R"sql(
update organizations set quota_bytes = $2 where id = $1
returning id, parent_id, display_name, quota_bytes, created_at, true as maintained, )sql" LECTERN_ORGANIZATION_COUNTS("$1") R"sql(,
  (select max(distance) from organization_paths where descendant_id = $1) as depth
)sql";

absl::StatusOr<OrganizationRow> OrganizationStore::SetQuota(int64_t id, std::optional<int64_t> quota_bytes) {
  return OneOrganization(pool_.Run({"organization_set_quota", kSetQuota}, id, quota_bytes), id);
}

// What has ended holds nobody: recordings whose bytes are gone, tasks that are over, resources that were removed.
// Foreign keys are checked at the end of the statement, so the order of its parts does not matter.
constexpr char kDelete[] = R"sql(
with old_tasks as (delete from tasks where organization_id = $1 and state <> 'open' returning id),
old_jobs as (delete from jobs_ended where task_id in (select id from old_tasks)),
old_assets as (delete from assets where organization_id = $1 and state = 'removed'),
old_resources as (delete from resources where organization_id = $1 and removed_at is not null)
delete from organizations where id = $1
)sql";

absl::Status OrganizationStore::Delete(int64_t id) {
  absl::StatusOr<pg::Rows> rows = pool_.Run({"organization_delete", kDelete}, id);
  if (!rows.ok()) {
    return Explain(rows.status(),
                   {{"*_fkey", absl::StatusCode::kFailedPrecondition, "ORGANIZATION_NOT_EMPTY",
                     "the organization still has organizations below it, courses, recordings or resources"}});
  }
  return rows->affected() == 0 ? NotFound(kNotFoundReason, "organization", id) : absl::OkStatus();
}

constexpr char kAncestors[] = R"sql(
select ancestor_id from organization_paths where descendant_id = $1 order by distance
)sql";

absl::StatusOr<std::vector<int64_t>> OrganizationStore::Ancestors(int64_t id) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"organization_ancestors", kAncestors}, id));
  if (rows.empty()) return NotFound(kNotFoundReason, "organization", id);
  return ParseRows(rows, [](const pg::Row& row) { return row.Int("ancestor_id"); });
}

}  // namespace lectern::api
