// Streaming from one's own computer: what comes next, how the stream is now, how to set it up.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Course, Lecture, LiveStream, LiveStreamChanges } from '../../generated/api';
import { api, getAll, watch, type StreamState } from '../../lib/api';
import { mount, pageMe } from '../../lib/layout';
import { Button, Empty, lecturePath, Notice, Skeleton, useInterval, useLoad, whenText } from '../../lib/parts';
import { Gate } from '../teach/gate';
import { lecturesOf } from '../teach/load';
import { text as shared } from '../teach/shared_words';
import { dueLecture, nextUp } from './due';
import { GoLiveDialog } from './go_live';
import { SetUp } from './set_up';
import { StreamPanel } from './stream_panel';
import { Tokens, useTokens } from './tokens';
import { text } from './words';
import '../teach/teach.css';
import './stream.css';

// Streams that the person may see: a maintainer's list has those of others too, so only those of courses that they teach count, and
// rehearsals that they can open.
// `known`: what streams there are has been heard at least once, or cannot be heard.
function useStreams(taught: Set<string> | null): { streams: LiveStream[]; state: StreamState; known: boolean } {
  const [all, setAll] = useState<Map<string, LiveStream> | null>(null);
  const [mine, setMine] = useState(new Map<string, boolean>());
  const [state, setState] = useState<StreamState>('connecting');
  useEffect(
    () =>
      watch<LiveStreamChanges>('/v1/liveStreams:watch', {
        onState: setState,
        onEvent: ({ reset, liveStreams, removed }) =>
          setAll((old) => {
            const next = new Map(reset ? null : old);
            for (const stream of liveStreams) next.set(stream.name, stream);
            for (const name of removed) next.delete(name);
            return next;
          }),
      }),
    [],
  );
  const running = [...(all?.values() ?? [])].filter((one) => one.state !== 'ENDED');
  const unknown = running
    .filter((one) => one.rehearsal && !mine.has(one.lecture))
    .map((one) => one.lecture)
    .join(' ');
  useEffect(() => {
    for (const lecture of unknown.split(' ').filter(Boolean)) {
      api
        .get(`/v1/${lecture}`)
        .then(
          () => true,
          () => false,
        )
        .then((yes) => setMine((old) => new Map(old).set(lecture, yes)));
    }
  }, [unknown]);
  return {
    streams: running.filter((one) => (one.rehearsal ? mine.get(one.lecture) : taught?.has(one.course))),
    state,
    known: state === 'lost' || state === 'ended' || (all !== null && unknown === ''),
  };
}

// The lecture that was on air a moment ago and is no longer.
function useOver(streams: LiveStream[], state: StreamState): LiveStream | null {
  const [over, setOver] = useState<LiveStream | null>(null);
  const before = useRef<LiveStream[]>([]);
  const running = streams.map(({ lecture }) => lecture).join(' ');
  useEffect(() => {
    if (state !== 'open') return;
    const now = new Set(running.split(' '));
    const gone = before.current.find((one) => !one.rehearsal && !now.has(one.lecture));
    if (gone) setOver(gone);
    else setOver((old) => (old && now.has(old.lecture) ? null : old));
    before.current = streams;
  }, [running, state]);
  return over;
}

function NextCard({ lectures, onGoLive }: { lectures: Lecture[]; onGoLive: () => void }) {
  const [now, setNow] = useState(Date.now());
  useInterval(() => setNow(Date.now()), 20);
  const due = dueLecture(lectures, now);
  const next = nextUp(lectures, now);
  return (
    <section class="panel stack next-card" aria-labelledby="next">
      <h2 id="next">{text.nextTitle}</h2>
      <p class="next-answer">{due ? <a href={lecturePath(due.name)}>{text.dueNow(due.title)}</a> : text.rehearsalNow}</p>
      <p class="soft">{due ? text.dueWhy : next ? text.nextUp(next.title, whenText(next)) : text.nothingUp}</p>
      {!due && (
        <p>
          <Button icon="live" onClick={onGoLive}>
            {text.goLive}
          </Button>
        </p>
      )}
    </section>
  );
}

function Stream() {
  const me = pageMe();
  const loaded = useLoad(async () => {
    const courses = await getAll<Course>('/v1/courses?taught=true&page_size=200', 'courses');
    return { courses, lectures: [...(await lecturesOf(courses)).values()].flat() };
  });
  const { courses, lectures } = loaded.data ?? { courses: [], lectures: [] };
  const { streams, state, known } = useStreams(loaded.data ? new Set(courses.map(({ name }) => name)) : null);
  const [shown, setShown] = useState(false); // all at once: what comes later would push down what is below it
  useEffect(() => setShown(shown || (known && !loaded.loading)), [known, loaded.loading]);
  const over = useOver(streams, state);
  const tokens = useTokens();
  const [secret, setSecret] = useState('');
  const asked = new URLSearchParams(location.search).get('lecture');
  const [goingLive, setGoingLive] = useState(false);
  const [started, setStarted] = useState<Lecture | null>(null);
  useInterval(() => {
    if (!loaded.loading) void loaded.reload();
  }, 30);
  const begun = (lecture: Lecture) => {
    setGoingLive(false);
    setStarted(lecture);
    void loaded.reload();
  };
  return (
    <Gate me={me} title={text.title} crumbs={[{ label: shared.teach, href: '/teach' }]}>
      <div class="page-head">
        <div>
          <h1>{text.title}</h1>
          <p class="soft">{text.lead}</p>
        </div>
      </div>
      <div class="stack">
        {over && (
          <Notice
            tone="good"
            title={text.over(over.lectureTitle)}
            actions={
              <Button small href={lecturePath(over.lecture)}>
                {text.watchRecording}
              </Button>
            }
          />
        )}
        {started && started.name !== over?.lecture && (
          <Notice
            tone="good"
            title={text.started(started.title)}
            actions={
              <Button small href={lecturePath(started.name)}>
                {text.watchIt}
              </Button>
            }
          />
        )}
        <section class="stack" aria-labelledby="streams">
          <h2 id="streams">{text.yourStreams}</h2>
          {state === 'lost' && (
            <p class="hint" role="status">
              {text.lost}
            </p>
          )}
          {!shown && <Skeleton lines={8} />}
          {shown &&
            streams.map((stream) => (
              <StreamPanel key={stream.name} stream={stream} onGoLive={() => setGoingLive(true)} />
            ))}
          {shown && streams.length === 0 && (loaded.data || !loaded.error) && (
            <Empty icon="live" title={text.noStream}>
              {text.noStreamText}
            </Empty>
          )}
        </section>
        {loaded.error && !loaded.data && <Notice error={loaded.error} onRetry={() => void loaded.reload()} />}
        {shown && loaded.data && courses.length === 0 && (
          <Notice tone="warning" title={text.noCourse}>
            {text.noCourseText}
          </Notice>
        )}
        {shown && courses.length > 0 && streams.length === 0 && (
          <NextCard lectures={lectures} onGoLive={() => setGoingLive(true)} />
        )}
        {shown && <SetUp me={me} secret={secret} haveToken={(tokens.data?.length ?? 0) > 0} />}
        {shown && <Tokens tokens={tokens} secret={secret} onSecret={setSecret} />}
      </div>
      {goingLive && (
        <GoLiveDialog
          courses={courses}
          lectures={lectures}
          chosen={asked ? `lectures/${asked}` : ''}
          streaming={streams.length > 0}
          onStarted={begun}
          onClose={() => setGoingLive(false)}
        />
      )}
    </Gate>
  );
}

mount(<Stream />);
