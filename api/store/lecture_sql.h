// What is read of lectures for one person: "with picked as materialized (select LECTERN_PICKED_COLUMNS ...) LECTERN_WITH_VIEWS".
// $1 of a statement is the reader's id (0: nobody). ParseLectures reads the rows. Internal to api/store.
#pragma once

// How many watch it now, as all API instances together have counted; each writes every few seconds while anybody does.
#define LECTERN_VIEWERS \
  "(select coalesce(sum(v.viewers), 0) from viewer_counts v where v.lecture_id = l.id and v.at > now() - interval '30 seconds') "

// The columns of a lecture `l` of the course `c` for `picked`.
#define LECTERN_PICKED_COLUMNS \
  R"sql(
l.id, l.course_id, c.organization_id, l.title, l.starts_at, l.ends_at, l.ended_at, l.created_at, l.hall_id, l.rehearsal_of,
l.description, l.series, c.title as course_title, c.visibility, c.downloads_enabled, coalesce(l.starts_at, 'infinity') as position,
(select e.role from enrolments e where e.course_id = c.id and e.user_id = $1) as enrolment,
exists (select 1 from maintainers m join organization_paths p on p.ancestor_id = m.organization_id
        where m.user_id = $1 and p.descendant_id = c.organization_id) as maintains,
)sql" LECTERN_VIEWERS "as viewers "

// One row a view (one with nulls for a lecture without any). `newest` is the recording that tells what is going on,
// `shown` the one that can be watched: the same, or an older one that a newer has not replaced yet. `air` are the streams that have
// stored something, by recording; a live recording without one is left out.
#define LECTERN_WITH_VIEWS \
  R"sql(
, air as (
  select distinct on (s.asset_id) s.asset_id, s.state, s.end_ms
  from picked join live_streams s on s.lecture_id = picked.id
  where s.first_media_at is not null
  order by s.asset_id, s.id desc
), known as (
  select a.*, air.state as air_state, air.end_ms as air_end_ms
  from picked join assets a on a.lecture_id = picked.id left join air on air.asset_id = a.id
  where a.state not in ('superseded', 'removed') and (a.state <> 'live' or air.asset_id is not null)
), newest as (
  select distinct on (lecture_id, view) * from known order by lecture_id, view, id desc
), shown as (
  select distinct on (lecture_id, view) * from known where state in ('playable', 'complete', 'live')
  order by lecture_id, view, id desc
)
select p.*, now() as read_at, g.position_ms, g.watched, g.updated_at as progress_at,
  n.view, n.state as newest_state, n.error, n.size_bytes, n.received_bytes, n.duration_ms as newest_duration_ms,
  s.id = n.id as same, s.state as shown_state, s.air_state,
  case when s.state = 'live' then s.air_end_ms else s.duration_ms end as duration_ms,
  s.thumbnails_path, s.poster_path, s.silences, s.vod_resource_id,
  coalesce(s.loudness ->> 'integratedLufs', s.loudness ->> 'integrated_lufs')::float8 as loudness_lufs,
  r.labels, r.widths, r.heights, r.bandwidths, r.codecs,
  j.job_ids, j.job_kinds, j.job_labels, j.job_states, j.job_progress, j.job_classes, j.job_elapsed_ms
from picked p
left join progress g on g.lecture_id = p.id and g.user_id = $1
left join newest n on n.lecture_id = p.id
left join shown s on s.lecture_id = n.lecture_id and s.view = n.view
left join lateral (
  select array_agg(label order by width desc, label) as labels, array_agg(width order by width desc, label) as widths,
    array_agg(height order by width desc, label) as heights, array_agg(bandwidth_bps order by width desc, label) as bandwidths,
    array_agg(codecs order by width desc, label) as codecs
  from renditions where asset_id = s.id
) r on true
left join lateral (
  select array_agg(j.id order by j.id) as job_ids, array_agg(j.kind order by j.id) as job_kinds,
    array_agg(j.label order by j.id) as job_labels, array_agg(j.state order by j.id) as job_states,
    array_agg((j.progress * 1e6)::bigint order by j.id) as job_progress,
    array_agg(j.class order by j.id) as job_classes,
    array_agg(coalesce(extract(epoch from now() - j.started_at) * 1000, 0)::bigint order by j.id) as job_elapsed_ms
  from tasks t join all_jobs j on j.task_id = t.id
  where t.asset_id = n.id and t.kind in ('publish_recording', 'live') and j.kind <> 'live_ingest'
) j on true
order by p.position, p.id, array_position(array['comb', 'cam', 'pres'], n.view)
)sql"
