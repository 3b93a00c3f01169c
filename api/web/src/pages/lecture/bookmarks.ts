// A person's bookmarks of one lecture, in order, as the server has them.
import type { Bookmark } from '../../generated/api';
import { api, getAll } from '../../lib/api';
import { useLoad } from '../../lib/data';
import { durationOf, secondsOf } from '../../lib/format';

export interface Bookmarks {
  all: Bookmark[];
  error: unknown;
  reload: () => Promise<void>;
  add(position: number, words: string): Promise<Bookmark>;
  change(bookmark: Bookmark, words: string): Promise<void>;
  remove(bookmark: Bookmark): Promise<void>;
}

const inOrder = (all: Bookmark[]) => [...all].sort((a, b) => secondsOf(a.position) - secondsOf(b.position));

export function useBookmarks(lecture: string, signedIn: boolean): Bookmarks {
  const load = useLoad<Bookmark[]>(async () =>
    signedIn ? inOrder(await getAll<Bookmark>(`/v1/${lecture}/bookmarks?page_size=200`, 'bookmarks')) : [],
  );
  const all = load.data ?? [];
  return {
    all,
    error: load.error,
    reload: load.reload,
    async add(position, words) {
      const made = await api.post<Bookmark>(`/v1/${lecture}/bookmarks`, { position: durationOf(position), text: words });
      load.set(inOrder([...all, made]));
      return made;
    },
    async change(bookmark, words) {
      const changed = await api.patch<Bookmark>(`/v1/${bookmark.name}?update_mask=text`, { text: words });
      load.set(all.map((candidate) => (candidate.name === bookmark.name ? { ...candidate, ...changed } : candidate)));
    },
    async remove(bookmark) {
      await api.del(`/v1/${bookmark.name}`);
      load.set(all.filter((candidate) => candidate.name !== bookmark.name));
    },
  };
}
