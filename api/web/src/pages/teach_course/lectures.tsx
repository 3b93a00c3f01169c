// The lectures of a course: what runs, what needs somebody, what comes, what was.
import { useEffect, useState } from 'preact/hooks';
import type { Course, Lecture, Me } from '../../generated/api';
import { clockText, formatDay, formatTime, idOf, secondsOf } from '../../lib/format';
import { Button, Empty, Icon, lecturePath, Menu, Notice, type Load } from '../../lib/parts';
import { UploadPanel, useUploads } from '../../upload/panel';
import { ViewWords, TeachPill } from '../teach/state';
import { text as shared } from '../teach/shared_words';
import { grouped } from '../teach/trouble';
import { DeleteLectureDialog } from './delete_lecture';
import { LectureDialog } from './lecture_form';
import { text } from './words';

function When({ lecture }: { lecture: Lecture }) {
  if (!lecture.startTime) return <p class="when soft">{shared.noDate}</p>;
  const times = lecture.endTime
    ? `${formatTime(lecture.startTime)}–${formatTime(lecture.endTime)}`
    : formatTime(lecture.startTime);
  return (
    <p class="when">
      <time dateTime={lecture.startTime}>{formatDay(lecture.startTime)}</time>
      <span class="soft">{times}</span>
    </p>
  );
}

function Row({ lecture, onDelete }: { lecture: Lecture; onDelete: () => void }) {
  const edit = `/teach/lectures/${idOf(lecture.name)}`;
  const length = secondsOf(lecture.duration);
  const errors = lecture.views.filter((view) => view.error);
  return (
    <li class="lecture-row">
      <When lecture={lecture} />
      <div class="grow">
        <a class="row-title" href={edit}>
          {lecture.title}
        </a>
        <p class="soft facts">
          <ViewWords lecture={lecture} />
          {length > 0 && <span>{clockText(length)}</span>}
          {lecture.state === 'LIVE' && (
            <span>
              <Icon name="eye" />
              {text.viewers(lecture.viewers)}
            </span>
          )}
        </p>
        {errors.map((view) => (
          <p key={view.view} class="row-error">
            {shared.views[view.view]}: {view.error}
          </p>
        ))}
      </div>
      <TeachPill lecture={lecture} />
      <Menu
        label={text.actionsFor(lecture.title)}
        button={<Icon name="more" />}
        kind="quiet"
        align="end"
        items={[
          { label: text.edit, icon: 'edit', href: edit },
          { label: text.openPage, icon: 'external', href: lecturePath(lecture.name) },
          lecture.state === 'SCHEDULED' && {
            label: text.goLive,
            icon: 'live',
            href: `/teach/stream?lecture=${idOf(lecture.name)}`,
          },
          { label: shared.delete, icon: 'trash', danger: true, separated: true, onSelect: onDelete },
        ]}
      />
    </li>
  );
}

interface LecturesProps {
  me: Me | null;
  course: Course;
  lectures: Load<Lecture[]>;
}

export function Lectures({ me, course, lectures }: LecturesProps) {
  const queue = useUploads();
  const [creating, setCreating] = useState(false);
  const [uploading, setUploading] = useState(false);
  const [deleting, setDeleting] = useState<Lecture | null>(null);
  const [news, setNews] = useState('');
  const all = lectures.data ?? [];
  useEffect(() => {
    queue.loadOpen().then(
      () => {
        const here = new Set(all.map(({ name }) => name));
        if (queue.items.some(({ task }) => here.has(task.plan.lecture))) setUploading(true);
      },
      () => undefined,
    );
  }, []);
  const made = (added: Lecture[]) => {
    setCreating(false);
    setNews(text.created(added.length));
    void lectures.reload();
  };
  const deleted = (names: string[]) => {
    setDeleting(null);
    setNews(text.deleted(names.length));
    lectures.set(all.filter(({ name }) => !names.includes(name)));
  };
  const newLecture = (
    <Button kind="primary" icon="plus" onClick={() => setCreating(true)}>
      {text.newLecture}
    </Button>
  );
  return (
    <>
      <div class="row toolbar">
        {newLecture}
        {all.length > 0 && (
          <Button icon="upload" pressed={uploading} onClick={() => setUploading(!uploading)}>
            {text.upload}
          </Button>
        )}
        <p role="status" class="soft">
          {news}
        </p>
      </div>
      {uploading && (
        <section class="panel" aria-label={text.upload}>
          <UploadPanel me={me} queue={queue} lectures={all} />
        </section>
      )}
      {lectures.error && <Notice error={lectures.error} onRetry={() => void lectures.reload()} />}
      {lectures.data && all.length === 0 && (
        <Empty icon="calendar" title={text.none} actions={newLecture}>
          {text.noneText}
        </Empty>
      )}
      {grouped(all, Date.now()).map(({ group, lectures: ones }) => (
        <section class={`section ${group}`} key={group} aria-label={text.groups[group]}>
          <h2>
            {text.groups[group]} <span class="count">{ones.length}</span>
          </h2>
          <ul class="rows">
            {ones.map((lecture) => (
              <Row key={lecture.name} lecture={lecture} onDelete={() => setDeleting(lecture)} />
            ))}
          </ul>
        </section>
      ))}
      {creating && <LectureDialog course={course} onClose={() => setCreating(false)} onMade={made} />}
      {deleting && <DeleteLectureDialog lecture={deleting} others={all} onClose={() => setDeleting(null)} onDeleted={deleted} />}
    </>
  );
}
