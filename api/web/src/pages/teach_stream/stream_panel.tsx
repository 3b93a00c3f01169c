// One stream that arrives: what it is made of, how loud it is, what to change, and what can be done with it.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LiveFacts, LiveStream } from '../../generated/api';
import { api } from '../../lib/api';
import { bitRateText, idOf, lengthText, numberText, secondsOf } from '../../lib/format';
import { Button, Dialog, Icon, lecturePath, Notice, Pill, useInterval } from '../../lib/parts';
import { text as shared } from '../teach/shared_words';
import { loudnessOf } from './due';
import { text } from './words';

// The still is at one address and changes there, so each look needs an address of its own.
function LivePicture({ stream }: { stream: LiveStream }) {
  const [look, setLook] = useState(0);
  const [shown, setShown] = useState('');
  useInterval(() => setLook((n) => n + 1), 3);
  const url = stream.pictureUrls[0];
  useEffect(() => {
    if (!url) return;
    const image = new Image();
    image.onload = () => setShown(image.src);
    image.src = `${url}?look=${look}`;
  }, [url, look]);
  return (
    <div class="live-picture">
      {shown ? <img src={shown} width={640} height={360} alt={text.picture(stream.lectureTitle)} /> : <p>{text.noPicture}</p>}
    </div>
  );
}

const LOWEST = -60;

export function LevelMeter({ dbfs, audio }: { dbfs: number; audio: boolean }) {
  const bar = useRef<HTMLDivElement>(null);
  const known = audio && dbfs !== 0;
  const shown = known ? Math.max(LOWEST, Math.min(0, dbfs)) : LOWEST;
  useEffect(() => bar.current?.style.setProperty('--level', `${(shown / -LOWEST + 1) * 100}%`));
  const words = !audio
    ? text.levels.none
    : known
      ? `${text.levelText(numberText(dbfs, 0))}, ${text.levels[loudnessOf(dbfs)]}`
      : text.levelUnknown;
  return (
    <div class="level">
      <span>{text.level}</span>
      <div
        ref={bar}
        class={`level-bar ${known ? loudnessOf(dbfs) : ''}`}
        role="meter"
        aria-label={text.level}
        aria-valuemin={LOWEST}
        aria-valuemax={0}
        aria-valuenow={Math.round(shown)}
        aria-valuetext={words}
      >
        <span />
      </div>
      <span class="soft tabular">{words}</span>
    </div>
  );
}

function factsOf(stream: LiveStream, facts: LiveFacts): [string, string][] {
  const rows: [string, string][] = [[text.runs, lengthText(secondsOf(stream.duration))]];
  if (facts.videoCodec) {
    const picture = [
      `${facts.width} x ${facts.height}`,
      text.perSecondFrames(numberText(facts.frameRate, 1)),
      facts.videoCodec.toUpperCase(),
      bitRateText(facts.videoBitrateBps),
    ];
    rows.push([text.pictureFacts, picture.join(', ')]);
    if (facts.keyframeIntervalSeconds > 0)
      rows.push([text.keyFrames, text.everySeconds(numberText(facts.keyframeIntervalSeconds, 1))]);
  }
  if (facts.audioCodec) {
    rows.push([
      text.sound,
      [facts.audioCodec.toUpperCase(), `${numberText(facts.sampleRate / 1000, 1)} kHz`, bitRateText(facts.audioBitrateBps)].join(
        ', ',
      ),
    ]);
  }
  if (facts.renditions.length > 0) rows.push([text.qualities, facts.renditions.join(', ').replaceAll('copied', text.copied)]);
  if (facts.encoder) rows.push([text.program, facts.encoder]);
  if (facts.segmentDelaySeconds > 0) rows.push([text.delay, text.afterSeconds(numberText(facts.segmentDelaySeconds, 1))]);
  return rows;
}

