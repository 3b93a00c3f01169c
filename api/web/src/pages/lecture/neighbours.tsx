// The lectures before and after this one.
import type { Lecture } from '../../generated/api';
import { getAll } from '../../lib/api';
import { lecturePath, whenText } from '../../lib/cards';
import { useLoad } from '../../lib/data';
import { Icon } from '../../lib/icons';
import { text } from './words';

function Neighbour({ lecture, label, next }: { lecture: Lecture | undefined; label: string; next?: boolean }) {
  if (!lecture) return <span />;
  return (
    <a class={`neighbour${next ? ' next' : ''}`} href={lecturePath(lecture.name)}>
      {!next && <Icon name="previous" />}
      <span><small>{label} · {whenText(lecture)}</small><strong>{lecture.title}</strong></span>
      {next && <Icon name="next" />}
    </a>
  );
}

export function Neighbours({ lecture }: { lecture: Lecture }) {
  const { data } = useLoad(() => getAll<Lecture>(`/v1/${lecture.course}/lectures?page_size=200`, 'lectures'));
  const all = (data ?? []).filter(({ name, rehearsal }) => !rehearsal || name === lecture.name);
  const at = all.findIndex((candidate) => candidate.name === lecture.name);
  return (
    <nav class="neighbours" aria-label={text.lecturesOf}>
      {data && at >= 0 && (
        <>
          <Neighbour lecture={all[at - 1]} label={text.previous} />
          <Neighbour lecture={all[at + 1]} label={text.next} next />
        </>
      )}
    </nav>
  );
}
