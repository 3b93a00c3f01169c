create table audit_events (
  id              bigint generated always as identity primary key,
  at              timestamptz not null default now(),
  actor           text not null,             -- users/12, resources/3, system, or empty
  action          text not null,
  target          text not null default '',
  organization_id bigint,
  outcome         text not null,
  detail          text not null default ''
);
create index audit_events_organization on audit_events (organization_id, id);
create index audit_events_at on audit_events (at);
