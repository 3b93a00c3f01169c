-- The organization tree. parent_id is the truth; organization_paths is its transitive closure (each node is its own ancestor
-- at distance 0), kept by triggers in the same transaction.

create table organizations (
  id            bigint generated always as identity primary key,
  parent_id     bigint references organizations,
  display_name  text not null check (length(display_name) between 1 and 200),
  quota_bytes   bigint,                     -- of recordings, this organization and below; null: none
  created_at    timestamptz not null default now(),
  check (parent_id <> id)
);
create unique index organizations_sibling on organizations (coalesce(parent_id, 0), display_name);
create index organizations_parent on organizations (parent_id);

create table organization_paths (
  ancestor_id   bigint not null references organizations on delete cascade,
  descendant_id bigint not null references organizations on delete cascade,
  distance      int not null,
  primary key (descendant_id, ancestor_id)
);
create index organization_paths_down on organization_paths (ancestor_id, descendant_id);

-- A move that another transaction has not committed yet would be missed by the paths made here, and these by that move. So
-- inserts, which may run side by side, wait for moves and moves for inserts; each statement of a function sees what was
-- committed while it waited.
create function organization_inserted() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(hashtext('lectern.organization_moved'));
  insert into organization_paths (ancestor_id, descendant_id, distance)
    select ancestor_id, new.id, distance + 1 from organization_paths where descendant_id = new.parent_id
    union all select new.id, new.id, 0;
  if (select max(distance) from organization_paths where descendant_id = new.id) > 15 then
    raise exception 'TREE_TOO_DEEP' using errcode = 'LE001';
  end if;
  return null;
end $$;
create trigger organization_inserted after insert on organizations for each row execute function organization_inserted();

-- Two moves at once could close a cycle that neither sees alone, so moves exclude each other.
create function organization_moved() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtext('lectern.organization_moved'));
  if exists (select 1 from organization_paths where ancestor_id = new.id and descendant_id = new.parent_id) then
    raise exception 'TREE_CYCLE' using errcode = 'LE002';
  end if;
  delete from organization_paths p using organization_paths sub
    where sub.ancestor_id = new.id and p.descendant_id = sub.descendant_id
      and not exists (select 1 from organization_paths inside
                      where inside.ancestor_id = new.id and inside.descendant_id = p.ancestor_id);
  insert into organization_paths (ancestor_id, descendant_id, distance)
    select up.ancestor_id, sub.descendant_id, up.distance + 1 + sub.distance
    from organization_paths up cross join organization_paths sub
    where up.descendant_id = new.parent_id and sub.ancestor_id = new.id;
  if exists (select 1 from organization_paths p join organization_paths sub on sub.descendant_id = p.descendant_id
             where sub.ancestor_id = new.id and p.distance > 15) then
    raise exception 'TREE_TOO_DEEP' using errcode = 'LE001';
  end if;
  return null;
end $$;
create trigger organization_moved after update of parent_id on organizations for each row
  when (old.parent_id is distinct from new.parent_id) execute function organization_moved();

-- A maintainer's right covers the organization and everything below it.
create table maintainers (
  organization_id bigint not null references organizations on delete cascade,
  user_id         bigint not null references users on delete cascade,
  created_at      timestamptz not null default now(),
  primary key (organization_id, user_id)
);
create index maintainers_user on maintainers (user_id);
