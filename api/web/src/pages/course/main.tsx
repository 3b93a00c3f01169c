import './course.css';
import { useEffect, useState } from 'preact/hooks';
import type { Course, Lecture, ListLecturesResponse } from '../../generated/api';
import { signInPath } from '../../lib/address';
import { api, ApiError, embedded } from '../../lib/api';
import { serverNow } from '../../lib/clock';
import { Feeds } from '../../lib/feeds';
import { idOf, termText } from '../../lib/format';
import { Missing, mount, Page, pageMe } from '../../lib/layout';
import { Button, Dialog, Notice, Pill, Skeleton, useInterval, useLoad } from '../../lib/parts';
import { text } from '../../lib/texts';
import { LectureList } from './list';
import { Top } from './top';
import { nextOf } from './weeks';
import { t } from './words';

const me = pageMe();
const id = location.pathname.split('/')[2] ?? '';

function taken<T>(name: string): { data: T | null; error: ApiError | null } {
  try {
    return { data: embedded<T>(name), error: null };
  } catch (error) {
    return { data: null, error: error as ApiError };
  }
}

function CalendarDialog({ course, open, onClose }: { course: Course; open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} title={t.calendarTitle} onClose={onClose}>
      <h3>{t.kept}</h3>
      {me?.user ? (
        <Feeds course={course.name} />
      ) : (
        <p class="stack">
          {t.signInForFeed}
          <span>
            <Button kind="primary" href={signInPath()}>
              {text.signIn}
            </Button>
          </span>
        </p>
      )}
      <h3>{t.onceOnly}</h3>
      <p>
        <Button icon="download" href={`/v1/courses/${id}/calendar.ics`} download={`course-${id}.ics`}>
          {t.downloadAll}
        </Button>
      </p>
    </Dialog>
  );
}

function Head({ course, onPin, onCalendar }: { course: Course; onPin: (pinned: boolean) => void; onCalendar: () => void }) {
  const teaches = course.right === 'TEACH' || course.right === 'MAINTAIN' || course.right === 'ADMINISTER';
  const visibility = {
    PUBLIC: text.public,
    LOGGED_IN: text.loggedIn,
    ENROLLED: text.enrolled,
    HIDDEN: text.hidden,
    VISIBILITY_UNSPECIFIED: '',
  }[course.visibility];
  const pinned = course.me?.pinned ?? false;
  return (
    <div class="page-head">
      <div>
        <h1>{course.title}</h1>
        <p class="row course-facts">
          <span class="soft">{course.organizationName}</span>
          {course.term && <span class="soft">{termText(course.term)}</span>}
          <span title={t.whoMayWatch}>
            <Pill icon="eye">
              <span class="unseen">{t.whoMayWatch}: </span>
              {visibility}
            </Pill>
          </span>
          {(course.me?.newLectures ?? 0) > 0 && <Pill tone="accent">{t.newOnes(course.me!.newLectures)}</Pill>}
        </p>
      </div>
      <div class="row">
        {course.me && (
          <Button icon="pin" pressed={pinned} onClick={() => onPin(!pinned)}>
            {t.pin}
          </Button>
        )}
        <Button icon="calendar" onClick={onCalendar}>
          {t.calendar}
        </Button>
        {teaches && (
          <Button icon="edit" href={`/teach/courses/${id}`}>
            {t.edit}
          </Button>
        )}
      </div>
    </div>
  );
}

function CoursePage({ first }: { first: Course }) {
  const embeddedList = taken<ListLecturesResponse>('lectures');
  const [course, setCourse] = useState(first);
  const [more, setMore] = useState<Lecture[]>([]);
  const [token, setToken] = useState(embeddedList.data?.nextPageToken ?? '');
  const [calendar, setCalendar] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const list = `/v1/courses/${id}/lectures?page_size=200`;
  const load = useLoad(() => api.get<ListLecturesResponse>(list), embeddedList.data, embeddedList.error);
  const lectures = [...(load.data?.lectures ?? []), ...more].filter(({ rehearsal }) => !rehearsal);

  // The answer is as it was before this visit, which is what came with the page.
  useEffect(() => {
    if (me?.user) api.post(`/v1/courses/${id}:visit`).catch(() => undefined);
  }, []);
  useInterval(() => void load.reload(), 30);

  const loadMore = async () => {
    const page = await api.get<ListLecturesResponse>(`${list}&page_token=${encodeURIComponent(token)}`);
    setMore([...more, ...page.lectures]);
    setToken(page.nextPageToken);
  };
  const pin = async (pinned: boolean) => {
    setError(null);
    try {
      const fresh = await api.post<Course>(`/v1/courses/${id}:${pinned ? 'pin' : 'unpin'}`);
      setCourse({ ...course, me: { ...course.me!, pinned: fresh.me?.pinned ?? pinned } });
    } catch (failure) {
      setError(failure as ApiError);
    }
  };

  return (
    <Page me={me} title={course.title} crumbs={[{ label: text.home, href: '/' }]}>
      <Head course={course} onPin={(pinned) => void pin(pinned)} onCalendar={() => setCalendar(true)} />
      {error && <Notice error={error} />}
      <Top live={lectures.find((lecture) => lecture.state === 'LIVE') ?? null} next={nextOf(lectures, serverNow())} />
      {course.description && <p class="description">{course.description}</p>}
      {load.error && !load.data && <Notice error={load.error} onRetry={() => void load.reload()} />}
      {!load.data && !load.error && <Skeleton lines={8} />}
      {load.data && <LectureList course={course} lectures={lectures} onMore={token ? loadMore : undefined} />}
      <CalendarDialog course={course} open={calendar} onClose={() => setCalendar(false)} />
    </Page>
  );
}

function Start() {
  const { data, error } = taken<Course>('course');
  const load = useLoad(() => api.get<Course>(`/v1/courses/${id}`), data, error);
  if (load.data) return <CoursePage key={idOf(load.data.name)} first={load.data} />;
  return (
    <Page me={me} title={load.error ? t.missing : ''} narrow={Boolean(load.error)}>
      {load.error ? (
        <Missing me={me} error={load.error} title={t.missing}>
          {t.missingHint}
        </Missing>
      ) : (
        <Skeleton lines={8} />
      )}
    </Page>
  );
}

mount(<Start />);
