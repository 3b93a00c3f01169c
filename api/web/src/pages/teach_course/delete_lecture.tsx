// Asks before a lecture goes, and names what goes with it.
import { useId, useState } from 'preact/hooks';
import type { Lecture } from '../../generated/api';
import { api } from '../../lib/api';
import { lengthText, secondsOf, timeOf } from '../../lib/format';
import { Button, Dialog, Notice, whenText } from '../../lib/parts';
import { text as shared } from '../teach/shared_words';
import { text } from './words';

function losses(lecture: Lecture): string[] {
  const recorded = lecture.views.filter((view) =>
    ['PLAYABLE', 'COMPLETE', 'VIEW_PROCESSING', 'VIEW_FAILED'].includes(view.state),
  );
  const length = secondsOf(lecture.duration);
  return [
    lecture.state === 'LIVE' && text.losesLive,
    recorded.length > 0 &&
      text.losesViews(recorded.map(({ view }) => shared.views[view]).join(', '), length > 0 ? lengthText(length) : ''),
    lecture.views.some((view) => view.state === 'UPLOADING') && text.losesUpload,
    text.losesNotes,
  ].filter((loss) => loss !== false);
}

interface DeleteDialogProps {
  lecture: Lecture;
  others: Lecture[]; // of the same course; those of its series that have not begun can go too
  onClose: () => void;
  onDeleted: (names: string[]) => void;
}

export function DeleteLectureDialog({ lecture, others, onClose, onDeleted }: DeleteDialogProps) {
  const id = useId();
  const [also, setAlso] = useState(false);
  const [state, setState] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: null });
  const later =
    lecture.series === ''
      ? []
      : others.filter(
          (one) =>
            one.series === lecture.series &&
            one.name !== lecture.name &&
            one.state === 'SCHEDULED' &&
            one.views.length === 0 &&
            timeOf(one.startTime) > Date.now(),
        );
  const names = [lecture, ...(also ? later : [])].map(({ name }) => name);
  const remove = async () => {
    setState({ busy: true, error: null });
    const gone: string[] = [];
    try {
      for (const name of names) {
        await api.del(`/v1/${name}`);
        gone.push(name);
      }
      onDeleted(gone);
    } catch (error) {
      if (gone.length > 0) onDeleted(gone);
      else setState({ busy: false, error });
    }
  };
  const actions = (
    <>
      <Button onClick={onClose}>{shared.cancel}</Button>
      <Button kind="danger" icon="trash" busy={state.busy} onClick={() => void remove()}>
        {names.length > 1 ? text.deleteMany(names.length) : text.deleteIt}
      </Button>
    </>
  );
  return (
    <Dialog open title={text.deleteTitle} onClose={onClose} actions={actions}>
      <p>{text.deletes(lecture.title, whenText(lecture))}</p>
      <ul class="bullets">
        {losses(lecture).map((loss) => (
          <li key={loss}>{loss}</li>
        ))}
      </ul>
      {later.length > 0 && (
        <p class="row">
          <input type="checkbox" id={id} checked={also} onChange={(event) => setAlso(event.currentTarget.checked)} />
          <label for={id} class="grow">
            {text.alsoSeries(later.length)}
          </label>
        </p>
      )}
      {state.error !== null && <Notice error={state.error} />}
    </Dialog>
  );
}
