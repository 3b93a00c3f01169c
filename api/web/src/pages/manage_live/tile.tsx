// One stream on the wall: picture, what it is, how it is.
import type { LiveStream } from '../../generated/api';
import { bitRateText, idOf, lengthText, numberText, secondsOf } from '../../lib/format';
import { Icon, Menu, Pill } from '../../lib/parts';
import { Ago } from '../../manage/clock';
import { LivePill } from '../../manage/states';
import { text as common, viewText } from '../../manage/words';
import { Still } from './still';
import { text, warningText } from './words';

export type Deed = 'move' | 'end';

export const inTrouble = ({ state, warnings, worker }: LiveStream) =>
  state === 'INTERRUPTED' || warnings.length > 0 || (worker === '' && state !== 'ENDING' && state !== 'ENDED');

export const rateOf = ({ facts }: LiveStream) => Number(facts?.videoBitrateBps ?? 0) + Number(facts?.audioBitrateBps ?? 0);

function Facts({ stream }: { stream: LiveStream }) {
  const { facts, duration, worker, workerHost, viewers, failovers, lastSegmentTime } = stream;
  const rows: [string, preact.ComponentChildren, boolean?][] = [
    [text.viewers, numberText(viewers)],
    [text.duration, duration ? lengthText(secondsOf(duration)) : '\u2013'],
    [text.rate, facts ? bitRateText(rateOf(stream)) : '\u2013'],
    [
      text.delay,
      facts && facts.segmentDelaySeconds ? text.seconds(numberText(facts.segmentDelaySeconds, 1)) : '\u2013',
      (facts?.segmentDelaySeconds ?? 0) > 4,
    ],
    [text.segment, lastSegmentTime ? <Ago at={lastSegmentTime} /> : '\u2013'],
    [text.failovers, <span title={text.failoverHint}>{numberText(failovers)}</span>, failovers > 0],
    [text.format, facts?.width ? `${facts.width} \u00d7 ${facts.height}, ${numberText(facts.frameRate)} fps` : '\u2013'],
    [
      text.worker,
      worker ? (
        <span class="cut" title={workerHost}>
          {workerHost || worker}
        </span>
      ) : (
        text.noWorker
      ),
      !worker,
    ],
  ];
  return (
    <dl class="stream-facts">
      {rows.map(([title, value, high]) => (
        <div key={title} class={high ? 'high' : undefined}>
          <dt>{title}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function StreamTile({ stream, onDeed }: { stream: LiveStream; onDeed: (deed: Deed) => void }) {
  const { lecture, lectureTitle, courseTitle, organizationName, source, view, state, rehearsal, reason, warnings, worker } = stream;
  const over = state === 'ENDING' || state === 'ENDED';
  return (
    <li class={inTrouble(stream) ? 'stream trouble' : 'stream'}>
      <div class="stream-picture">
        <Still stream={stream} />
        <span class="stream-state">
          <LivePill state={state} />
        </span>
        {rehearsal && (
          <span class="on-picture">
            <Pill icon="key">{text.rehearsal}</Pill>
          </span>
        )}
      </div>
      <div class="stream-text">
        <div class="stream-head">
          <div class="grow">
            <h2>
              <a href={`/teach/lectures/${idOf(lecture)}`}>{lectureTitle}</a>
            </h2>
            <p class="soft small-text">{courseTitle}</p>
          </div>
          <Menu
            kind="quiet"
            align="end"
            label={common.more(lectureTitle)}
            button={<Icon name="more" />}
            items={[
              { label: text.openLecture, icon: 'play', href: `/lectures/${idOf(lecture)}` },
              worker !== '' && { label: text.openWorker, icon: 'server', href: `/manage/resources?open=${idOf(worker)}` },
              !over && { label: text.move, icon: 'refresh', onSelect: () => onDeed('move') },
              !over && { label: text.end, icon: 'close', danger: true, separated: true, onSelect: () => onDeed('end') },
            ]}
          />
        </div>
        <p class="soft small-text">
          {[viewText(view), source === 'hall' ? text.hall : text.encoder, organizationName].filter(Boolean).join(' \u00b7 ')}
        </p>
        {(reason || warnings.length > 0) && (
          <ul class="stream-warnings">
            {reason && (
              <li>
                <Icon name="warning" />
                <span>{reason}</span>
              </li>
            )}
            {warnings.map(({ code, message }) => (
              <li key={code}>
                <Icon name="warning" />
                <span>
                  <strong>{warningText(code)}.</strong> {message}
                </span>
              </li>
            ))}
          </ul>
        )}
        <Facts stream={stream} />
      </div>
    </li>
  );
}
