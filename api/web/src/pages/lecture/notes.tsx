// Bookmarks and notes, each at its moment.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Bookmark, Lecture } from '../../generated/api';
import { Button, Field } from '../../lib/controls';
import { Empty, Notice } from '../../lib/feedback';
import { clockText, formatDate, secondsOf } from '../../lib/format';
import { useSession } from '../../player/hooks';
import type { Session } from '../../player/session';
import type { Bookmarks } from './bookmarks';
import { fileName, notesMarkdown } from './markdown';
import { text } from './words';

interface Props {
  session: Session;
  lecture: Lecture;
  bookmarks: Bookmarks;
  signedIn: boolean;
  signInUrl: string;
}

function exportNotes(lecture: Lecture, bookmarks: Bookmark[]): void {
  const notes = bookmarks.map((bookmark) => ({ seconds: secondsOf(bookmark.position), text: bookmark.text }));
  const subtitle = text.markdownFrom(lecture.courseTitle, lecture.startTime ? formatDate(lecture.startTime) : '');
  const content = notesMarkdown(lecture.title, subtitle, location.origin + location.pathname, notes);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type: 'text/markdown' }));
  link.download = fileName(lecture.title);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function NoteForm({
  label,
  initial,
  onSave,
  onCancel,
}: {
  label: string;
  initial: string;
  onSave: (words: string) => Promise<void>;
  onCancel: () => void;
}) {
  const [words, setWords] = useState(initial);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    form.current?.querySelector('textarea')?.focus();
  }, []);
  const save = async (event: Event) => {
    event.preventDefault();
    if (!words.trim()) {
      setError(text.emptyNote);
      return;
    }
    setBusy(true);
    await onSave(words.trim()).catch((fault: unknown) => setError(fault instanceof Error ? fault.message : String(fault)));
    setBusy(false);
  };
  return (
    <form
      class="note-form"
      ref={form}
      onSubmit={(event) => void save(event)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onCancel();
      }}
    >
      <Field label={label} value={words} rows={3} required maxLength={2000} error={error} onInput={setWords} />
      <p class="row">
        <Button small kind="primary" type="submit" busy={busy}>
          {text.save}
        </Button>
        <Button small onClick={onCancel}>
          {text.cancel}
        </Button>
      </p>
    </form>
  );
}

function NoteLine({
  session,
  bookmark,
  bookmarks,
  onRemoved,
}: {
  session: Session;
  bookmark: Bookmark;
  bookmarks: Bookmarks;
  onRemoved: () => void;
}) {
  const [editing, setEditing] = useState(false);
  const seconds = secondsOf(bookmark.position);
  const time = clockText(seconds);
  if (editing) {
    const save = async (words: string) => {
      await bookmarks.change(bookmark, words);
      setEditing(false);
    };
    return (
      <li>
        <NoteForm label={text.noteAt(time)} initial={bookmark.text} onSave={save} onCancel={() => setEditing(false)} />
      </li>
    );
  }
  return (
    <li class="note">
      <button type="button" class="moment-button" onClick={() => session.stage?.seek(seconds)}>
        {time}
      </button>
      <p>{bookmark.text}</p>
      <span class="note-buttons">
        <Button small kind="quiet" icon="edit" label={text.edit(time)} onClick={() => setEditing(true)} />
        <Button small kind="quiet" icon="trash" label={text.remove(time)} onClick={onRemoved} />
      </span>
    </li>
  );
}

export function Notes({ session, lecture, bookmarks, signedIn, signInUrl }: Props) {
  const second = useSession(session, (now) => Math.floor(now.position));
  const picture = useSession(session, (now) => now.picture);
  const [writingAt, setWritingAt] = useState<number | null>(null);
  const [removed, setRemoved] = useState<Bookmark | null>(null);
  const [error, setError] = useState<unknown>(null);
  const attempt = (doing: Promise<unknown>) => {
    doing.then(() => setError(null), setError);
  };
  if (!signedIn)
    return (
      <Empty title={text.notesFor} actions={<Button href={signInUrl}>{text.signIn}</Button>}>
        {text.notesForText}
      </Empty>
    );
  const remove = (bookmark: Bookmark) => attempt(bookmarks.remove(bookmark).then(() => setRemoved(bookmark)));
  const undo = () => {
    if (removed) attempt(bookmarks.add(secondsOf(removed.position), removed.text).then(() => setRemoved(null)));
  };
  return (
    <div class="notes">
      {writingAt !== null ? (
        <NoteForm
          label={text.noteAt(clockText(writingAt))}
          initial=""
          onCancel={() => setWritingAt(null)}
          onSave={async (words) => {
            await bookmarks.add(writingAt, words);
            setWritingAt(null);
          }}
        />
      ) : (
        <p class="row">
          <Button small icon="edit" disabled={!picture} onClick={() => setWritingAt(session.position)}>
            {text.addNote}
          </Button>
          <Button small icon="pin" disabled={!picture} onClick={() => attempt(bookmarks.add(session.position, text.bookmark))}>
            {text.bookmarkNow(clockText(second))}
          </Button>
        </p>
      )}
      <p role="status" class={removed ? 'row note-removed' : 'unseen'}>
        {removed && (
          <>
            <span>{text.removed}</span>
            <Button small onClick={undo}>
              {text.undo}
            </Button>
          </>
        )}
      </p>
      {(error ?? bookmarks.error) ? (
        <Notice
          title={text.notSaved}
          error={error ?? bookmarks.error}
          onRetry={() => {
            setError(null);
            void bookmarks.reload();
          }}
        />
      ) : null}
      {bookmarks.all.length === 0 && writingAt === null && (
        <Empty icon="edit" title={text.noNotes}>
          {text.noNotesText}
        </Empty>
      )}
      <ul class="note-list">
        {bookmarks.all.map((bookmark) => (
          <NoteLine
            key={bookmark.name}
            session={session}
            bookmark={bookmark}
            bookmarks={bookmarks}
            onRemoved={() => remove(bookmark)}
          />
        ))}
      </ul>
      {bookmarks.all.length > 0 && (
        <Button small icon="download" onClick={() => exportNotes(lecture, bookmarks.all)}>
          {text.exportNotes}
        </Button>
      )}
    </div>
  );
}
