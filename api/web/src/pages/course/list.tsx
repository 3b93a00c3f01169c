// The lectures of the course by week, with search, filter and order.
import { useState } from 'preact/hooks';
import type { Course, Lecture } from '../../generated/api';
import { serverNow } from '../../lib/clock';
import { formatDate, idOf } from '../../lib/format';
import { Button, Empty, Icon, LectureRow, Select, shareSeen } from '../../lib/parts';
import { byWeek, fits, isPlanned, newOnes, weeksAway, type Order, type Week } from './weeks';
import { t } from './words';

const orderKey = 'course order';

function rememberedOrder(): Order {
  try {
    return localStorage.getItem(orderKey) === 'oldest' ? 'oldest' : 'newest';
  } catch {
    return 'newest';
  }
}

function weekTitle(monday: number | null): string {
  if (monday === null) return t.undated;
  const away = weeksAway(monday, serverNow());
  return away === 0 ? t.thisWeek : away === -1 ? t.lastWeek : away === 1 ? t.nextWeek : t.week(formatDate(monday));
}

function WeekGroup({ week, fresh }: { week: Week; fresh: Set<string> }) {
  return (
    <section class="week">
      <h3>{weekTitle(week.monday)}</h3>
      <ul class="rows">
        {week.lectures.map((lecture) => (
          <li key={lecture.name}>
            <LectureRow heading="h4" lecture={lecture} isNew={fresh.has(lecture.name)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

const Weeks = ({ lectures, order, fresh }: { lectures: Lecture[]; order: Order; fresh: Set<string> }) => (
  <>
    {byWeek(lectures, order).map((week) => (
      <WeekGroup key={week.monday ?? 'undated'} week={week} fresh={fresh} />
    ))}
  </>
);

interface ListProps {
  course: Course;
  lectures: Lecture[];
  onMore?: () => Promise<void>; // where there are more than were loaded
}

export function LectureList({ course, lectures, onMore }: ListProps) {
  const [query, setQuery] = useState('');
  const [unseen, setUnseen] = useState(false);
  const [order, setOrder] = useState(rememberedOrder);
  const [busy, setBusy] = useState(false);
  const now = serverNow();
  const fresh = newOnes(lectures, course.me?.newLectures ?? 0);
  const filtered = lectures.filter(
    (lecture) => (!query.trim() || fits(lecture, query.trim())) && (!unseen || shareSeen(lecture) < 1),
  );
  const planned = filtered.filter((lecture) => isPlanned(lecture, now));
  const rest = filtered.filter((lecture) => !isPlanned(lecture, now));
  const seen = lectures.filter((lecture) => shareSeen(lecture) >= 1).length;
  const recorded = lectures.filter((lecture) => lecture.state === 'RECORDED').length;
  const teaches = course.right !== 'RIGHT_UNSPECIFIED' && course.right !== 'WATCH';

  const changeOrder = (next: Order) => {
    setOrder(next);
    try {
      localStorage.setItem(orderKey, next);
    } catch {
      /* for this page only, then */
    }
  };
  const more = async () => {
    setBusy(true);
    await onMore?.().catch(() => undefined);
    setBusy(false);
  };
  const plannedOnes = planned.length > 0 && (
    <details class="planned" open={Boolean(query) || rest.length === 0}>
      <summary>
        <Icon name="calendar" />
        {t.planned(planned.length)}
        <Icon name="chevron" class="turn" />
      </summary>
      <Weeks lectures={planned} order="oldest" fresh={fresh} />
    </details>
  );

  if (lectures.length === 0) {
    return (
      <Empty
        title={t.none}
        icon="calendar"
        actions={
          teaches && (
            <Button kind="primary" href={`/teach/courses/${idOf(course.name)}`}>
              {t.manage}
            </Button>
          )
        }
      >
        {teaches ? t.noneTeacher : t.noneHint}
      </Empty>
    );
  }
  return (
    <section aria-labelledby="lectures">
      <div class="section-head">
        <h2 id="lectures">{t.lectures}</h2>
        {course.me && recorded > 0 && <span class="soft tabular">{t.progress(seen, recorded)}</span>}
      </div>
      <div class="toolbar">
        <div class="search find">
          <label class="unseen" for="find">
            {t.find}
          </label>
          <Icon name="search" />
          <input
            id="find"
            type="search"
            value={query}
            placeholder={t.find}
            autoComplete="off"
            onInput={(event) => setQuery(event.currentTarget.value)}
          />
        </div>
        {course.me && (
          <label class="check">
            <input type="checkbox" checked={unseen} onChange={(event) => setUnseen(event.currentTarget.checked)} />
            {t.unseen}
          </label>
        )}
        <Select
          hideLabel
          label={t.order}
          value={order}
          onChange={changeOrder}
          options={[
            { value: 'newest', label: t.newest },
            { value: 'oldest', label: t.oldest },
          ]}
        />
      </div>
      <p class="unseen" role="status">
        {query || unseen ? t.shown(filtered.length) : ''}
      </p>
      {filtered.length === 0 && (
        <Empty
          title={t.noHit}
          icon="search"
          actions={
            <Button
              onClick={() => {
                setQuery('');
                setUnseen(false);
              }}
            >
              {t.showAll}
            </Button>
          }
        >
          {t.noHitHint}
        </Empty>
      )}
      {order === 'newest' && plannedOnes}
      <Weeks lectures={rest} order={order} fresh={fresh} />
      {order === 'oldest' && plannedOnes}
      {onMore && (
        <p class="more">
          <Button busy={busy} onClick={() => void more()}>
            {t.more}
          </Button>
        </p>
      )}
    </section>
  );
}
