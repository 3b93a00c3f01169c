// What can be done with the lecture besides watching it: share, download, manage.
import { useState } from 'preact/hooks';
import type { Download, Lecture, View } from '../../generated/api';
import { api } from '../../lib/api';
import { Button, CopyBox, Dialog, Switch } from '../../lib/controls';
import { Notice } from '../../lib/feedback';
import { clockText, idOf } from '../../lib/format';
import { Menu } from '../../lib/menu';
import type { Session } from '../../player/session';
import { timeParameter } from '../../player/timing';
import { text } from './words';

export const mayTeach = (lecture: Lecture) => ['TEACH', 'MAINTAIN', 'ADMINISTER'].includes(lecture.right);

function Share({ session, onClose }: { session: Session; onClose: () => void }) {
  const [at] = useState(() => session.position);
  const [timed, setTimed] = useState(at >= 5);
  const address = location.origin + location.pathname;
  return (
    <Dialog open title={text.shareTitle} onClose={onClose}>
      <CopyBox label={text.link} value={timed ? `${address}?t=${timeParameter(at)}` : address} />
      {at >= 1 && <Switch label={text.fromTime(clockText(at))} checked={timed} onChange={setTimed} />}
      <p class="hint">{text.shareHint}</p>
    </Dialog>
  );
}

function Downloads({ lecture }: { lecture: Lecture }) {
  const [error, setError] = useState<unknown>(null);
  const views = lecture.views.filter((view) => view.state === 'PLAYABLE' || view.state === 'COMPLETE');
  if (!(lecture.downloadsEnabled || mayTeach(lecture)) || lecture.state !== 'RECORDED' || views.length === 0) return null;
  const begin = async (view: View) => {
    setError(null);
    try {
      const { url, fileName } = await api.post<Download>(`/v1/${lecture.name}:download`, { view });
      const link = document.createElement('a');
      link.href = url;
      link.download = fileName;
      link.click();
    } catch (fault) {
      setError(fault);
    }
  };
  return (
    <>
      <Menu
        label={text.download}
        icon="download"
        items={views.map((view) => ({ label: text[view.view], onSelect: () => void begin(view.view) }))}
      />
      {error !== null && (
        <div class="download-failed">
          <Notice title={text.downloadFailed} error={error} />
        </div>
      )}
    </>
  );
}

export function Actions({ session, lecture }: { session: Session; lecture: Lecture }) {
  const [sharing, setSharing] = useState(false);
  return (
    <div class="lecture-actions">
      <Button icon="external" onClick={() => setSharing(true)}>
        {text.share}
      </Button>
      <Downloads lecture={lecture} />
      {mayTeach(lecture) && (
        <Button icon="edit" href={`/teach/lectures/${idOf(lecture.name)}`}>
          {text.manage}
        </Button>
      )}
      {sharing && <Share session={session} onClose={() => setSharing(false)} />}
    </div>
  );
}
