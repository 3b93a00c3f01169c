-- Whoever watches jobs asks every second for those that ended lately.
create index jobs_ended_at on jobs_ended (ended_at);
