// The player, and beside it what belongs to this lecture and this person.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Lecture, Me, Section } from '../../generated/api';
import { api } from '../../lib/api';
import { coursePath, whenText } from '../../lib/cards';
import { Tabs, useInterval } from '../../lib/data';
import { clockText, idOf, secondsOf } from '../../lib/format';
import { Icon } from '../../lib/icons';
import { Page } from '../../lib/layout';
import { saveSettings } from '../../lib/preferences';
import { localWishes, type Wishes } from '../../player/commands';
import { Player } from '../../player/player';
import { Session } from '../../player/session';
import { StateBadge, StatusLine } from '../../player/state_line';
import { parseTime } from '../../player/timing';
import { Actions, mayTeach } from './actions';
import { useBookmarks } from './bookmarks';
import { Info } from './info';
import { offerMediaKeys } from './media_session';
import { Neighbours } from './neighbours';
import { Notes } from './notes';
import { saveProgress } from './progress';
import { Sections } from './sections';
import { text } from './words';
import './lecture.css';

interface Props {
  me: Me | null;
  lecture: Lecture;
  sections: Section[];
  signInUrl: string;
}

const settleMs = 1500;

// As the person's settings say; without a person as the browser remembers.
function wishesOf(me: Me | null): Wishes {
  const local = localWishes();
  const { settings } = me ?? {};
  if (!me?.user || !settings) return local;
  let timer = 0;
  const later = (change: Parameters<typeof saveSettings>[1]) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void saveSettings(me, change).catch(() => undefined), settleMs);
  };
  return {
    seekStep: settings.seekStepSeconds || local.seekStep,
    speed: settings.playbackRate || 1,
    skipSilence: settings.skipSilence,
    keysOff: settings.singleKeyShortcutsOff,
    onSpeed: (playbackRate) => later({ playbackRate }),
    onSkipSilence: (skipSilence) => later({ skipSilence }),
  };
}

function beginningOf(lecture: Lecture) {
  const asked = parseTime(new URLSearchParams(location.search).get('t'));
  const [position, length] = [secondsOf(lecture.me?.position), secondsOf(lecture.duration)];
  // A recording may have become shorter than a link to a moment in it.
  const at = asked !== null && lecture.state === 'RECORDED' && length > 0 && asked >= length ? null : asked;
  // Whoever has come to the end begins anew; whoever watches it again goes on in the middle all the same.
  return { at, resumeAt: length > 0 && position > length * 0.95 ? null : position };
}

// Seconds between questions about what is not part of the playback: viewers, the time when it is ready, pictures and silences.
function pauseOf(lecture: Lecture): number {
  if (lecture.state === 'LIVE') return 30;
  if (lecture.state === 'PROCESSING') return 15;
  const awaited = lecture.state === 'SCHEDULED' && Date.parse(lecture.endTime ?? '') < Date.now();
  return awaited || lecture.views.some(({ state }) => state === 'PLAYABLE' || state === 'UPLOADING') ? 60 : 3600;
}

function useLecture(initial: Lecture): { lecture: Lecture; session: Session } {
  const [lecture, setLecture] = useState(initial);
  const latest = useRef({ lecture, session: null as Session | null, asking: false });
  latest.current.lecture = lecture;
  const ask = async () => {
    if (latest.current.asking) return;
    latest.current.asking = true;
    try {
      const fresh = await api.get<Lecture>(`/v1/${initial.name}`);
      setLecture(fresh);
      latest.current.session?.tellFacts(fresh);
    } catch {
      // The playback tells of lost rights and servers.
    }
    latest.current.asking = false;
  };
  const [session] = useState(
    () =>
      new Session({
        source: { lecture: initial.name },
        beginning: beginningOf(initial),
        refusal: () => text.noLonger,
        onState: (playback) => {
          if (playback.state !== latest.current.lecture.state) void ask();
        },
      }),
  );
  latest.current.session = session;
  useEffect(() => session.tellFacts(initial), []);
  useInterval(() => void ask(), pauseOf(lecture));
  return { lecture, session };
}

export function LecturePage({ me, lecture: initial, sections, signInUrl }: Props) {
  const { lecture, session } = useLecture(initial);
  const signedIn = me?.user !== undefined;
  const bookmarks = useBookmarks(lecture.name, signedIn);
  const [tab, setTab] = useState(sections.length > 0 ? 'sections' : 'info');
  const marks = sections.map((section) => ({ position: secondsOf(section.position), title: section.title }));
  const latest = useRef(bookmarks);
  latest.current = bookmarks;
  const [wishes] = useState<Wishes>(() => ({
    ...wishesOf(me),
    ...(signedIn && {
      onBookmark: (position: number) => {
        setTab('notes');
        latest.current.add(position, text.bookmark).then(
          () => session.tell(text.bookmarked(clockText(position))),
          (error: Error) => session.tell(error.message),
        );
      },
    }),
  }));
  useEffect(() => {
    offerMediaKeys(session, lecture, wishes.seekStep);
    if (signedIn) saveProgress(session, lecture.name);
  }, []);
  const manageUrl = mayTeach(lecture) ? `/teach/lectures/${idOf(lecture.name)}` : null;
  const tabs = [
    {
      key: 'sections',
      label: text.sections,
      content: () => <Sections session={session} sections={marks} manageUrl={manageUrl} />,
    },
    {
      key: 'notes',
      label: text.notes,
      count: bookmarks.all.length || undefined,
      content: () => (
        <Notes session={session} lecture={lecture} bookmarks={bookmarks} signedIn={signedIn} signInUrl={signInUrl} />
      ),
    },
    { key: 'info', label: text.info, content: () => <Info lecture={lecture} /> },
  ];
  return (
    <Page me={me} title={lecture.title} crumbs={[{ label: lecture.courseTitle, href: coursePath(lecture.course) }]} wide>
      <div class="lecture">
        <div class="lecture-player">
          <Player
            session={session}
            wishes={wishes}
            sections={marks}
            bookmarks={bookmarks.all.map((bookmark) => ({ position: secondsOf(bookmark.position), title: bookmark.text }))}
          />
        </div>
        <section class="lecture-side" aria-label={text.panel}>
          <Tabs label={text.panel} tabs={tabs} selected={tab} onSelect={setTab} />
        </section>
        <div class="lecture-head">
          <StatusLine session={session} />
          <div class="lecture-title">
            <div>
              <h1 id="title">{lecture.title}</h1>
              <div class="lecture-facts">
                <div class="badge-place">
                  <StateBadge session={session} />
                </div>
                <a href={coursePath(lecture.course)}>{lecture.courseTitle}</a>
                <span>{whenText(lecture)}</span>
                {lecture.state === 'LIVE' && lecture.viewers > 0 && (
                  <span class="row">
                    <Icon name="eye" />
                    {text.watching(lecture.viewers)}
                  </span>
                )}
              </div>
            </div>
            <Actions session={session} lecture={lecture} />
          </div>
        </div>
        <Neighbours lecture={lecture} />
      </div>
    </Page>
  );
}
