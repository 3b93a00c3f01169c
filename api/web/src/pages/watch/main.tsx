// The page of who has an address with a token and nothing else: the same player, without what belongs to a person.
import { useState } from 'preact/hooks';
import { mount, Page, pageMe } from '../../lib/layout';
import { parseAddress } from '../../player/address';
import { localWishes } from '../../player/commands';
import { useSession } from '../../player/hooks';
import { Player } from '../../player/player';
import { Session } from '../../player/session';
import { StateBadge, StatusLine } from '../../player/state_line';
import { text as playerText } from '../../player/words';
import { words } from '../../lib/words';
import './watch.css';

const text = words({
  en: { noAddress: 'Open this page with the address of a lecture, as "lecternctl lecture url --page" prints it.' },
  de: { noAddress: 'Öffnen Sie diese Seite mit der Adresse einer Vorlesung, wie „lecternctl lecture url --page“ sie ausgibt.' },
});

function App() {
  const [session] = useState(() => {
    const start = parseAddress(location.hash);
    const made = new Session({ source: { token: start?.token ?? '' }, beginning: start ?? {} });
    if (!start) made.refuse(text.noAddress);
    return made;
  });
  const title = useSession(session, (now) => now.playback?.title || playerText.lecture);
  return (
    <Page me={pageMe()} title={title} wide>
      <div class="watch">
        <Player session={session} wishes={localWishes()} />
        <StatusLine session={session} />
        <div class="watch-title">
          <h1 id="title">{title}</h1>
          <StateBadge session={session} />
        </div>
      </div>
    </Page>
  );
}

addEventListener('hashchange', () => location.reload());
mount(<App />);
