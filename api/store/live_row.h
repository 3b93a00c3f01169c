// Reads live streams from rows. Internal to api/store.
#pragma once

#include "api/store/live_store.h"

namespace lectern::api {

// What ParseStream reads, up to `where`. `s` is the stream, `l` its lecture (may be gone), `j` its ingest while it is held.
#define LECTERN_STREAM_SELECT                                                                                           \
  "select s.id, s.lecture_id, s.organization_id, s.view, s.source, s.state, s.user_id, s.asset_id, s.task_id, s.job_id, " \
  "s.proxy_id, s.session, s.started_at, s.first_media_at, s.segment_at, s.end_ms, s.publishing, s.pending_bytes, "      \
  "s.failovers, s.facts, s.warnings, s.proxy_report, s.end_reason, s.by_hand, s.ended_at, "                             \
  "case when s.state in ('ending', 'ended') then '' "                                                                   \
  "     else coalesce(nullif(s.proxy_report ->> 'reason', ''), nullif(s.reason, ''), "                                  \
  "                   case when s.publishing then '' when s.source = 'hall' then 'nothing comes from the source' "      \
  "                        else 'the encoder has gone' end) end as reason, "                                            \
  "a.upload_id, a.vod_resource_id, l.title as lecture_title, c.title as course_title, "                                 \
  "o.display_name as organization_name, l.rehearsal_of is not null as rehearsal, j.token as epoch, "                    \
  "j.resource_id as worker_id, w.host as worker_host, l.course_id, l.rehearsal_of, "                                    \
  "coalesce((select sum(v.viewers) from viewer_counts v "                                                               \
  "          where v.lecture_id = s.lecture_id and v.at > now() - interval '30 seconds'), 0)::bigint as viewers "               \
  "from live_streams s join assets a on a.id = s.asset_id join organizations o on o.id = s.organization_id "            \
  "left join lectures l on l.id = s.lecture_id left join courses c on c.id = l.course_id "                              \
  "left join jobs j on j.id = s.job_id and j.state in ('leased', 'running', 'cancelling') "                             \
  "left join resources w on w.id = j.resource_id "

LiveStreamRow ParseStream(const pg::Row& row);

}  // namespace lectern::api
