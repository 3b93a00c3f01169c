import './home.css';
import { useState } from 'preact/hooks';
import type { Course, Home, Me } from '../../generated/api';
import { parameter, setParameter, signInPath } from '../../lib/address';
import { api, ApiError, embedded } from '../../lib/api';
import { brandOf, mount, Page, pageMe } from '../../lib/layout';
import { Button, Notice, Skeleton, Toast, useInterval, useLoad } from '../../lib/parts';
import { text } from '../../lib/texts';
import { Courses } from './courses';
import { ContinueWatching, Now } from './now';
import { t } from './words';

const me = pageMe();

function first(): { home: Home | null; error: ApiError | null } {
  try {
    return { home: embedded<Home>('chosen') ?? embedded<Home>('home'), error: null };
  } catch (error) {
    return { home: null, error: error as ApiError };
  }
}

function Hero({ me }: { me: Me | null }) {
  if (me?.user) return <h1>{t.hello(me.user.displayName || me.user.email)}</h1>;
  return (
    <div class="hero">
      <div>
        <h1>{brandOf(me)}</h1>
        <p class="lead">{me?.installation?.welcomeText || t.welcome}</p>
        <p class="soft">{t.signInHint}</p>
      </div>
      <Button kind="primary" href={signInPath()} icon="user">
        {text.signIn}
      </Button>
    </div>
  );
}

function HomePage() {
  const start = first();
  const [term, setTerm] = useState(parameter('term'));
  const [news, setNews] = useState('');
  const load = useLoad(
    () => api.get<Home>(term ? `/v1/home?term=${encodeURIComponent(term)}` : '/v1/home'),
    start.home,
    start.error,
  );
  const home = load.data;
  useInterval(() => void load.reload(), 30);

  const chooseTerm = async (next: string) => {
    try {
      load.set(await api.get<Home>(`/v1/home?term=${encodeURIComponent(next)}`));
      setTerm(next);
      setParameter('term', next);
    } catch (error) {
      setNews((error as ApiError).message);
    }
  };
  const pin = async (course: Course, pinned: boolean) => {
    try {
      await api.post(`/v1/${course.name}:${pinned ? 'pin' : 'unpin'}`);
      setNews(pinned ? t.pinned(course.title) : t.unpinned(course.title));
      await load.reload();
    } catch (error) {
      setNews((error as ApiError).message);
    }
  };

  return (
    <Page me={me} title="">
      <Hero me={me} />
      <Toast>{news}</Toast>
      {load.error && !home && <Notice error={load.error} onRetry={() => void load.reload()} />}
      {load.error && home && <Notice tone="warning">{t.stale}</Notice>}
      {!home && !load.error && <Skeleton lines={8} />}
      {home && (
        <>
          <Now home={home} />
          <ContinueWatching lectures={home.continueWatching.filter(({ state }) => state !== 'LIVE')} />
          <Courses me={me} home={home} onTerm={chooseTerm} onPin={pin} />
        </>
      )}
    </Page>
  );
}

mount(<HomePage />);
