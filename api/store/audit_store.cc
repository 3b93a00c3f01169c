#include "api/store/audit_store.h"

#include <limits>

#include "absl/strings/ascii.h"
#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

constexpr size_t kLongestText = 2000;

// Length of the UTF-8 character at the start of `text`; 0 where there is none (RFC 3629 4).
size_t CharacterLength(absl::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool beyond = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
  return overlong || beyond ? 0 : length;
}

// An event is recorded whatever a caller put into its texts: what PostgreSQL would refuse and what could forge a line
// becomes a question mark, or somebody could hide from the audit behind a NUL byte.
std::string Printable(absl::string_view text) {
  std::string printable;
  while (!text.empty() && printable.size() < kLongestText) {
    const size_t length = CharacterLength(text);
    if (length == 0 || absl::ascii_iscntrl(static_cast<unsigned char>(text[0]))) {
      printable += '?';
    } else {
      printable.append(text.data(), length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return printable;
}

}  // namespace

constexpr char kInsert[] = R"sql(
insert into audit_events (actor, action, target, organization_id, outcome, detail) values ($1, $2, $3, $4, $5, $6)
)sql";

template <typename Runner>
static absl::Status InsertWith(Runner& runner, const AuditEvent& event) {
  return runner
      .Run(pg::Query{"audit_insert", kInsert}, Printable(event.actor), Printable(event.action), Printable(event.target),
           event.organization_id, Printable(event.outcome), Printable(event.detail))
      .status();
}

absl::Status AuditStore::Insert(const AuditEvent& event) {
  return InsertWith(pool_, event);
}

absl::Status AuditStore::Insert(pg::Session& session, const AuditEvent& event) {
  return InsertWith(session, event);
}

constexpr char kList[] = R"sql(
select e.id, e.at, e.actor, e.action, e.target, e.organization_id, e.outcome, e.detail, coalesce(u.display_name, r.host, '') as actor_name
from (
  select * from audit_events
  where id < $2
    and ($1::bigint is null or organization_id in (select descendant_id from organization_paths where ancestor_id = $1))
  order by id desc limit $3
) e
left join users u on u.id = substring(e.actor from '^users/([0-9]{1,18})$')::bigint
left join resources r on r.id = substring(e.actor from '^resources/([0-9]{1,18})$')::bigint
order by e.id desc
)sql";

absl::StatusOr<Page<AuditRow>> AuditStore::List(std::optional<int64_t> organization_id, const PageRequest& page) const {
  ASSIGN_OR_RETURN(int64_t before, DecodeIdToken("audit", page.token, std::numeric_limits<int64_t>::max()));
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"audit_list", kList}, organization_id, before, page.size + 1));
  auto parse = [](const pg::Row& row) {
    return AuditRow{row.Int("id"),
                    row.Time("at"),
                    {row.Text("actor"), row.Text("action"), row.Text("target"), OptionalInt(row, "organization_id"),
                     row.Text("outcome"), row.Text("detail")},
                    row.Text("actor_name")};
  };
  return MakePage(ParseRows(rows, parse), page.size,
                  [](const AuditRow& last) { return EncodeIdToken("audit", last.id); });
}

}  // namespace lectern::api