function Advice({ stream }: { stream: LiveStream }) {
  if (stream.state === 'INTERRUPTED') return <Notice tone="warning">{text.interruptedText}</Notice>;
  if (stream.state !== 'ON_AIR') return null;
  // A pause of speech is no fault: a longer silence comes as a warning.
  const { levelDbfs = 0, audioCodec = '' } = stream.facts ?? {};
  const quiet = audioCodec !== '' && levelDbfs !== 0 && loudnessOf(levelDbfs) === 'none';
  if (stream.warnings.length === 0)
    return (
      <Notice tone="good" title={text.allWell}>
        <p>{quiet ? text.quietText : text.allWellText}</p>
      </Notice>
    );
  return (
    <Notice tone="warning" title={text.advice}>
      <ul class="bullets">
        {stream.warnings.map((warning) => (
          <li key={warning.code}>{warning.message}</li>
        ))}
      </ul>
    </Notice>
  );
}

function EndDialog({ stream, onClose }: { stream: LiveStream; onClose: () => void }) {
  const [state, setState] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: null });
  const end = () => {
    setState({ busy: true, error: null });
    api.post(`/v1/${stream.lecture}:end`).then(onClose, (error: unknown) => setState({ busy: false, error }));
  };
  const actions = (
    <>
      <Button onClick={onClose}>{text.keepOn}</Button>
      <Button kind="danger" busy={state.busy} onClick={end}>
        {text.endIt}
      </Button>
    </>
  );
  return (
    <Dialog open title={stream.rehearsal ? text.endRehearsalTitle : text.endTitle} onClose={onClose} actions={actions}>
      <p>{stream.rehearsal ? text.endRehearsal : text.endText(stream.lectureTitle)}</p>
      {state.error !== null && <Notice error={state.error} />}
    </Dialog>
  );
}

export function StreamPanel({ stream, onGoLive }: { stream: LiveStream; onGoLive: () => void }) {
  const [ending, setEnding] = useState(false);
  const { facts, rehearsal, state } = stream;
  const tone = state === 'INTERRUPTED' ? 'warning' : rehearsal || state !== 'ON_AIR' ? 'accent' : 'live';
  return (
    <article class="panel stream-panel" aria-label={stream.lectureTitle} data-state={state} data-rehearsal={rehearsal}>
      <header class="stream-head">
        <div class="grow">
          <h3>
            {rehearsal ? text.stateRehearsal : stream.lectureTitle} <span class="soft">{shared.views[stream.view]}</span>
          </h3>
          <p class="soft">{rehearsal ? text.rehearsal : stream.courseTitle}</p>
        </div>
        <Pill tone={tone} icon={state === 'INTERRUPTED' ? 'warning' : 'live'}>
          {state !== 'ON_AIR' ? text.states[state] : rehearsal ? text.onlyYou : text.live(stream.viewers)}
        </Pill>
      </header>
      <div class="stream-body">
        <div class="stack">
          <LivePicture stream={stream} />
          <LevelMeter dbfs={facts?.levelDbfs ?? 0} audio={!facts || facts.audioCodec !== ''} />
        </div>
        <div class="stack">
          <Advice stream={stream} />
          {facts && (
            <dl class="fact-list">
              {factsOf(stream, facts).map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          )}
          {facts && Number(facts.framesDropped) > 0 && (
            <p class="hint">
              <Icon name="warning" /> {text.dropped(numberText(Number(facts.framesDropped)))}
            </p>
          )}
          <p class="row">
            {rehearsal && (
              <Button kind="primary" icon="live" onClick={onGoLive}>
                {text.goLive}
              </Button>
            )}
            <Button icon="external" href={lecturePath(stream.lecture)}>
              {rehearsal ? text.hearIt : text.watchIt}
            </Button>
            {!rehearsal && (
              <Button icon="edit" href={`/teach/lectures/${idOf(stream.lecture)}`}>
                {text.toLecture}
              </Button>
            )}
            <Button kind="danger" onClick={() => setEnding(true)}>
              {rehearsal ? text.endRehearsalButton : text.endLecture}
            </Button>
          </p>
        </div>
      </div>
      {ending && <EndDialog stream={stream} onClose={() => setEnding(false)} />}
    </article>
  );
}
