-- Publishers' connections that a newer one has taken a live stream from: a repeated opening of theirs does not take it back.
create table live_sessions_superseded (
  session       text primary key,
  stream_id     bigint not null references live_streams on delete cascade,
  superseded_at timestamptz not null default now()
);
create index live_sessions_superseded_stream on live_sessions_superseded (stream_id);
create index live_sessions_superseded_age on live_sessions_superseded (superseded_at);
