// What the pages for lecturers share: data that came with the page, and what is shown to who may not teach.
import type { ComponentChildren } from 'preact';
import type { Me, Right } from '../../generated/api';
import { ApiError, embedded } from '../../lib/api';
import { Page, type Crumb } from '../../lib/layout';
import { Button, Empty, Notice } from '../../lib/parts';
import { text } from './shared_words';

// [the datum, or null; why there is none, or null]: the last two arguments of useLoad.
export function given<T>(name: string): [T | null, ApiError | null] {
  try {
    return [embedded<T>(name), null];
  } catch (error) {
    return [null, error as ApiError];
  }
}

const RIGHTS: Right[] = ['RIGHT_UNSPECIFIED', 'WATCH', 'TEACH', 'MAINTAIN', 'ADMINISTER'];
export const atLeast = (right: Right | undefined, least: Right): boolean =>
  RIGHTS.indexOf(right ?? 'RIGHT_UNSPECIFIED') >= RIGHTS.indexOf(least);

export const signInPath = (): string => `/login?next=${encodeURIComponent(location.pathname + location.hash)}`;

interface GateProps {
  me: Me | null;
  title: string;
  crumbs?: Crumb[];
  error?: ApiError | null; // why there is nothing to show
  onRetry?: () => void;
  right?: Right; // of the caller on what the page shows; absent: signed in is enough
  watchPath?: string; // where who may only watch it finds it
  children: ComponentChildren;
}

export function Gate({ me, title, crumbs, error, onRetry, right, watchPath, children }: GateProps) {
  const plain = (inside: ComponentChildren) => (
    <Page me={me} title={title || text.teach} crumbs={crumbs} narrow>
      <h1 class="unseen">{title || text.teach}</h1>
      {inside}
    </Page>
  );
  if (!me?.user || error?.signInNeeded) {
    return plain(
      <Empty
        icon="user"
        title={text.signInTitle}
        actions={
          <Button kind="primary" href={signInPath()}>
            {text.signIn}
          </Button>
        }
      >
        {text.signInText}
      </Empty>,
    );
  }
  if (error?.notFound || error?.status === 403) {
    return plain(
      <Empty icon="search" title={text.unknown} actions={<Button href="/teach">{text.toCourses}</Button>}>
        {text.unknownText}
      </Empty>,
    );
  }
  if (error) return plain(<Notice error={error} onRetry={onRetry} />);
  if (right && !atLeast(right, 'TEACH')) {
    const actions = (
      <>
        {watchPath && <Button href={watchPath}>{text.watchIt}</Button>}
        <Button href="/teach">{text.toCourses}</Button>
      </>
    );
    return plain(
      <Empty icon="info" title={text.notYours} actions={actions}>
        {text.notYoursText}
      </Empty>,
    );
  }
  return (
    <Page me={me} title={title} crumbs={crumbs}>
      {children}
    </Page>
  );
}
