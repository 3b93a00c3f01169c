-- What search compares: words of letters and digits of any script, in lower case. The database itself knows case and punctuation of
-- ASCII only, so a collation that is there everywhere says what a letter is; accents are composed first, whatever the keyboard made.
create function search_text(text) returns text language sql immutable parallel safe as $$
  select regexp_replace(lower(normalize($1, nfc) collate "und-x-icu"), '[^[:alnum:]]+' collate "und-x-icu", ' ', 'g')
$$;

-- The words of a query as beginnings, all of which must be there. Null where it has none.
create function search_query(text) returns tsquery language sql immutable parallel safe as $$
  select string_agg('''' || word || ''':*', ' & ')::tsquery from unnest(string_to_array(search_text($1), ' ')) word where word <> ''
$$;

alter table courses drop column words;
alter table lectures drop column words;
alter table courses add column words tsvector generated always as
  (setweight(to_tsvector('simple', search_text(title)), 'A') ||
   setweight(to_tsvector('simple', search_text(left(description, 5000))), 'C')) stored;
alter table lectures add column words tsvector generated always as
  (setweight(to_tsvector('simple', search_text(title)), 'A') ||
   setweight(to_tsvector('simple', search_text(left(description, 5000))), 'C')) stored;
create index courses_words on courses using gin (words);
create index lectures_words on lectures using gin (words);
