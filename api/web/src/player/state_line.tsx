// How the lecture is: a badge, and a line that is read out when it changes.
import { Pill } from '../lib/feedback';
import { useSession } from './hooks';
import type { Session } from './session';
import { badgeText, statusText } from './state_words';
import './state_line.css';

export function StateBadge({ session }: { session: Session }) {
  const words = useSession(session, badgeText);
  const live = useSession(session, (now) => now.picture && now.live);
  const trouble = useSession(
    session,
    (now) => now.refusal !== '' || (now.stage?.trouble ?? 'none') !== 'none' || now.stage?.interrupted === true,
  );
  return (
    <div id="badge" class="state-badge" hidden={words === ''}>
      <Pill tone={trouble ? 'warning' : live ? 'live' : 'neutral'} icon={trouble ? 'warning' : live ? 'live' : undefined}>
        {words}
      </Pill>
    </div>
  );
}

export function StatusLine({ session }: { session: Session }) {
  const words = useSession(session, statusText);
  return (
    <p id="status" class="status-line" role="status" aria-live="polite">
      {words}
    </p>
  );
}
