-- People, sessions, personal tokens, signing keys.

create table users (
  id            bigint generated always as identity primary key,
  email         text not null check (email = lower(email) and email like '%_@_%' and length(email) <= 254),
  display_name  text not null check (length(display_name) between 1 and 200),
  role          text not null check (role in ('student', 'lecturer', 'administrator')),
  password_hash text,                       -- Argon2id; null: signs in elsewhere
  settings      jsonb not null default '{}',
  created_at    timestamptz not null default now(),
  disabled_at   timestamptz
);
create unique index users_email on users (email);

create table sessions (
  id          bigint generated always as identity primary key,
  user_id     bigint not null references users on delete cascade,
  peer        text not null default '',
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null,
  revoked_at  timestamptz
);
create index sessions_user on sessions (user_id, id);

-- Failed sign-ins, for throttling; swept by age.
create table login_failures (
  id      bigint generated always as identity primary key,
  email   text not null,
  peer    text not null,
  at      timestamptz not null default now()
);
create index login_failures_email on login_failures (email, at);
create index login_failures_peer on login_failures (peer, at);

-- A lecturer's tokens for the RTMP proxy. Only the SHA-256 of the token is kept.
create table personal_tokens (
  id            bigint generated always as identity primary key,
  user_id       bigint not null references users on delete cascade,
  display_name  text not null,
  token_hash    bytea not null unique,
  created_at    timestamptz not null default now(),
  last_used_at  timestamptz,
  revoked_at    timestamptz
);
create index personal_tokens_user on personal_tokens (user_id, id);

-- Ed25519 keys by audience. The private half is sealed with the installation's master key (a file, never in here).
create table signing_keys (
  key_id        text primary key,
  audience      text not null check (audience in ('session', 'organization', 'resource', 'upload', 'job', 'playback')),
  public_key    bytea not null check (length(public_key) = 32),
  sealed_secret bytea not null,
  created_at    timestamptz not null default now(),
  retired_at    timestamptz                 -- signs no more; still verifies until the last token it signed has expired
);
create unique index signing_keys_active on signing_keys (audience) where retired_at is null;
