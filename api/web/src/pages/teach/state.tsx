// How a lecture is, for who gives it.
import type { Lecture } from '../../generated/api';
import { formatTime } from '../../lib/format';
import { Pill } from '../../lib/parts';
import { text } from './shared_words';
import { troubleOf } from './trouble';

export function TeachPill({ lecture, now = Date.now() }: { lecture: Lecture; now?: number }) {
  const trouble = troubleOf(lecture, now);
  if (lecture.state === 'LIVE')
    return (
      <Pill tone="live" icon="live">
        {text.live}
      </Pill>
    );
  if (trouble)
    return (
      <Pill tone={trouble === 'failed' ? 'bad' : 'warning'} icon="warning">
        {text[trouble]}
      </Pill>
    );
  switch (lecture.state) {
    case 'PROCESSING': {
      const ready = lecture.readyTime ? `, ${text.readyAbout(formatTime(lecture.readyTime))}` : '';
      return (
        <Pill tone="accent" icon="refresh">
          {text.processing}
          {ready}
        </Pill>
      );
    }
    case 'RECORDED':
      return (
        <Pill tone="good" icon="check">
          {text.recorded}
        </Pill>
      );
    default:
      return lecture.startTime ? <Pill icon="calendar">{text.scheduled}</Pill> : <Pill icon="clock">{text.noDate}</Pill>;
  }
}

export function ViewWords({ lecture }: { lecture: Lecture }) {
  if (lecture.views.length === 0) return null;
  return <span>{lecture.views.map(({ view }) => text.views[view]).join(' + ')}</span>;
}
