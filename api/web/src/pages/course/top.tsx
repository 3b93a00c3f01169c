// What is on or comes next.
import type { Lecture } from '../../generated/api';
import { serverNow, useNow } from '../../lib/clock';
import { clockText, formatRelative, formatTime, formatWeekday, lengthText, timeOf } from '../../lib/format';
import { Button, Icon, lecturePath, Picture } from '../../lib/parts';
import { text } from '../../lib/texts';
import { calendarOf, saveFile } from './ics';
import { t } from './words';

function Live({ lecture }: { lecture: Lecture }) {
  return (
    <section class="panel top-card live-card" aria-labelledby="top">
      <Picture urls={lecture.pictureUrls} eager live />
      <div class="top-text">
        <p class="row">
          <span class="pill live">
            <Icon name="live" />
            {t.live}
          </span>
          {lecture.viewers > 0 && <span class="soft tabular">{text.viewers(lecture.viewers)}</span>}
        </p>
        <h2 id="top">{lecture.title}</h2>
        {lecture.description && <p class="soft clamp">{lecture.description}</p>}
        <p class="row">
          <Button kind="primary" icon="play" href={lecturePath(lecture.name)}>
            {t.watchLive}
          </Button>
        </p>
      </div>
    </section>
  );
}

function beginning(start: number, left: number): string {
  if (left <= 0) return t.beginsNow;
  if (left > 86_400) return t.begins(formatRelative(start, serverNow()));
  return t.beginsIn(left < 3600 ? clockText(left) : lengthText(left));
}

function Next({ lecture }: { lecture: Lecture }) {
  const start = timeOf(lecture.startTime);
  const end = timeOf(lecture.endTime);
  const left = Math.ceil((start - useNow()) / 1000);
  const add = () =>
    saveFile(
      `${lecture.title.replace(/[^\p{L}\p{N} -]/gu, '').slice(0, 60) || 'lecture'}.ics`,
      'text/calendar',
      calendarOf(lecture, location.origin, serverNow()),
    );
  return (
    <section class="panel top-card" aria-labelledby="top">
      <div class="date-block" aria-hidden="true">
        <span>{new Date(start).toLocaleDateString(document.documentElement.lang, { month: 'short' })}</span>
        <strong>{new Date(start).getDate()}</strong>
      </div>
      <div class="top-text">
        <p class="soft">{t.next}</p>
        <h2 id="top">
          <a class="plain-link" href={lecturePath(lecture.name)}>
            {lecture.title}
          </a>
        </h2>
        <p>
          {formatWeekday(start)}, {formatTime(start)}
          {!Number.isNaN(end) && ` – ${formatTime(end)}`}{' '}
          <span class="countdown">{beginning(start, left)}</span>
        </p>
      </div>
      <div class="row top-actions">
        <Button icon="calendar" onClick={add}>
          {t.addThis}
        </Button>
        {left < 3600 && (
          <Button kind="primary" icon="clock" href={lecturePath(lecture.name)}>
            {t.open}
          </Button>
        )}
      </div>
    </section>
  );
}

export function Top({ live, next }: { live: Lecture | null; next: Lecture | null }) {
  if (live) return <Live lecture={live} />;
  return next ? <Next lecture={next} /> : null;
}
