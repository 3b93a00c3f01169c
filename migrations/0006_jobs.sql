-- Tasks are what was asked for; jobs are their schedulable steps. `jobs` holds unfinished jobs only and stays small; a job that
-- ends moves to `jobs_ended` in the same transaction. `all_jobs` reads both.

create table tasks (
  id              bigint generated always as identity primary key,
  organization_id bigint not null references organizations,
  kind            text not null check (kind in ('publish_recording', 'delete_media', 'test')),
  lecture_id      bigint references lectures on delete set null,
  asset_id        bigint references assets on delete set null,
  state           text not null default 'open' check (state in ('open', 'done', 'failed', 'cancelled')),
  idempotency_key text unique,
  created_by      bigint references users on delete set null,
  created_at      timestamptz not null default now(),
  ended_at        timestamptz
);
create index tasks_asset on tasks (asset_id);
create index tasks_lecture on tasks (lecture_id);

create sequence job_ids;
-- Grows with every lease of any job and never repeats; a failover could rewind a sequence, so the timeline goes in front.
create sequence fencing_tokens;

create function next_fencing_token() returns bigint language sql as $$
  select (('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint << 40) | nextval('fencing_tokens')
$$;

create table jobs (
  id              bigint primary key default nextval('job_ids'),
  task_id         bigint not null references tasks on delete cascade,
  organization_id bigint not null,
  kind            text not null,
  label           text not null default '',
  class           smallint not null,            -- 0 live, 1 interactive, 2 blocks first publication, 3 improves, 4 background
  priority        smallint not null default 0,  -- within the class, lower first
  state           text not null check (state in ('blocked', 'ready', 'leased', 'running', 'cancelling', 'retry_wait',
                                                 'done', 'failed', 'cancelled', 'skipped', 'expired')),
  capability      text not null default '',     -- that the resource must have
  pinned_resource_id bigint,                    -- only there (the VOD service that keeps the recording)
  run_at          timestamptz not null default now(),
  deps_left       int not null default 0,
  attempt         int not null default 0,       -- attempts that count
  max_attempts    int not null default 5,
  losses          int not null default 0,       -- resources that were lost while running it
  media_failures  int not null default 0,       -- different resources that found the input bad
  token           bigint not null default 0,
  resource_id     bigint,
  resource_epoch  bigint,
  accept_by       timestamptz,                  -- leased: handed to another if not accepted
  run_by          timestamptz,                  -- running: hard limit
  progress        real not null default 0,
  progress_at     timestamptz,                  -- last time progress grew
  stall_seconds   int not null default 60,
  run_limit_seconds int not null default 600,
  start_by        timestamptz,                  -- expires if not started by then; null: never
  cancel_requested_at timestamptz,
  avoid_resources bigint[] not null default '{}',   -- failed there; another is preferred
  spec            jsonb not null,
  result          jsonb,
  failure_class   text not null default '',
  error           text not null default '',
  created_at      timestamptz not null default now(),
  started_at      timestamptz,
  ended_at        timestamptz
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
create index jobs_ready on jobs (class, priority, run_at, id) where state = 'ready';
create index jobs_later on jobs (run_at) where state = 'retry_wait';
create index jobs_held on jobs (resource_id) where state in ('leased', 'running', 'cancelling');
create index jobs_task on jobs (task_id);

create table jobs_ended (like jobs including defaults);
alter table jobs_ended add primary key (id);
create index jobs_ended_task on jobs_ended (task_id);
create index jobs_ended_organization on jobs_ended (organization_id, id);
create index jobs_ended_failed on jobs_ended (id) where state = 'failed';

create view all_jobs as select * from jobs union all select * from jobs_ended;

create table job_dependencies (
  parent_id bigint not null,
  child_id  bigint not null,
  primary key (parent_id, child_id)
);
create index job_dependencies_child on job_dependencies (child_id);

-- Append-only.
create table job_attempts (
  job_id        bigint not null,
  token         bigint not null,
  resource_id   bigint not null,
  started_at    timestamptz not null default now(),
  accepted_at   timestamptz,
  ended_at      timestamptz,
  outcome       text not null default '',
  failure_class text not null default '',
  error         text not null default '',
  log_tail      text not null default '',
  primary key (job_id, token)
);
