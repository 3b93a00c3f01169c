// What is on, what comes, and where the person stopped.
import { useState } from 'preact/hooks';
import type { Home, Lecture } from '../../generated/api';
import { useNow } from '../../lib/clock';
import { clockText, formatDay, formatTime, lengthText, secondsOf, timeOf } from '../../lib/format';
import { Button, Icon, LectureCard, lecturePath, Picture, SeenBar } from '../../lib/parts';
import { text } from '../../lib/texts';
import { t } from './words';

// To the second in the last hour.
function Countdown({ to }: { to: number }) {
  const left = Math.ceil((to - useNow()) / 1000);
  if (left <= 0) return <strong class="countdown">{t.beginsNow}</strong>;
  return <strong class="countdown">{t.beginsIn(left < 3600 ? clockText(left) : lengthText(left))}</strong>;
}

function zoneName(): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return timeZone.replaceAll('_', ' ');
}

function Agenda({ lectures }: { lectures: Lecture[] }) {
  const today = new Date().toDateString();
  return (
    <section class="agenda" aria-labelledby="upcoming">
      <h2 id="upcoming">{t.upcoming}</h2>
      <ol class="panel agenda-list">
        {lectures.map((lecture, i) => {
          const start = timeOf(lecture.startTime);
          const end = timeOf(lecture.endTime);
          return (
            <li key={lecture.name}>
              <p class="agenda-time">
                <span>
                  {formatTime(start)}
                  {!Number.isNaN(end) && <span class="until"> – {formatTime(end)}</span>}
                </span>
                <span class="soft">{new Date(start).toDateString() === today ? text.today : formatDay(start)}</span>
              </p>
              <div class="agenda-text">
                <h3>
                  <a href={lecturePath(lecture.name)}>{lecture.title}</a>
                </h3>
                <p class="soft">{lecture.courseTitle}</p>
                {i === 0 && (
                  <p>
                    <Countdown to={start} />
                  </p>
                )}
              </div>
            </li>
          );
        })}
      </ol>
      <p class="hint zone">{t.zone(zoneName())}</p>
    </section>
  );
}

// One lecture alone gets the room of a stage.
function Stage({ lecture }: { lecture: Lecture }) {
  return (
    <article class="card stage-card">
      <Picture urls={lecture.pictureUrls} eager live />
      <div class="card-text">
        <p class="row">
          <span class="pill live">
            <Icon name="live" />
            {text.stateLive}
          </span>
          {lecture.viewers > 0 && <span class="soft tabular">{text.viewers(lecture.viewers)}</span>}
        </p>
        <h3>
          <a class="card-link" href={lecturePath(lecture.name)}>
            {lecture.title}
          </a>
        </h3>
        <p class="soft">{lecture.courseTitle}</p>
      </div>
    </article>
  );
}

export function Now({ home }: { home: Home }) {
  const { live, upcoming } = home;
  if (live.length === 0 && upcoming.length === 0)
    return (
      <p class="nothing-on">
        <Icon name="clock" />
        {t.quiet}
      </p>
    );
  return (
    <div class={live.length > 0 && upcoming.length > 0 ? 'now both' : 'now'}>
      {live.length > 0 && (
        <section aria-labelledby="live">
          <h2 id="live">{t.live}</h2>
          {live.length === 1 ? (
            <Stage lecture={live[0]!} />
          ) : (
            <ul class="cards">
              {live.map((lecture, i) => (
                <li key={lecture.name}>
                  <LectureCard lecture={lecture} eager={i < 4} />
                </li>
              ))}
            </ul>
          )}
        </section>
      )}
      {upcoming.length > 0 && <Agenda lectures={upcoming} />}
    </div>
  );
}

function ResumeCard({ lecture }: { lecture: Lecture }) {
  const at = secondsOf(lecture.me?.position);
  const length = secondsOf(lecture.duration);
  return (
    <article class="card lecture-card">
      <div class="frame">
        <Picture urls={lecture.pictureUrls} />
        {length > 0 && <span class="on-picture length">{clockText(length)}</span>}
        <SeenBar lecture={lecture} />
      </div>
      <div class="card-text">
        <h3>
          <a class="card-link" href={lecturePath(lecture.name, at)}>
            {lecture.title}
          </a>
        </h3>
        <p class="soft cut">{lecture.courseTitle}</p>
        <p class="soft facts">
          <span>
            <Icon name="play" />
            {t.goOnAt(clockText(at))}
          </span>
          {length > at && <span>{t.left(lengthText(length - at))}</span>}
        </p>
      </div>
    </article>
  );
}

const firstOnes = 4;

export function ContinueWatching({ lectures }: { lectures: Lecture[] }) {
  const [all, setAll] = useState(false);
  if (lectures.length === 0) return null;
  const shown = all ? lectures : lectures.slice(0, firstOnes);
  return (
    <section class="section" aria-labelledby="continue">
      <div class="section-head">
        <h2 id="continue">{t.continueWatching}</h2>
      </div>
      <ul class="cards four">
        {shown.map((lecture) => (
          <li key={lecture.name}>
            <ResumeCard lecture={lecture} />
          </li>
        ))}
      </ul>
      {!all && lectures.length > firstOnes && (
        <p class="more">
          <Button kind="quiet" icon="chevron" onClick={() => setAll(true)}>
            {t.showAll(lectures.length)}
          </Button>
        </p>
      )}
    </section>
  );
}
