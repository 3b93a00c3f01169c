import './search.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Course, Lecture, SearchHit, SearchResponse } from '../../generated/api';
import { parameter, setParameter } from '../../lib/address';
import { api, ApiError, embedded } from '../../lib/api';
import { termText } from '../../lib/format';
import { mount, Page, pageMe } from '../../lib/layout';
import { Button, coursePath, Empty, Icon, LectureRow, Monogram, Notice, Pill, Skeleton } from '../../lib/parts';
import { text } from '../../lib/texts';
import { marked } from './marks';
import { t } from './words';

const me = pageMe();
const pauseMs = 250;

interface Results {
  query: string;
  hits: SearchHit[];
  next: string;
}

function first(): { results: Results | null; error: ApiError | null } {
  try {
    const came = embedded<SearchResponse>('results');
    return { results: came && { query: parameter('q').trim(), hits: came.hits, next: came.nextPageToken }, error: null };
  } catch (error) {
    return { results: null, error: error as ApiError };
  }
}

function Marked({ words, query }: { words: string; query: string }) {
  return <>{marked(words, query).map((piece, i) => (piece.hit ? <mark key={i}>{piece.text}</mark> : piece.text))}</>;
}

function CourseHit({ course, query }: { course: Course; query: string }) {
  return (
    <article class="lecture-row course-hit">
      <Monogram course={course} />
      <div class="row-text">
        <h3>
          <a class="card-link" href={coursePath(course.name)}>
            <Marked words={course.title} query={query} />
          </a>
        </h3>
        {course.description && (
          <p class="soft cut small-text">
            <Marked words={course.description} query={query} />
          </p>
        )}
        <p class="soft facts">
          <span>{course.organizationName}</span>
          {course.term && <span>{termText(course.term)}</span>}
          <span>{text.lectures(course.lectureCount)}</span>
        </p>
      </div>
      {(course.me?.newLectures ?? 0) > 0 && (
        <div class="row-state">
          <Pill tone="accent">{text.newLectures(course.me!.newLectures)}</Pill>
        </div>
      )}
    </article>
  );
}

function Groups({ results }: { results: Results }) {
  const courses = results.hits.map((hit) => hit.course).filter((course): course is Course => Boolean(course));
  const lectures = results.hits.map((hit) => hit.lecture).filter((lecture): lecture is Lecture => Boolean(lecture));
  return (
    <>
      {courses.length > 0 && (
        <section class="hits" aria-labelledby="courses">
          <h2 id="courses">{t.courses}</h2>
          <ul class="rows">
            {courses.map((course) => (
              <li key={course.name}>
                <CourseHit course={course} query={results.query} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {lectures.length > 0 && (
        <section class="hits" aria-labelledby="lectures">
          <h2 id="lectures">{t.lectures}</h2>
          <ul class="rows">
            {lectures.map((lecture) => (
              <li key={lecture.name}>
                <LectureRow course lecture={lecture} title={<Marked words={lecture.title} query={results.query} />} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

// Arrow keys go from the field through the hits and back.
function walk(event: KeyboardEvent): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (!step) return;
  const stops = [...document.querySelectorAll<HTMLElement>('#q, .hits .card-link')];
  const nowhere = document.activeElement === document.body; // as after the page was opened: the field is before the first hit
  const at = nowhere ? 0 : stops.indexOf(document.activeElement as HTMLElement);
  const next = stops[at + step];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
}

function SearchPage() {
  const start = useRef(first()).current;
  const [query, setQuery] = useState(parameter('q'));
  const [results, setResults] = useState(start.results);
  const [error, setError] = useState(start.error);
  const [busy, setBusy] = useState(false);
  const turn = useRef(0);
  const asked = useRef(parameter('q').trim());
  const words = query.trim();

  const ask = async (wanted: string, next = '') => {
    turn.current += 1;
    const mine = turn.current;
    asked.current = wanted;
    setBusy(true);
    try {
      const page = next ? `&page_token=${encodeURIComponent(next)}` : '';
      const answer = await api.get<SearchResponse>(`/v1/search?query=${encodeURIComponent(wanted)}${page}`);
      if (mine !== turn.current) return;
      setResults({
        query: wanted,
        hits: next && results ? [...results.hits, ...answer.hits] : answer.hits,
        next: answer.nextPageToken,
      });
      setError(null);
    } catch (failure) {
      if (mine === turn.current) setError(failure as ApiError);
    } finally {
      if (mine === turn.current) setBusy(false);
    }
  };

  useEffect(() => {
    if (words === asked.current) return undefined;
    const timer = setTimeout(() => {
      setParameter('q', words);
      if (words.length >= 2) void ask(words);
      else {
        asked.current = words;
        setResults(null);
        setError(null);
      }
    }, pauseMs);
    return () => clearTimeout(timer);
  }, [words]);

  const ready = words.length >= 2;
  return (
    <Page me={me} title={ready ? t.titleFor(words) : t.title} crumbs={[{ label: text.home, href: '/' }]} search={false}>
      <div onKeyDown={walk}>
        <h1>{t.title}</h1>
        <form
          class="big-search"
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            if (ready) void ask(words);
          }}
        >
          <label class="unseen" for="q">
            {t.label}
          </label>
          <Icon name="search" />
          <input
            id="q"
            type="search"
            value={query}
            placeholder={t.label}
            maxLength={200}
            autoComplete="off"
            autoFocus={!query}
            aria-describedby="q-hint"
            onInput={(event) => setQuery(event.currentTarget.value)}
          />
          <Button kind="primary" type="submit">
            {t.button}
          </Button>
        </form>
        <p class="hint" id="q-hint">
          {ready ? t.keys : t.hint}
        </p>
        <p role="status" class="found soft">
          {results && ready && !busy && results.hits.length > 0 ? t.found(results.hits.length, Boolean(results.next)) : ''}
        </p>
        {error && ready && <Notice error={error} onRetry={() => void ask(words)} />}
        {!ready && <Empty title={t.start} icon="search" />}
        {ready && !results && !error && <Skeleton lines={6} />}
        {ready && results && results.hits.length === 0 && !busy && (
          <Empty title={t.none(results.query)} icon="search">
            {me?.user ? t.noneHintSignedIn : t.noneHint}
          </Empty>
        )}
        {ready && results && (
          <div class={busy ? 'waiting' : undefined}>
            <Groups results={results} />
          </div>
        )}
        {ready && results?.next && (
          <p class="more">
            <Button busy={busy} onClick={() => void ask(results.query, results.next)}>
              {t.more}
            </Button>
          </p>
        )}
      </div>
    </Page>
  );
}

mount(<SearchPage />);
