// How things are: states, progress, times, emptiness, failure.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { signInPath } from './address';
import { Button } from './controls';
import { formatDateTime, formatRelative } from './format';
import { Icon, type IconName } from './icons';
import { ApiError } from './api';
import { text } from './texts';

export type Tone = 'neutral' | 'accent' | 'good' | 'warning' | 'live' | 'bad';

// A state in words, with an icon and a colour that say the same.
export function Pill({ tone = 'neutral', icon, children }: { tone?: Tone; icon?: IconName; children: ComponentChildren }) {
  return (
    <span class={`pill ${tone}`}>
      {icon && <Icon name={icon} />}
      {children}
    </span>
  );
}

interface NoticeProps {
  tone?: 'bad' | 'warning' | 'info' | 'good';
  title?: string;
  children?: ComponentChildren; // what happened and what to do
  error?: unknown; // instead of children: an ApiError says it itself
  onRetry?: () => void;
  actions?: ComponentChildren;
}

const noticeIcons = { bad: 'warning', warning: 'warning', info: 'info', good: 'check' } as const;

export function Notice({ tone = 'bad', title, children, error, onRetry, actions }: NoticeProps) {
  const signIn = error instanceof ApiError && error.signInNeeded;
  const message = error instanceof ApiError ? error.message : error ? String(error) : '';
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon name={noticeIcons[tone]} />
      <div>
        {title && <p class="notice-title">{title}</p>}
        {message && <p>{message}</p>}
        {children}
        {(onRetry || actions || signIn) && (
          <p class="row">
            {signIn && (
              <Button small kind="primary" href={signInPath()}>
                {text.signIn}
              </Button>
            )}
            {onRetry && !signIn && (
              <Button small icon="refresh" onClick={onRetry}>
                {text.retry}
              </Button>
            )}
            {actions}
          </p>
        )}
      </div>
    </div>
  );
}

// Nothing is there: why, and the next step.
export function Empty({
  title,
  children,
  icon = 'info',
  actions,
}: {
  title: string;
  children?: ComponentChildren;
  icon?: IconName;
  actions?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <p class="empty-title">{title}</p>
      {children && <div class="soft">{children}</div>}
      {actions && <p class="row">{actions}</p>}
    </div>
  );
}

// Progress from 0 to 1; without a value it is going on, nobody knows how far.
export function Bar({ value, label, thin }: { value?: number; label: string; thin?: boolean }) {
  return <progress class={thin ? 'bar thin' : 'bar'} max={1} value={value} aria-label={label} />;
}

// A moment in the viewer's zone; how long ago or ahead as the title, or the other way round.
export function Time({
  at,
  relative,
  format = formatDateTime,
}: {
  at: string | undefined;
  relative?: boolean;
  format?: (at: string) => string;
}) {
  if (!at) return null;
  const [shown, title] = relative ? [formatRelative(at), formatDateTime(at)] : [format(at), formatRelative(at)];
  return (
    <time dateTime={at} title={title}>
      {shown}
    </time>
  );
}

// Grey lines in the place of what is coming.
export function Skeleton({ lines = 3, card }: { lines?: number; card?: boolean }) {
  return (
    <div class={card ? 'skeleton card' : 'skeleton'} role="status">
      <span class="unseen">{text.loading}</span>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} class="bone" />
      ))}
    </div>
  );
}

// What has just happened, told politely at the foot of the window; gone after some seconds. Give it a fresh text each time.
export function Toast({ children }: { children: string }) {
  const [shown, setShown] = useState('');
  useEffect(() => {
    setShown(children);
    const timer = setTimeout(() => setShown(''), 5000);
    return () => clearTimeout(timer);
  }, [children]);
  return (
    <p role="status" class="toast">
      {shown}
    </p>
  );
}
