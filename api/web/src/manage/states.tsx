// States as pills: icon, word and colour that say the same.
import type { JobState, LiveState, ResourceState } from '../generated/api';
import type { StreamState } from '../lib/api';
import { Pill, type IconName, type Tone } from '../lib/parts';
import { jobStateText, liveStateText, resourceStateText, text } from './words';

type Look = [Tone, IconName];

const resourceLooks: Record<ResourceState, Look> = {
  RESOURCE_STATE_UNSPECIFIED: ['neutral', 'info'],
  ALIVE: ['good', 'check'],
  SUSPECT: ['warning', 'clock'],
  DEAD: ['bad', 'close'],
  DRAINING: ['accent', 'download'],
  NEVER_ATTACHED: ['neutral', 'clock'],
};
const jobLooks: Record<JobState, Look> = {
  JOB_STATE_UNSPECIFIED: ['neutral', 'info'],
  BLOCKED: ['neutral', 'clock'],
  READY: ['neutral', 'clock'],
  LEASED: ['accent', 'next'],
  RUNNING: ['accent', 'play'],
  CANCELLING: ['warning', 'close'],
  RETRY_WAIT: ['warning', 'refresh'],
  DONE: ['good', 'check'],
  JOB_FAILED: ['bad', 'warning'],
  CANCELLED: ['neutral', 'close'],
  SKIPPED: ['neutral', 'next'],
  EXPIRED: ['bad', 'clock'],
};
const liveLooks: Record<LiveState, Look> = {
  LIVE_STATE_UNSPECIFIED: ['neutral', 'info'],
  STARTING: ['accent', 'clock'],
  ON_AIR: ['live', 'live'],
  INTERRUPTED: ['warning', 'warning'],
  ENDING: ['neutral', 'clock'],
  ENDED: ['neutral', 'check'],
};

const look = <S extends string>(looks: Record<S, Look>, state: S): Look => looks[state] ?? ['neutral', 'info'];

export function ResourcePill({ state }: { state: ResourceState }) {
  const [tone, icon] = look(resourceLooks, state);
  return (
    <Pill tone={tone} icon={icon}>
      {resourceStateText(state)}
    </Pill>
  );
}

export function JobPill({ state }: { state: JobState }) {
  const [tone, icon] = look(jobLooks, state);
  return (
    <Pill tone={tone} icon={icon}>
      {jobStateText(state)}
    </Pill>
  );
}

export function LivePill({ state }: { state: LiveState }) {
  const [tone, icon] = look(liveLooks, state);
  return (
    <Pill tone={tone} icon={icon}>
      {liveStateText(state)}
    </Pill>
  );
}

const streamWords: Record<StreamState, string> = {
  connecting: text.streamConnecting,
  open: text.streamOpen,
  lost: text.streamLost,
  ended: text.streamEnded,
};

// Whether the page still follows what happens. Its place is kept while it changes.
export function Following({ state }: { state: StreamState }) {
  return (
    <span class={`following ${state}`} role="status" title={state === 'open' ? text.streamOpenHint : undefined}>
      <span class="dot" aria-hidden="true" />
      {streamWords[state]}
      {state === 'lost' && <span class="following-hint">{text.streamLostHint}</span>}
    </span>
  );
}
