// One lecture, for who gives it: uploads, what has become of its recordings, details, sections.
import { useEffect, useState } from 'preact/hooks';
import type { Lecture } from '../../generated/api';
import { api, watch, type StreamState } from '../../lib/api';
import { formatMoment, idOf } from '../../lib/format';
import { mount, pageMe } from '../../lib/layout';
import { Button, Empty, Icon, lecturePath, Menu, Notice, Skeleton, useLoad } from '../../lib/parts';
import { UploadPanel, useUploads } from '../../upload/panel';
import { DeleteLectureDialog } from '../teach_course/delete_lecture';
import { Gate, given } from '../teach/gate';
import { text as shared } from '../teach/shared_words';
import { TeachPill } from '../teach/state';
import { Details } from './details';
import { Sections } from './sections';
import { ViewPanel } from './timeline';
import { text } from './words';
import '../teach/teach.css';
import './lecture.css';

const VIEW_ORDER = ['COMB', 'CAM', 'PRES'];

// The lecture as it is now: what the page came with, then what the server tells whenever it changes.
function useLecture(name: string) {
  const [first, failed] = given<Lecture>('lecture');
  const lecture = useLoad(() => api.get<Lecture>(`/v1/${name}`), first, failed);
  const [stream, setStream] = useState<StreamState>('connecting');
  const known = lecture.data !== null;
  useEffect(
    () => (known ? watch<Lecture>(`/v1/${name}:watch`, { onEvent: lecture.set, onState: setStream }) : undefined),
    [known],
  );
  return { lecture, stream };
}

function Recordings({ lecture }: { lecture: Lecture }) {
  const [news, setNews] = useState('');
  const views = [...lecture.views].sort((a, b) => VIEW_ORDER.indexOf(a.view) - VIEW_ORDER.indexOf(b.view));
  return (
    <section class="panel stack" aria-labelledby="recordings">
      <h2 id="recordings">{text.recordings}</h2>
      <p role="status" class={news ? 'soft' : 'unseen'}>
        {news}
      </p>
      {views.length === 0 && (
        <Empty icon="play" title={text.noRecording}>
          {text.noRecordingText}
        </Empty>
      )}
      {views.map((view) => (
        <ViewPanel key={view.view} me={pageMe()} lecture={lecture} view={view} onNews={setNews} />
      ))}
    </section>
  );
}

function Head({ lecture, onDelete }: { lecture: Lecture; onDelete: () => void }) {
  return (
    <div class="page-head">
      <div>
        <h1>{lecture.title}</h1>
        <p class="soft facts">
          <TeachPill lecture={lecture} />
          {lecture.startTime && <time dateTime={lecture.startTime}>{formatMoment(lecture.startTime)}</time>}
        </p>
      </div>
      <div class="row">
        <Button icon="external" href={lecturePath(lecture.name)}>
          {text.lecturePage}
        </Button>
        {lecture.state === 'SCHEDULED' && (
          <Button icon="live" href={`/teach/stream?lecture=${idOf(lecture.name)}`}>
            {text.stream}
          </Button>
        )}
        <Menu
          kind="plain"
          align="end"
          label={text.more}
          button={<Icon name="more" />}
          items={[{ label: text.delete, icon: 'trash', danger: true, onSelect: onDelete }]}
        />
      </div>
    </div>
  );
}

function TeachLecture() {
  const me = pageMe();
  const name = `lectures/${idOf(location.pathname)}`;
  const { lecture, stream } = useLecture(name);
  const queue = useUploads();
  const [deleting, setDeleting] = useState(false);
  const data = lecture.data;
  const teaches = me?.user !== undefined && data !== null;
  useEffect(() => {
    if (teaches) queue.loadOpen(name).catch(() => undefined);
  }, [teaches]);
  const crumbs = [
    { label: shared.teach, href: '/teach' },
    ...(data ? [{ label: data.courseTitle, href: `/teach/${data.course}` }] : []),
  ];
  return (
    <Gate
      me={me}
      title={data?.title ?? ''}
      crumbs={crumbs}
      error={data ? null : lecture.error}
      onRetry={() => void lecture.reload()}
      right={data?.right}
      watchPath={data ? lecturePath(data.name) : undefined}
    >
      {!data ? (
        <Skeleton lines={6} />
      ) : (
        <>
          <Head lecture={data} onDelete={() => setDeleting(true)} />
          {data.state === 'LIVE' && (
            <Notice
              tone="info"
              title={text.onAir}
              actions={
                <Button small icon="live" href="/teach/stream">
                  {text.toStream}
                </Button>
              }
            >
              <p>{text.onAirText(data.viewers)}</p>
            </Notice>
          )}
          {stream === 'lost' && (
            <p class="hint" role="status">
              {text.connectionLost}
            </p>
          )}
          <div class="lecture-columns">
            <div class="stack">
              <section class="panel stack" aria-labelledby="upload">
                <h2 id="upload">{text.upload}</h2>
                <UploadPanel me={me} queue={queue} lectures={[data]} lecture={data} />
                {data.views.length > 0 && <p class="hint">{text.replaceHint}</p>}
              </section>
              <Recordings lecture={data} />
              <Sections lecture={data} />
            </div>
            <Details lecture={data} onChange={lecture.set} />
          </div>
          {deleting && (
            <DeleteLectureDialog
              lecture={data}
              others={[]}
              onClose={() => setDeleting(false)}
              onDeleted={() => location.assign(`/teach/${data.course}`)}
            />
          )}
        </>
      )}
    </Gate>
  );
}

mount(<TeachLecture />);
