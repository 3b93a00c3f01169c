// A lecture as a line of a list: picture, title, when, how long, how far.
import type { ComponentChildren } from 'preact';
import type { Lecture } from '../generated/api';
import { lecturePath, Picture, SeenBar, StatePill, whenText } from './cards';
import { Pill } from './feedback';
import { clockText, lengthText, secondsOf } from './format';
import { Icon } from './icons';
import { text } from './texts';

interface LectureRowProps {
  lecture: Lecture;
  heading?: 'h2' | 'h3' | 'h4';
  course?: boolean; // tells the course too
  isNew?: boolean;
  title?: ComponentChildren; // instead of the plain one
}

export function LectureRow({ lecture, heading: Heading = 'h3', course, isNew, title }: LectureRowProps) {
  const length = secondsOf(lecture.duration);
  const at = lecture.me && !lecture.me.watched ? secondsOf(lecture.me.position) : 0;
  return (
    <article class="lecture-row">
      <div class="frame">
        <Picture
          urls={lecture.pictureUrls}
          live={lecture.state === 'LIVE'}
          instead={lecture.state === 'SCHEDULED' ? 'calendar' : 'play'}
        />
        {length > 0 && lecture.state !== 'LIVE' && <span class="on-picture length">{clockText(length)}</span>}
        <SeenBar lecture={lecture} />
      </div>
      <div class="row-text">
        <Heading>
          <a class="card-link" href={lecturePath(lecture.name)}>
            {title ?? lecture.title}
          </a>
        </Heading>
        {course && <p class="soft cut small-text">{lecture.courseTitle}</p>}
        <p class="soft facts">
          <span>{whenText(lecture)}</span>
          {lecture.state === 'LIVE' && lecture.viewers > 0 && (
            <span>
              <Icon name="eye" />
              {text.viewers(lecture.viewers)}
            </span>
          )}
          {at > 0 && length > 0 && <span>{text.begun(clockText(at), lengthText(length))}</span>}
        </p>
      </div>
      <div class="row-state">
        {isNew && <Pill tone="accent">{text.new}</Pill>}
        <StatePill lecture={lecture} />
      </div>
    </article>
  );
}
