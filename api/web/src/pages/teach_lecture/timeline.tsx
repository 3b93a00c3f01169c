// What has become of each view: every step with its state, and what can be done where one failed.
import { useState } from 'preact/hooks';
import type { ExplainJobResponse, Job, Lecture, LectureView, Me, ProcessingStep } from '../../generated/api';
import { api } from '../../lib/api';
import { bytesText, clockText, idOf, numberText, percentText, secondsOf } from '../../lib/format';
import { Bar, Button, Dialog, Icon, Notice, Pill, Skeleton, useLoad, type IconName, type Tone } from '../../lib/parts';
import { atLeast } from '../teach/gate';
import { text as shared } from '../teach/shared_words';
import { stagesOf, type Stage, type StageState } from './stages';
import { text } from './words';

const ICONS: Record<StageState, IconName> = {
  waiting: 'clock',
  running: 'refresh',
  done: 'check',
  failed: 'warning',
  cancelled: 'close',
};

function stepName(step: ProcessingStep): string {
  const label = step.label === 'source' ? text.asUploaded : step.label === 'audio' ? text.soundOnly : step.label;
  return [text.kinds[step.kind] ?? step.kind, label].filter(Boolean).join(' ');
}

function WhyDialog({ step, onClose }: { step: ProcessingStep; onClose: () => void }) {
  const why = useLoad(() =>
    Promise.all([api.get<ExplainJobResponse>(`/v1/${step.job}:explain`), api.get<Job>(`/v1/${step.job}`)]),
  );
  const [explained, job] = why.data ?? [null, null];
  return (
    <Dialog open wide title={text.whyTitle} onClose={onClose}>
      {why.error && <Notice error={why.error} onRetry={() => void why.reload()} />}
      {!why.data && !why.error && <Skeleton lines={3} />}
      {explained && <p>{explained.summary}</p>}
      {explained && explained.details.length > 0 && (
        <ul class="bullets">
          {explained.details.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      {job?.error && !explained?.summary.includes(job.error) && <p class="soft">{job.error}</p>}
    </Dialog>
  );
}

function FailedStep({ step, maintains, onNews }: { step: ProcessingStep; maintains: boolean; onNews: (news: string) => void }) {
  const [asking, setAsking] = useState(false);
  const [state, setState] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: null });
  const retry = () => {
    setState({ busy: true, error: null });
    api.post(`/v1/${step.job}:retry`).then(
      () => {
        setState({ busy: false, error: null });
        onNews(text.retried);
      },
      (error: unknown) => setState({ busy: false, error }),
    );
  };
  const name = stepName(step);
  return (
    <div class="failed-step">
      <p class="row">
        <span>{name}</span>
        <Button small icon="refresh" busy={state.busy} label={`${text.retry}: ${name}`} onClick={retry}>
          {text.retry}
        </Button>
        <Button small kind="quiet" label={`${text.why} ${name}`} onClick={() => setAsking(true)}>
          {text.why}
        </Button>
        {maintains && <a href={`/manage/jobs/${idOf(step.job)}`}>{text.jobOf(name)}</a>}
      </p>
      {state.error !== null && <Notice error={state.error} />}
      {asking && <WhyDialog step={step} onClose={() => setAsking(false)} />}
    </div>
  );
}

function RunningStep({ step, maintains }: { step: ProcessingStep; maintains: boolean }) {
  const name = stepName(step);
  return (
    <div class="running-step">
      <span>{maintains ? <a href={`/manage/jobs/${idOf(step.job)}`}>{name}</a> : name}</span>
      <Bar thin value={step.progress > 0 ? step.progress : undefined} label={name} />
      <span class="soft tabular">{step.progress > 0 ? percentText(step.progress) : text.stageStates.running}</span>
    </div>
  );
}

function StageRow({
  stage,
  lecture,
  maintains,
  onNews,
}: {
  stage: Stage;
  lecture: Lecture;
  maintains: boolean;
  onNews: (news: string) => void;
}) {
  const { state, kind, steps } = stage;
  const uploading = kind === 'upload' && state === 'running';
  const done = steps.filter((step) => step.state === 'done' && step.kind !== 'loudness');
  return (
    <li class={`stage ${state}`}>
      <span class="stage-mark">
        <Icon name={ICONS[state]} />
      </span>
      <div>
        <p class="stage-title">
          <span>{state === 'running' ? text.running[kind] : text.stages[kind]}</span>
          <span class={state === 'done' || state === 'running' ? 'unseen' : 'soft'}>{text.stageStates[state]}</span>
        </p>
        {uploading && (
          <div class="running-step">
            <Bar thin value={stage.progress} label={text.running.upload} />
            <span class="soft tabular">{percentText(stage.progress)}</span>
          </div>
        )}
        {kind === 'renditions' && done.length > 0 && state !== 'done' && (
          <p class="soft small-text">{done.map(stepName).join(', ')}</p>
        )}
        {steps
          .filter((step) => step.state === 'running')
          .map((step) => (
            <RunningStep key={step.job} step={step} maintains={maintains} />
          ))}
        {steps
          .filter((step) => step.state === 'failed' && atLeast(lecture.right, 'TEACH'))
          .map((step) => (
            <FailedStep key={step.job} step={step} maintains={maintains} onNews={onNews} />
          ))}
      </div>
    </li>
  );
}

const TONES: Partial<Record<LectureView['state'], Tone>> = {
  UPLOADING: 'accent',
  VIEW_PROCESSING: 'accent',
  PLAYABLE: 'good',
  COMPLETE: 'good',
  VIEW_FAILED: 'bad',
  VIEW_LIVE: 'live',
  VIEW_INTERRUPTED: 'warning',
};
const VIEW_ICONS: Partial<Record<LectureView['state'], IconName>> = {
  UPLOADING: 'upload',
  VIEW_PROCESSING: 'refresh',
  PLAYABLE: 'check',
  COMPLETE: 'check',
  VIEW_FAILED: 'warning',
  VIEW_LIVE: 'live',
  VIEW_INTERRUPTED: 'warning',
};

function Facts({ view }: { view: LectureView }) {
  const length = secondsOf(view.duration);
  const silent = view.silences.reduce((sum, one) => sum + secondsOf(one.end) - secondsOf(one.start), 0);
  const pictures = view.renditions
    .filter((one) => one.height > 0)
    .sort((a, b) => b.height - a.height)
    .map((one) => `${one.height}p`);
  return (
    <p class="soft facts">
      {length > 0 && <span>{clockText(length)}</span>}
      {Number(view.uploadSizeBytes) > 0 && <span>{bytesText(view.uploadSizeBytes)}</span>}
      {pictures.length > 0 && <span>{text.qualities(pictures.join(', '))}</span>}
      {view.loudnessLufs !== 0 && <span>{text.loudness(numberText(view.loudnessLufs, 1))}</span>}
      {length > 0 && silent > 1 && <span>{text.silences(percentText(silent / length))}</span>}
    </p>
  );
}

interface ViewPanelProps {
  me: Me | null;
  lecture: Lecture;
  view: LectureView;
  onNews: (news: string) => void;
}

export function ViewPanel({ me, lecture, view, onNews }: ViewPanelProps) {
  const maintains = (me?.administrator ?? false) || atLeast(lecture.right, 'MAINTAIN');
  const stages = stagesOf(view);
  const busy = stages.some((stage) => stage.state === 'running' || stage.state === 'failed' || stage.state === 'waiting');
  return (
    <article class="view-panel" aria-label={shared.views[view.view]} data-view={view.view} data-state={view.state}>
      <header class="view-head">
        <h3>{shared.views[view.view]}</h3>
        <Pill tone={TONES[view.state]} icon={VIEW_ICONS[view.state]}>
          {text.states[view.state]}
        </Pill>
      </header>
      <Facts view={view} />
      {view.error && <Notice tone={view.state === 'VIEW_FAILED' ? 'bad' : 'warning'}>{view.error}</Notice>}
      <details class="stages" open={busy}>
        <summary>{text.steps(stages.filter(({ state }) => state === 'done').length, stages.length)}</summary>
        <ol>
          {stages.map((stage) => (
            <StageRow key={stage.kind} stage={stage} lecture={lecture} maintains={maintains} onNews={onNews} />
          ))}
        </ol>
      </details>
    </article>
  );
}
