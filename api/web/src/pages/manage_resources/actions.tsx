// What a maintainer does with a resource, and what that means for the work on it.
import { useState } from 'preact/hooks';
import type { Resource } from '../../generated/api';
import { api, ApiError } from '../../lib/api';
import { Notice, type MenuItem } from '../../lib/parts';
import { Ask } from '../../manage/acting';
import { text } from './words';

export type Deed = 'drain' | 'resume' | 'share' | 'unshare' | 'remove';

export function deedsOf(resource: Resource, choose: (deed: Deed) => void): MenuItem[] {
  const item = (deed: Deed, label: string, more: Partial<MenuItem> = {}): MenuItem => ({
    label,
    onSelect: () => choose(deed),
    ...more,
  });
  return [
    resource.state === 'DRAINING' ? item('resume', text.resume, { icon: 'play' }) : item('drain', text.drain, { icon: 'download' }),
    resource.shared ? item('unshare', text.unshare, { icon: 'people' }) : item('share', text.share, { icon: 'people' }),
    item('remove', text.remove, { icon: 'trash', danger: true, separated: true }),
  ];
}

interface DeedProps {
  resource: Resource;
  onChanged: (resource: Resource) => void;
  onRemoved: (name: string) => void;
  onDone: () => void;
}

const addressOf = (resource: Resource, verb: string) => `/v1/${resource.name}:${verb}`;

function Draining({ resource, onChanged, onDone }: DeedProps) {
  const change = async () => onChanged(await api.post<Resource>(addressOf(resource, 'drain')));
  return (
    <Ask title={text.drainTitle(resource.host)} action={text.drain} run={change} onDone={onDone}>
      <p>
        {text.drainText} {text.drainJobs(resource.runningJobs.length)}
      </p>
      {resource.liveSlotsUsed > 0 && <p>{text.drainLive}</p>}
    </Ask>
  );
}

function Resuming({ resource, onChanged, onDone }: DeedProps) {
  const change = async () => onChanged(await api.post<Resource>(addressOf(resource, 'resume')));
  return (
    <Ask title={text.resumeTitle(resource.host)} action={text.resume} run={change} onDone={onDone}>
      <p>{text.resumeText}</p>
    </Ask>
  );
}

function Sharing({ resource, onChanged, onDone }: DeedProps) {
  const change = async () => onChanged(await api.post<Resource>(addressOf(resource, 'setShared'), { shared: !resource.shared }));
  const [title, words, action] = resource.shared
    ? [text.unshareTitle(resource.host), text.unshareText, text.unshare]
    : [text.shareTitle(resource.host), text.shareText, text.share];
  return (
    <Ask title={title} action={action} run={change} onDone={onDone}>
      <p>{words}</p>
    </Ask>
  );
}

// A VOD service with recordings is not removed by mistake: the API refuses first, then the person has to say so.
function Removing({ resource, onRemoved, onDone }: DeedProps) {
  const [holdsMedia, setHoldsMedia] = useState(false);
  const [force, setForce] = useState(false);
  const remove = async () => {
    try {
      await api.post(addressOf(resource, 'remove'), { force });
      onRemoved(resource.name);
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== 'HOLDS_MEDIA') throw error;
      setHoldsMedia(true);
      return 'stay';
    }
    return undefined;
  };
  return (
    <Ask
      title={text.removeTitle(resource.host)}
      action={text.remove}
      danger
      disabled={holdsMedia && !force}
      run={remove}
      onDone={onDone}
    >
      <p>
        {text.removeText} {text.removeJobs(resource.runningJobs.length)}
      </p>
      {holdsMedia && (
        <>
          <Notice tone="warning" title={text.removeMedia}>
            <p>{text.removeMediaText}</p>
          </Notice>
          <label class="check">
            <input type="checkbox" checked={force} onChange={(event) => setForce(event.currentTarget.checked)} />
            {text.removeAnyway}
          </label>
        </>
      )}
    </Ask>
  );
}

export function DeedDialog({ deed, ...props }: DeedProps & { deed: Deed }) {
  switch (deed) {
    case 'drain':
      return <Draining {...props} />;
    case 'resume':
      return <Resuming {...props} />;
    case 'remove':
      return <Removing {...props} />;
    default:
      return <Sharing {...props} />;
  }
}
