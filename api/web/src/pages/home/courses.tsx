// The courses of a semester: the person's own, and those that anyone may watch.
import type { Course, Home, Me } from '../../generated/api';
import { termText } from '../../lib/format';
import { Button, CourseCard, Empty, Select } from '../../lib/parts';
import { t } from './words';

interface CoursesProps {
  me: Me | null;
  home: Home;
  onTerm: (term: string) => void;
  onPin: (course: Course, pinned: boolean) => void;
}

function List({ courses, term, onPin }: { courses: Course[]; term: string; onPin?: CoursesProps['onPin'] }) {
  return (
    <ul class="cards course-cards">
      {courses.map((course) => (
        <li key={course.name}>
          <CourseCard course={course} showTerm={course.term !== term} onPin={onPin && ((pinned) => onPin(course, pinned))} />
        </li>
      ))}
    </ul>
  );
}

export function Courses({ me, home, onTerm, onPin }: CoursesProps) {
  const signedIn = Boolean(me?.user);
  const terms = home.terms.includes(home.term) || !home.term ? home.terms : [home.term, ...home.terms];
  const choice = terms.length > 1 && (
    <Select
      inline
      label={t.semester}
      value={home.term}
      onChange={onTerm}
      options={terms.map((term) => ({ value: term, label: termText(term) }))}
    />
  );
  return (
    <>
      {signedIn && (
        <section class="section" aria-labelledby="mine">
          <div class="section-head">
            <h2 id="mine">{t.myCourses}</h2>
            {choice}
          </div>
          {home.myCourses.length > 0 ? (
            <List courses={home.myCourses} term={home.term} onPin={onPin} />
          ) : (
            <Empty
              title={t.noCourses}
              icon="pin"
              actions={
                <Button href="/search" icon="search">
                  {t.noCoursesAction}
                </Button>
              }
            >
              {t.noCoursesHint}
            </Empty>
          )}
        </section>
      )}
      <section class="section" aria-labelledby="public">
        <div class="section-head">
          <h2 id="public">{signedIn ? t.otherCourses : t.publicCourses}</h2>
          {!signedIn && choice}
        </div>
        {home.publicCourses.length > 0 ? (
          <List courses={home.publicCourses} term={home.term} onPin={signedIn ? onPin : undefined} />
        ) : (
          <Empty title={signedIn ? t.noOther : t.noPublic} icon="calendar">
            {signedIn ? t.noPublicHintSignedIn : t.noPublicHint}
          </Empty>
        )}
      </section>
    </>
  );
}
