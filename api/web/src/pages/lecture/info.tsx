// What is known about the lecture.
import type { Lecture } from '../../generated/api';
import { coursePath } from '../../lib/cards';
import { formatDateTime, formatTime, lengthText, secondsOf } from '../../lib/format';
import { text } from './words';

function when(lecture: Lecture): string {
  if (!lecture.startTime) return text.notDated;
  return lecture.endTime
    ? `${formatDateTime(lecture.startTime)} – ${formatTime(lecture.endTime)}`
    : formatDateTime(lecture.startTime);
}

export function Info({ lecture }: { lecture: Lecture }) {
  const length = secondsOf(lecture.duration);
  const pictures = lecture.views
    .filter((view) => view.renditions.length > 0)
    .map((view) => {
      const height = Math.max(0, ...view.renditions.map((rendition) => rendition.height));
      return height ? `${text[view.view]} (${text.upTo(height)})` : text[view.view];
    });
  return (
    <div class="info">
      {lecture.description ? <p class="description">{lecture.description}</p> : <p class="soft">{text.noDescription}</p>}
      <dl>
        <div>
          <dt>{text.course}</dt>
          <dd>
            <a href={coursePath(lecture.course)}>{lecture.courseTitle}</a>
          </dd>
        </div>
        <div>
          <dt>{text.date}</dt>
          <dd>{when(lecture)}</dd>
        </div>
        {length > 0 && lecture.state !== 'LIVE' && (
          <div>
            <dt>{text.length}</dt>
            <dd>{lengthText(length)}</dd>
          </div>
        )}
        {pictures.length > 0 && (
          <div>
            <dt>{text.views}</dt>
            <dd>{pictures.join(', ')}</dd>
          </div>
        )}
      </dl>
    </div>
  );
}
