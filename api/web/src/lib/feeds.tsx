// Private calendar addresses: made, shown once, listed, withdrawn.
import { useState } from 'preact/hooks';
import type { CalendarFeed, CreateCalendarFeedResponse } from '../generated/api';
import { api, ApiError, getAll } from './api';
import { Button, CopyBox } from './controls';
import { useLoad } from './data';
import { Notice, Skeleton, Time } from './feedback';
import { idOf } from './format';
import { plural, words } from './words';

const t = words({
  en: {
    explain:
      'A private address shows the lectures in your calendar program and keeps them current. Whoever has the address can ' +
      'read the dates, so keep it to yourself; you can withdraw it at any time.',
    create: 'Create private address',
    createAll: 'Create address for all my courses',
    once: 'Copy the address now: it is shown only this time.',
    address: 'Calendar address',
    open: 'Open in the calendar program',
    how:
      'In Google Calendar: "Other calendars", "From URL". ' +
      'In Outlook: "Add calendar", "Subscribe from web". In Apple Calendar: "New Calendar Subscription".',
    yours: 'Your addresses',
    none: 'You have no private addresses yet.',
    all: 'All my courses',
    made: 'created',
    used: 'last used',
    never: 'never used',
    revoke: 'Withdraw',
    revokeLong: (title: string) => `Withdraw the address for ${title}`,
    sure: 'Withdraw for good',
    revoked: 'The address was withdrawn. Calendar programs that used it get nothing any more.',
    others: (count: number) => `${plural(count, 'more address', 'more addresses')} in your settings`,
  },
  de: {
    explain:
      'Eine private Adresse zeigt die Vorlesungen in Ihrem Kalenderprogramm und hält sie aktuell. Wer die Adresse hat, kann die ' +
      'Termine lesen; behalten Sie sie also für sich. Sie können sie jederzeit zurückziehen.',
    create: 'Private Adresse anlegen',
    createAll: 'Adresse für alle meine Kurse anlegen',
    once: 'Kopieren Sie die Adresse jetzt: Sie wird nur dieses eine Mal gezeigt.',
    address: 'Kalenderadresse',
    open: 'Im Kalenderprogramm öffnen',
    how:
      'In Google Kalender: „Weitere Kalender“, „Per URL“. ' +
      'In Outlook: „Kalender hinzufügen“, „Aus dem Internet abonnieren“. In Apple Kalender: „Neues Kalenderabonnement“.',
    yours: 'Ihre Adressen',
    none: 'Sie haben noch keine privaten Adressen.',
    all: 'Alle meine Kurse',
    made: 'angelegt',
    used: 'zuletzt benutzt',
    never: 'nie benutzt',
    revoke: 'Zurückziehen',
    revokeLong: (title: string) => `Adresse für ${title} zurückziehen`,
    sure: 'Endgültig zurückziehen',
    revoked: 'Die Adresse ist zurückgezogen. Kalenderprogramme, die sie benutzt haben, bekommen nichts mehr.',
    others: (count: number) => `${plural(count, 'weitere Adresse', 'weitere Adressen')} in Ihren Einstellungen`,
  },
});

interface RowProps {
  feed: CalendarFeed;
  onRevoke: (feed: CalendarFeed) => Promise<void>;
}

// Asks once more in place, since nothing brings an address back.
function FeedRow({ feed, onRevoke }: RowProps) {
  const [sure, setSure] = useState(false);
  const [busy, setBusy] = useState(false);
  const title = feed.course ? feed.courseTitle : t.all;
  const revoke = async () => {
    setBusy(true);
    await onRevoke(feed);
    setBusy(false);
  };
  return (
    <li class="line-item">
      <div class="grow">
        <p>{title}</p>
        <p class="hint">
          {t.made} <Time at={feed.createTime} relative />,{' '}
          {feed.lastUseTime ? (
            <>
              {t.used} <Time at={feed.lastUseTime} relative />
            </>
          ) : (
            t.never
          )}
        </p>
      </div>
      {sure ? (
        <Button small kind="danger" busy={busy} onClick={() => void revoke()}>
          {t.sure}
        </Button>
      ) : (
        <Button small label={t.revokeLong(title)} onClick={() => setSure(true)}>
          {t.revoke}
        </Button>
      )}
    </li>
  );
}

// `course`: addresses of one course ("courses/12"); empty: of all courses together, and the list of all addresses.
export function Feeds({ course, initial = null }: { course: string; initial?: CalendarFeed[] | null }) {
  const load = useLoad(() => getAll<CalendarFeed>('/v1/calendarFeeds?page_size=200', 'calendarFeeds'), initial);
  const [made, setMade] = useState('');
  const [busy, setBusy] = useState(false);
  const [news, setNews] = useState('');
  const [error, setError] = useState<ApiError | null>(null);
  const feeds = load.data ?? [];
  const shown = course ? feeds.filter((feed) => feed.course === course) : feeds;

  const act = async (action: () => Promise<void>) => {
    setError(null);
    try {
      await action();
    } catch (failure) {
      setError(failure as ApiError);
    }
  };
  const create = () =>
    act(async () => {
      setBusy(true);
      try {
        const answer = await api.post<CreateCalendarFeedResponse>('/v1/calendarFeeds', { course });
        setMade(location.origin + answer.path);
        setNews('');
        await load.reload();
      } finally {
        setBusy(false);
      }
    });
  const revoke = (feed: CalendarFeed) =>
    act(async () => {
      await api.del(`/v1/calendarFeeds/${idOf(feed.name)}`);
      setNews(t.revoked);
      await load.reload();
    });

  return (
    <div class="stack">
      <p>{t.explain}</p>
      {error && <Notice error={error} />}
      {made ? (
        <div class="stack">
          <Notice tone="info">{t.once}</Notice>
          <CopyBox label={t.address} value={made} />
          <p class="row">
            <Button icon="calendar" href={made.replace(/^https?:/, 'webcal:')}>
              {t.open}
            </Button>
          </p>
          <p class="hint">{t.how}</p>
        </div>
      ) : (
        <p>
          <Button kind="primary" icon="plus" busy={busy} onClick={() => void create()}>
            {course ? t.create : t.createAll}
          </Button>
        </p>
      )}
      {load.error && <Notice error={load.error} onRetry={() => void load.reload()} />}
      {load.loading && !load.data && <Skeleton lines={2} />}
      {shown.length > 0 && (
        <div>
          <h3>{t.yours}</h3>
          <ul class="line-list">
            {shown.map((feed) => (
              <FeedRow key={feed.name} feed={feed} onRevoke={revoke} />
            ))}
          </ul>
        </div>
      )}
      {load.data && !course && feeds.length === 0 && <p class="soft">{t.none}</p>}
      {course && feeds.length > shown.length && (
        <p>
          <a href="/settings#calendars">{t.others(feeds.length - shown.length)}</a>
        </p>
      )}
      <p role="status" class={news ? 'hint' : 'unseen'}>
        {news}
      </p>
    </div>
  );
}
