// The newest still of a stream: looked for again every few seconds, shown when it is there, so that nothing flickers.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LiveStream } from '../../generated/api';
import { Icon } from '../../lib/parts';
import { text } from './words';

const refreshMs = 5000;

// A fresh copy each time, whatever its address; the next address where one fails.
async function fetchStill(urls: string[]): Promise<Blob | null> {
  for (const url of urls) {
    try {
      const answer = await fetch(url, { cache: 'no-cache', credentials: 'omit', signal: AbortSignal.timeout(refreshMs) });
      if (answer.ok) return await answer.blob();
    } catch {
      /* perhaps another edge has it */
    }
  }
  return null;
}

function useStill(urls: string[], wanted: boolean): string {
  const [shown, setShown] = useState('');
  const latest = useRef(urls);
  latest.current = urls;
  const any = wanted && urls.length > 0;
  useEffect(() => {
    if (!any) {
      setShown('');
      return undefined;
    }
    let ended = false;
    let object = '';
    const look = async () => {
      if (document.visibilityState !== 'visible') return;
      const blob = await fetchStill(latest.current);
      if (ended || !blob) return;
      const fresh = URL.createObjectURL(blob);
      setShown(fresh);
      if (object) setTimeout(URL.revokeObjectURL, 1000, object);
      object = fresh;
    };
    void look();
    const timer = setInterval(() => void look(), refreshMs);
    return () => {
      ended = true;
      clearInterval(timer);
      if (object) URL.revokeObjectURL(object);
    };
  }, [any]);
  return any ? shown : '';
}

function absence({ rehearsal, pictureUrls, state, facts }: LiveStream): string {
  if (rehearsal && pictureUrls.length === 0) return text.privatePicture;
  if (facts && !facts.videoCodec && state !== 'STARTING') return text.videoGone;
  return text.noPicture;
}

export function Still({ stream }: { stream: LiveStream }) {
  const shown = useStill(stream.pictureUrls, stream.state !== 'ENDED');
  return (
    <span class="picture">
      {shown ? (
        <img src={shown} alt={text.picture(stream.lectureTitle)} width={480} height={270} decoding="async" />
      ) : (
        <span class="absent">
          <Icon name={stream.rehearsal ? 'key' : 'live'} class="no-picture" />
          <small>{absence(stream)}</small>
        </span>
      )}
    </span>
  );
}
