-- The reaper asks for these several times a second.
create index jobs_start_by on jobs (start_by) where start_by is not null;
