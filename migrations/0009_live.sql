-- Lecture halls, live streams, and what they add to older tables.

create table halls (
  id              bigint generated always as identity primary key,
  organization_id bigint not null references organizations,
  display_name    text not null check (length(display_name) between 1 and 200),
  created_at      timestamptz not null default now(),
  removed_at      timestamptz
);
create unique index halls_name on halls (organization_id, display_name) where removed_at is null;

create table hall_sources (
  hall_id     bigint not null references halls on delete cascade,
  view        text not null check (view in ('comb', 'cam', 'pres')),
  sealed_url  bytea not null,               -- it may hold a camera's password: sealed with the installation's master key
  shown_url   text not null,                -- without user and password
  primary key (hall_id, view)
);

alter table lectures add column hall_id bigint references halls;
-- A lecturer's private try-out: seen by nobody else, deleted after a day.
alter table lectures add column rehearsal_of bigint references users on delete cascade;
create index lectures_hall_due on lectures (starts_at) where hall_id is not null and ended_at is null;
create index lectures_rehearsals on lectures (created_at) where rehearsal_of is not null;

alter table personal_tokens add column expires_at timestamptz;

-- Live streams take slots of their own, beside the ordinary ones.
alter table resource_sessions add column live_slots int not null default 0;
alter table resource_sessions add column live_busy int not null default 0;

-- One view of a lecture on its way to its VOD service. The ingest job (class 0) places it: its token is the epoch, its resource the
-- worker. A stream that is taken up again gets a new job; the recording stays one.
create table live_streams (
  id              bigint generated always as identity primary key,
  lecture_id      bigint not null,          -- no reference: what was on air is known longer than the lecture
  organization_id bigint not null references organizations,
  view            text not null check (view in ('comb', 'cam', 'pres')),
  source          text not null check (source in ('encoder', 'hall')),
  state           text not null default 'starting' check (state in ('starting', 'live', 'interrupted', 'ending', 'ended')),
  user_id         bigint references users on delete set null,     -- whose token it is
  token_id        bigint references personal_tokens on delete set null,
  asset_id        bigint not null references assets on delete cascade,
  task_id         bigint not null references tasks,
  job_id          bigint not null,          -- the ingest
  proxy_id        bigint references resources,
  session         text not null default '', -- of the publisher's connection that owns it
  started_at      timestamptz not null default now(),             -- time zero of the timeline
  first_media_at  timestamptz,              -- when the first segment was stored
  segment_at      timestamptz,              -- when the newest segment was stored
  end_ms          bigint not null default 0,                      -- timeline position up to which everything is stored
  reported_at     timestamptz not null default now(),             -- by the proxy, or by the worker of a hall
  publishing      boolean not null default true,                  -- a publisher (a source) sends
  gone_at         timestamptz,              -- since when none does
  pending_bytes   bigint not null default 0,                      -- that the proxy still has to deliver
  failovers       int not null default 0,
  facts           jsonb not null default '{}',                    -- LiveFacts
  warnings        jsonb not null default '[]',                    -- of the worker: list of LiveWarning
  proxy_report    jsonb not null default '{}',                    -- StreamReport, as last heard
  reason          text not null default '',
  worker_at       timestamptz,              -- when its worker last reported
  end_reason      text not null default '',
  by_hand         boolean not null default false,                 -- a person ended it
  ended_at        timestamptz
) with (fillfactor = 70);
-- Two streams of one view would fight for it.
create unique index live_streams_running on live_streams (lecture_id, view) where state <> 'ended';
create index live_streams_lecture on live_streams (lecture_id, id);
create index live_streams_organization on live_streams (organization_id, id);
create index live_streams_job on live_streams (job_id);
create index live_streams_task on live_streams (task_id);
create index live_streams_session on live_streams (session) where session <> '';
create index live_streams_open on live_streams (id) where state <> 'ended';
create index live_streams_proxy on live_streams (proxy_id) where state <> 'ended';

alter table assets drop constraint assets_state_check;
alter table assets add constraint assets_state_check check (state in ('uploading', 'live', 'processing', 'playable', 'complete', 'failed',
                                                                      'superseded', 'removed'));
alter table assets drop constraint assets_size_bytes_check;
alter table assets add column from_live boolean not null default false;
-- 0: a live recording whose size is not known yet.
alter table assets add constraint assets_size_bytes_check check (size_bytes > 0 or (from_live and size_bytes = 0));

alter table tasks drop constraint tasks_kind_check;
alter table tasks add constraint tasks_kind_check check (kind in ('publish_recording', 'delete_media', 'test', 'live'));
