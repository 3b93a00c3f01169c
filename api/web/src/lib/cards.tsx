// Lectures and courses as they appear in lists.
import { useState } from 'preact/hooks';
import type { Course, Lecture } from '../generated/api';
import { useInterval } from './data';
import { Bar, Pill } from './feedback';
import { clockText, daysAway, formatDay, formatTime, idOf, lengthText, secondsOf, termText, timeOf } from './format';
import { Icon, type IconName } from './icons';
import { text } from './texts';

export const lecturePath = (name: string, at?: number) => `/lectures/${idOf(name)}${at ? `?t=${Math.floor(at)}` : ''}`;
export const coursePath = (name: string) => `/courses/${idOf(name)}`;

const liveSeconds = 30;

interface PictureProps {
  urls: string[];
  eager?: boolean;
  live?: boolean;
  instead?: IconName; // where there is no picture
}

// A still in a frame of 16:9 that is there before it. Tries the addresses one after the other; of a live lecture the address
// stays and the picture changes, so that it is asked for anew.
export function Picture({ urls, eager, live, instead = 'play' }: PictureProps) {
  const [failed, setFailed] = useState<string[]>([]);
  const [turn, setTurn] = useState(0);
  useInterval(() => {
    if (live) setTurn(turn + 1);
  }, liveSeconds);
  const url = urls.find((candidate) => !failed.includes(candidate));
  return (
    <span class="picture">
      {url ? (
        <img
          src={live && turn > 0 ? `${url}?n=${turn}` : url}
          alt=""
          width={320}
          height={180}
          loading={eager ? 'eager' : 'lazy'}
          fetchPriority={eager ? 'high' : undefined}
          decoding="async"
          onError={() => setFailed([...failed, url])}
        />
      ) : (
        <Icon name={instead} class="no-picture" />
      )}
    </span>
  );
}

// What a lecture is now, in words.
export function StatePill({ lecture }: { lecture: Lecture }) {
  switch (lecture.state) {
    case 'LIVE':
      return (
        <Pill tone="live" icon="live">
          {text.stateLive}
        </Pill>
      );
    case 'PROCESSING':
      return (
        <Pill tone="accent" icon="refresh">
          {text.stateProcessing}
        </Pill>
      );
    case 'RECORDED':
      return lecture.me?.watched ? (
        <Pill tone="good" icon="check">
          {text.watched}
        </Pill>
      ) : (
        <Pill icon="play">{text.stateRecorded}</Pill>
      );
    case 'FAILED':
      return (
        <Pill tone="bad" icon="warning">
          {text.stateFailed}
        </Pill>
      );
    default:
      return <Pill icon="calendar">{text.stateScheduled}</Pill>;
  }
}

// "Today, 10:15" / "Wed 14 Oct, 10:15", in the viewer's zone.
export function whenText(lecture: Lecture, now = Date.now()): string {
  const start = timeOf(lecture.startTime);
  if (Number.isNaN(start)) return text.notDated;
  const days = daysAway(start, now);
  const day = days === 0 ? text.today : days === 1 ? text.tomorrow : days === -1 ? text.yesterday : formatDay(start);
  return `${day}, ${formatTime(start)}`;
}

// Own progress: 0 not begun .. 1 watched.
export function shareSeen(lecture: Lecture): number {
  if (lecture.me?.watched) return 1;
  const length = secondsOf(lecture.duration);
  return length > 0 ? Math.min(1, secondsOf(lecture.me?.position) / length) : 0;
}

export function SeenBar({ lecture }: { lecture: Lecture }) {
  const share = shareSeen(lecture);
  if (share <= 0 || share >= 1) return null;
  return (
    <Bar
      thin
      value={share}
      label={text.seen(clockText(secondsOf(lecture.me?.position)), clockText(secondsOf(lecture.duration)))}
    />
  );
}

interface LectureCardProps {
  lecture: Lecture;
  course?: boolean; // tells the course too
  eager?: boolean; // on the first screen
  now?: number;
  heading?: 'h2' | 'h3' | 'h4';
  href?: string; // elsewhere than to its page
}

export function LectureCard({ lecture, course = true, eager, now, heading: Heading = 'h3', href }: LectureCardProps) {
  const length = secondsOf(lecture.duration);
  const resume = lecture.me && !lecture.me.watched ? secondsOf(lecture.me.position) : 0;
  return (
    <article class="card lecture-card">
      <div class="frame">
        <Picture urls={lecture.pictureUrls} eager={eager} live={lecture.state === 'LIVE'} />
        {lecture.state === 'LIVE' ? (
          <span class="on-picture top">
            <Pill tone="live" icon="live">
              {text.stateLive}
            </Pill>
          </span>
        ) : (
          length > 0 && <span class="on-picture length">{clockText(length)}</span>
        )}
        <SeenBar lecture={lecture} />
      </div>
      <div class="card-text">
        <Heading>
          <a class="card-link" href={href ?? lecturePath(lecture.name)}>
            {lecture.title}
          </a>
        </Heading>
        {course && <p class="soft cut">{lecture.courseTitle}</p>}
        <p class="soft facts">
          {lecture.state === 'LIVE' ? (
            lecture.viewers > 0 && (
              <span>
                <Icon name="eye" />
                {text.viewers(lecture.viewers)}
              </span>
            )
          ) : (
            <span>{whenText(lecture, now)}</span>
          )}
          {resume > 0 && <span>{text.seen(clockText(resume), lengthText(length))}</span>}
        </p>
      </div>
    </article>
  );
}

// The first letters of the course's title on a colour of its own, so that people find it again at a glance.
export function Monogram({ course }: { course: Course }) {
  const words = course.title.split(/[^\p{L}\p{N}]+/u).filter((word) => /^\p{Lu}|^\p{N}/u.test(word));
  const letters =
    words
      .slice(0, 2)
      .map((word) => word[0])
      .join('') || course.title.slice(0, 1).toUpperCase();
  return (
    <span class={`monogram hue-${Number(idOf(course.name)) % 6}`} aria-hidden="true">
      {letters}
    </span>
  );
}

interface CourseCardProps {
  course: Course;
  heading?: 'h2' | 'h3' | 'h4';
  href?: string;
  onPin?: (pinned: boolean) => void; // absent: no pin is offered
  showTerm?: boolean;
}

export function CourseCard({ course, heading: Heading = 'h3', href, onPin, showTerm }: CourseCardProps) {
  const pinned = course.me?.pinned ?? false;
  return (
    <article class="card course-card">
      <Monogram course={course} />
      <div class="card-text">
        <Heading>
          <a class="card-link" href={href ?? coursePath(course.name)}>
            {course.title}
          </a>
        </Heading>
        <p class="soft">{course.organizationName}</p>
        <p class="soft facts">
          <span>{text.lectures(course.lectureCount)}</span>
          {showTerm && <span>{termText(course.term)}</span>}
          {(course.me?.newLectures ?? 0) > 0 && <Pill tone="accent">{text.newLectures(course.me!.newLectures)}</Pill>}
        </p>
      </div>
      {onPin && (
        <button
          type="button"
          class="button quiet only-icon pin"
          aria-pressed={pinned}
          title={pinned ? text.unpin(course.title) : text.pin(course.title)}
          aria-label={text.pin(course.title)}
          onClick={() => onPin(!pinned)}
        >
          <Icon name="pin" />
        </button>
      )}
    </article>
  );
}
