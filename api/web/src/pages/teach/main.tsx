// The courses that the person teaches: trouble first, then by term, each with what comes next.
import { useState } from 'preact/hooks';
import { CourseDialog } from '../../courses/course_form';
import { text as aboutCourse } from '../../courses/words';
import type { Course, Lecture, Me, OpenUpload, Organization } from '../../generated/api';
import { embeddedOrNull, getAll } from '../../lib/api';
import { idOf, percentText, termText } from '../../lib/format';
import { mount, pageMe } from '../../lib/layout';
import { Button, Empty, Icon, Notice, Pill, Skeleton, useLoad, whenText } from '../../lib/parts';
import { Gate, given } from './gate';
import { lecturesOf } from './load';
import { text as shared } from './shared_words';
import { TeachPill } from './state';
import { nextLecture, troubleOf } from './trouble';
import { text } from './words';
import './teach.css';

function byTerm(courses: Course[]): [string, Course[]][] {
  const terms = new Map<string, Course[]>();
  for (const course of courses) terms.set(course.term, [...(terms.get(course.term) ?? []), course]);
  const order = (term: string) => term.replace('S', '1').replace('W', '2');
  return [...terms].sort(([a], [b]) => order(b).localeCompare(order(a)));
}

function Attention({ lectures }: { lectures: Lecture[] }) {
  if (lectures.length === 0) return null;
  return (
    <section class="section attention" aria-labelledby="attention">
      <h2 id="attention">{text.attention}</h2>
      <ul class="rows">
        {lectures.map((lecture) => (
          <li key={lecture.name} class="lecture-row">
            <div class="grow">
              <a class="row-title" href={`/teach/lectures/${idOf(lecture.name)}`}>
                {lecture.title}
              </a>
              <p class="soft facts">
                <span>{lecture.courseTitle}</span>
                <span>{whenText(lecture)}</span>
              </p>
            </div>
            <TeachPill lecture={lecture} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Unfinished() {
  const uploads = embeddedOrNull<{ uploads: OpenUpload[] }>('uploads')?.uploads ?? [];
  if (uploads.length === 0) return null;
  return (
    <section class="section" aria-labelledby="unfinished">
      <h2 id="unfinished">{text.unfinished}</h2>
      <ul class="rows">
        {uploads.map((upload) => (
          <li key={upload.uploadId} class="lecture-row">
            <div class="grow">
              <p class="row-title">{upload.lectureTitle}</p>
              <p class="soft facts">
                <span>{shared.views[upload.view]}</span>
                <span>
                  {text.unfinishedText(
                    upload.fileName,
                    percentText(Number(upload.receivedBytes) / Math.max(1, Number(upload.sizeBytes))),
                  )}
                </span>
              </p>
            </div>
            <Button small icon="upload" href={`/teach/lectures/${idOf(upload.lecture)}`}>
              {text.goOn}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function CourseRow({ course, lectures }: { course: Course; lectures: Lecture[] | undefined }) {
  const next = nextLecture(lectures ?? [], Date.now());
  return (
    <article class="card course-row">
      <div class="card-text">
        <h3>
          <a class="card-link" href={`/teach/${course.name}`}>
            {course.title}
          </a>
        </h3>
        <p class="soft facts">
          <span>{course.organizationName}</span>
          <span>
            <Icon name="eye" />
            {aboutCourse.visibility[course.visibility]}
          </span>
        </p>
        {lectures && (
          <p class="facts next-line">
            {next?.state === 'LIVE' ? (
              <>
                <Pill tone="live" icon="live">
                  {text.liveNow}
                </Pill>
                <span>{next.title}</span>
              </>
            ) : next ? (
              <>
                <span class="soft">{text.next}</span>
                <span>{next.title}</span>
                <span class="soft">{whenText(next)}</span>
              </>
            ) : (
              <span class="soft">{text.nothingNext}</span>
            )}
          </p>
        )}
      </div>
    </article>
  );
}

function NoCourse({ me, canCreate, onCreate }: { me: Me; canCreate: boolean; onCreate: () => void }) {
  const mail = me.installation?.supportEmail;
  const actions = canCreate ? (
    <Button kind="primary" icon="plus" onClick={onCreate}>
      {aboutCourse.newCourse}
    </Button>
  ) : mail ? (
    <Button href={`mailto:${mail}`}>{text.askSupport}</Button>
  ) : undefined;
  return (
    <Empty icon="people" title={text.none} actions={actions}>
      {canCreate ? text.noneMaintainer : text.noneLecturer}
    </Empty>
  );
}

function Teach() {
  const me = pageMe();
  const [first, failed] = given<{ courses: Course[] }>('courses');
  const taught = () => getAll<Course>('/v1/courses?taught=true&page_size=200', 'courses');
  const courses = useLoad(taught, first?.courses ?? null, failed);
  const mayCreate = me !== null && (me.maintains.length > 0 || me.administrator);
  const organizations = useLoad(async () =>
    mayCreate ? getAll<Organization>('/v1/organizations?maintained=true&page_size=1000', 'organizations') : [],
  );
  const lectures = useLoad(async () => lecturesOf(courses.data ?? (await taught())));
  const [creating, setCreating] = useState(false);
  const canCreate = (organizations.data?.length ?? 0) > 0;
  const troubled = [...(lectures.data?.values() ?? [])]
    .flat()
    .filter((one) => ['failed', 'partly'].includes(troubleOf(one, Date.now()) ?? ''));
  const shown = courses.data ?? [];
  return (
    <Gate me={me} title={text.title} error={courses.data ? null : courses.error} onRetry={() => void courses.reload()}>
      <div class="page-head">
        <div>
          <h1>{text.title}</h1>
          <p class="soft">{text.lead}</p>
        </div>
        <div class="row">
          {shown.length > 0 && (
            <Button icon="live" href="/teach/stream">
              {text.stream}
            </Button>
          )}
          {canCreate && (
            <Button kind="primary" icon="plus" onClick={() => setCreating(true)}>
              {aboutCourse.newCourse}
            </Button>
          )}
        </div>
      </div>
      <Unfinished />
      {lectures.loading && shown.length > 0 ? (
        <Skeleton lines={6} />
      ) : (
        <>
          <Attention lectures={troubled} />
          {byTerm(shown).map(([term, ones]) => (
            <section class="section" key={term} aria-label={termText(term) || text.noTerm}>
              <h2>{termText(term) || text.noTerm}</h2>
              <div class="course-rows">
                {ones.map((course) => (
                  <CourseRow key={course.name} course={course} lectures={lectures.data?.get(course.name)} />
                ))}
              </div>
            </section>
          ))}
        </>
      )}
      {courses.loading && <Skeleton lines={6} />}
      {courses.data && shown.length === 0 && me && <NoCourse me={me} canCreate={canCreate} onCreate={() => setCreating(true)} />}
      {shown.length > 0 && !mayCreate && !lectures.loading && <p class="soft section">{text.whom}</p>}
      {courses.data && courses.error && <Notice error={courses.error} onRetry={() => void courses.reload()} />}
      {creating && <CourseDialog organizations={organizations.data ?? []} onClose={() => setCreating(false)} />}
    </Gate>
  );
}

mount(<Teach />);
