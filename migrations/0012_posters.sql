-- The still of a recording, as its path below the view's playback address: "<asset dir>/thumbnails/poster.jpg". Null: it has none.
alter table assets add column poster_path text;
