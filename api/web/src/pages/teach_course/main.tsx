// One course, for who teaches it.
import { useEffect, useState } from 'preact/hooks';
import { text as aboutCourse } from '../../courses/words';
import type { Course, Lecture } from '../../generated/api';
import { api, getAll } from '../../lib/api';
import { idOf, termText } from '../../lib/format';
import { mount, pageMe } from '../../lib/layout';
import { Button, coursePath, Pill, Skeleton, Tabs, useInterval, useLoad } from '../../lib/parts';
import { Gate, given } from '../teach/gate';
import { text as shared } from '../teach/shared_words';
import { Lectures } from './lectures';
import { People } from './people';
import { Settings } from './settings';
import { text } from './words';
import '../teach/teach.css';
import './course.css';

const TABS = ['lectures', 'settings', 'people'];

// The chosen tab is in the address, so that it can be linked to and survives a reload.
function useTab(): [string, (key: string) => void] {
  const read = () => (TABS.includes(location.hash.slice(1)) ? location.hash.slice(1) : TABS[0]!);
  const [tab, setTab] = useState(read);
  useEffect(() => {
    const follow = () => setTab(read());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return [
    tab,
    (key) => {
      history.replaceState(null, '', key === TABS[0] ? location.pathname : `#${key}`);
      setTab(key);
    },
  ];
}

function TeachCourse() {
  const me = pageMe();
  const name = `courses/${idOf(location.pathname)}`;
  const [first, failed] = given<Course>('course');
  const [firstLectures, lecturesFailed] = given<{ lectures: Lecture[]; nextPageToken: string }>('lectures');
  const course = useLoad(() => api.get<Course>(`/v1/${name}`), first, failed);
  const whole = firstLectures && !firstLectures.nextPageToken ? firstLectures.lectures : null;
  const lectures = useLoad(() => getAll<Lecture>(`/v1/${name}/lectures?page_size=200`, 'lectures'), whole, lecturesFailed);
  useInterval(() => void lectures.reload(), 15);
  const [tab, setTab] = useTab();
  const data = course.data;
  const crumbs = [{ label: shared.teach, href: '/teach' }];
  return (
    <Gate
      me={me}
      title={data?.title ?? ''}
      crumbs={crumbs}
      error={data ? null : course.error}
      onRetry={() => void course.reload()}
      right={data?.right}
      watchPath={data ? coursePath(data.name) : undefined}
    >
      {!data ? (
        <Skeleton lines={6} />
      ) : (
        <>
          <div class="page-head">
            <div>
              <h1>{data.title}</h1>
              <p class="soft facts">
                <span>{data.organizationName}</span>
                <span>{termText(data.term)}</span>
                <Pill icon="eye">{aboutCourse.visibility[data.visibility]}</Pill>
              </p>
            </div>
            <Button icon="external" href={coursePath(data.name)}>
              {text.coursePage}
            </Button>
          </div>
          <Tabs
            label={text.parts}
            selected={tab}
            onSelect={setTab}
            tabs={[
              {
                key: 'lectures',
                label: text.lectures,
                count: lectures.data?.filter((one) => !one.rehearsal).length,
                content: () => <Lectures me={me} course={data} lectures={lectures} />,
              },
              { key: 'settings', label: text.settings, content: () => <Settings course={data} onChange={course.set} /> },
              { key: 'people', label: text.people, content: () => <People me={me} course={data} /> },
            ]}
          />
        </>
      )}
    </Gate>
  );
}

mount(<TeachCourse />);
