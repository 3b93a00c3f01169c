#include "api/store/viewer_store.h"

namespace lectern::api {

constexpr char kReplace[] = R"sql(
with gone as (delete from viewer_counts where instance = $1 and lecture_id <> all ($2::bigint[]))
insert into viewer_counts (lecture_id, instance, viewers, at)
select l.id, $1, n.viewers, now() from unnest($2::bigint[], $3::bigint[]) n (lecture_id, viewers) join lectures l on l.id = n.lecture_id
on conflict (lecture_id, instance) do update set viewers = excluded.viewers, at = excluded.at
)sql";

absl::Status ViewerStore::Replace(absl::string_view instance, const std::vector<ViewerCount>& counts) {
  std::vector<int64_t> lectures, viewers;
  for (const ViewerCount& count : counts) {
    lectures.push_back(count.lecture_id);
    viewers.push_back(count.viewers);
  }
  return pool_.Run({"viewers_replace", kReplace}, instance, lectures, viewers).status();
}

constexpr char kSweep[] = R"sql(delete from viewer_counts where at < now() - interval '10 minutes')sql";

absl::Status ViewerStore::Sweep() { return pool_.Run({"viewers_sweep", kSweep}).status(); }

}  // namespace lectern::api
