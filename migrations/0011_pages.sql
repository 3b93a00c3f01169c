-- What people do with courses and lectures: pins, visits, progress, feeds; what lecturers and administrators set.

alter table courses add column downloads_enabled boolean not null default false;
alter table courses add column chat_enabled boolean not null default true;

alter table lectures add column description text not null default '' check (length(description) <= 20000);
alter table lectures add column series text not null default '' check (length(series) <= 32);   -- same for all that were made together
create index lectures_series on lectures (series) where series <> '';
create index lectures_starts on lectures (starts_at) where rehearsal_of is null;

-- Words are found by their beginnings, in any language; a title counts more than a description.
alter table courses add column words tsvector generated always as
  (setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', left(description, 5000)), 'C')) stored;
alter table lectures add column words tsvector generated always as
  (setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', left(description, 5000)), 'C')) stored;
create index courses_words on courses using gin (words);
create index lectures_words on lectures using gin (words);

create table course_marks (
  user_id     bigint not null references users on delete cascade,
  course_id   bigint not null references courses on delete cascade,
  pinned_at   timestamptz,                  -- null: not pinned
  visited_at  timestamptz,                  -- when the person last opened the course's page; null: never
  primary key (user_id, course_id)
);
create index course_marks_course on course_marks (course_id);

create table progress (
  user_id     bigint not null references users on delete cascade,
  lecture_id  bigint not null references lectures on delete cascade,
  position_ms bigint not null check (position_ms >= 0),
  watched     boolean not null default false,
  updated_at  timestamptz not null default now(),
  primary key (user_id, lecture_id)
) with (fillfactor = 70);
create index progress_recent on progress (user_id, updated_at);
create index progress_lecture on progress (lecture_id);

create table sections (
  id          bigint generated always as identity primary key,
  lecture_id  bigint not null references lectures on delete cascade,
  position_ms bigint not null check (position_ms >= 0),
  title       text not null check (length(title) between 1 and 200),
  created_at  timestamptz not null default now()
);
create index sections_lecture on sections (lecture_id, position_ms, id);

create table calendar_feeds (
  id           bigint generated always as identity primary key,
  user_id      bigint not null references users on delete cascade,
  course_id    bigint references courses on delete cascade,       -- null: all courses of the person
  token_hash   bytea not null unique,
  created_at   timestamptz not null default now(),
  last_used_at timestamptz,
  revoked_at   timestamptz
);
create index calendar_feeds_user on calendar_feeds (user_id, id);

-- How many watch, as each API instance counts its own.
create table viewer_counts (
  lecture_id  bigint not null references lectures on delete cascade,
  instance    text not null,
  viewers     int not null,
  at          timestamptz not null default now(),
  primary key (lecture_id, instance)
) with (fillfactor = 50);

alter table sessions add column device text not null default '' check (length(device) <= 200);

create table announcements (
  id          bigint generated always as identity primary key,
  text        text not null check (length(text) between 1 and 1000),
  level       text not null check (level in ('info', 'warning')),
  starts_at   timestamptz not null default now(),
  ends_at     timestamptz,                  -- null: until it is deleted
  created_at  timestamptz not null default now(),
  check (ends_at is null or ends_at > starts_at)
);

create table installation (
  only_row    boolean primary key default true check (only_row),
  settings    jsonb not null default '{}',  -- Installation
  updated_at  timestamptz not null default now()
);
insert into installation default values;
