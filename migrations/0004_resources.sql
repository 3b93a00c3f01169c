-- What a resource is (rarely written), and its session (written by heartbeats), apart so that the hot rows stay small.

create table resources (
  id              bigint generated always as identity primary key,
  organization_id bigint not null references organizations,
  kind            text not null check (kind in ('worker', 'vod_service', 'edge', 'rtmp_proxy')),
  instance_key    text not null check (length(instance_key) between 16 and 64),
  credential_serial bigint not null default 1,   -- a credential with a lower serial is refused
  host            text not null,
  public_url      text not null default '',
  shared          boolean not null default false,
  draining        boolean not null default false,     -- asked for by a maintainer
  created_at      timestamptz not null default now(),
  removed_at      timestamptz
);
create unique index resources_instance on resources (organization_id, kind, instance_key) where removed_at is null;
create index resources_organization on resources (organization_id, id) where removed_at is null;

create sequence resource_epochs;

create table resource_sessions (
  resource_id     bigint primary key references resources on delete cascade,
  state           text not null default 'never' check (state in ('never', 'alive', 'lost')),
  epoch           bigint not null default 0,          -- grows with each incarnation and each loss
  incarnation     text not null default '',
  api_instance    text not null default '',           -- that holds the stream
  slots           int not null default 0,
  busy            int not null default 0,             -- slots taken by leased and running jobs
  leaving         boolean not null default false,     -- drains on its own wish (shutting down)
  quarantined_until timestamptz,
  fast_failures   int not null default 0,             -- in a row, of distinct tasks
  lease_until     timestamptz,
  last_beat_at    timestamptz,
  disconnected_at timestamptz,                        -- stream reset or closed; null while attached
  version         text not null default '',
  capabilities    text[] not null default '{}',
  load            jsonb not null default '{}'         -- ResourceLoad
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

-- API instances that hold streams, so that a peer can tell a dead instance from a dead resource.
create table api_instances (
  id          text primary key,
  address     text not null,
  started_at  timestamptz not null default now(),
  seen_at     timestamptz not null default now()
);

-- One leader places jobs. A lease with a term; losing it costs time, never correctness.
create table leader_lease (
  role        text primary key,
  holder      text not null,
  term        bigint not null,
  expires_at  timestamptz not null
);

-- A playback token issued earlier plays nothing more. Kept until the last such token has expired.
create table playback_revocations (
  id            bigint generated always as identity primary key,
  lecture_id    bigint not null,            -- no reference: it outlives the lecture
  subject       text not null default '',   -- empty: everybody
  issued_before timestamptz not null,
  keep_until    timestamptz not null
);
create index playback_revocations_keep on playback_revocations (keep_until);
