create table courses (
  id              bigint generated always as identity primary key,
  organization_id bigint not null references organizations,
  title           text not null check (length(title) between 1 and 300),
  term            text not null default '' check (length(term) <= 20),
  visibility      text not null check (visibility in ('public', 'logged_in', 'enrolled', 'hidden')),
  description     text not null default '' check (length(description) <= 20000),
  created_at      timestamptz not null default now()
);
create index courses_organization on courses (organization_id, id);
create index courses_visible on courses (visibility, id);

create table enrolments (
  course_id   bigint not null references courses on delete cascade,
  user_id     bigint not null references users on delete cascade,
  role        text not null check (role in ('student', 'lecturer')),
  created_at  timestamptz not null default now(),
  primary key (course_id, user_id)
);
create index enrolments_user on enrolments (user_id, course_id);

create table lectures (
  id          bigint generated always as identity primary key,
  course_id   bigint not null references courses on delete cascade,
  title       text not null check (length(title) between 1 and 300),
  starts_at   timestamptz,
  ends_at     timestamptz,
  ended_at    timestamptz,                  -- set by hand or by the end of the live stream
  created_at  timestamptz not null default now(),
  check (ends_at is null or starts_at is null or ends_at > starts_at)
);
create index lectures_course on lectures (course_id, coalesce(starts_at, 'infinity'), id);
create index lectures_due on lectures (starts_at) where ended_at is null;

create table bookmarks (
  id          bigint generated always as identity primary key,
  lecture_id  bigint not null references lectures on delete cascade,
  user_id     bigint not null references users on delete cascade,
  position_ms bigint not null check (position_ms >= 0),
  text        text not null check (length(text) between 1 and 2000),
  created_at  timestamptz not null default now()
);
create index bookmarks_user on bookmarks (user_id, lecture_id, position_ms, id);
