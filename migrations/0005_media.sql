-- Recordings. The bytes are at the organization's VOD service; here is what the API must know of them.

create table assets (
  id              bigint generated always as identity primary key,
  upload_id       text not null unique check (upload_id ~ '^[0-9a-f]{32}$'),
  lecture_id      bigint references lectures on delete set null,
  organization_id bigint not null references organizations,
  view            text not null check (view in ('comb', 'cam', 'pres')),
  vod_resource_id bigint not null references resources,
  file_name       text not null,
  fingerprint     text not null,
  size_bytes      bigint not null check (size_bytes > 0),
  received_bytes  bigint not null default 0,
  sha256          text,
  state           text not null check (state in ('uploading', 'processing', 'playable', 'complete', 'failed',
                                                 'superseded', 'removed')),
  error           text not null default '',
  media           jsonb,                    -- MediaInfo
  duration_ms     bigint,
  thumbnails_path text not null default '',
  loudness        jsonb,                    -- LoudnessResult
  silences        jsonb,                    -- SilenceResult
  created_by      bigint references users on delete set null,
  created_at      timestamptz not null default now(),
  received_at     timestamptz,
  playable_at     timestamptz
);
create index assets_lecture on assets (lecture_id, view, id);
create index assets_open on assets (lecture_id, view, fingerprint) where state = 'uploading';
create index assets_organization on assets (organization_id);
create index assets_vod on assets (vod_resource_id, id);

-- What the view's master playlist offers.
create table renditions (
  asset_id      bigint not null references assets on delete cascade,
  label         text not null,
  width         int not null default 0,
  height        int not null default 0,
  bandwidth_bps bigint not null,
  codecs        text not null,
  published_at  timestamptz not null default now(),
  primary key (asset_id, label)
);
