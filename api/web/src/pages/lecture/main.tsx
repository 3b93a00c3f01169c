// The page of a lecture, before it, while it is live, and after it.
import { ApiError, embedded } from '../../lib/api';
import type { Lecture, ListSectionsResponse } from '../../generated/api';
import { embeddedOrNull } from '../../lib/api';
import { Button } from '../../lib/controls';
import { Empty, Notice } from '../../lib/feedback';
import { mount, Page, pageMe } from '../../lib/layout';
import { LecturePage } from './lecture_page';
import { text } from './words';

const me = pageMe();
export const signInUrl = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;

function Refused({ error }: { error: ApiError }) {
  const known = [401, 403, 404].includes(error.status);
  const stranger = known && !me?.user;
  document.body.dataset.phase = 'refused';
  return (
    <Page me={me} title={text.refusedTitle}>
      <h1 class="unseen">{text.refusedTitle}</h1>
      {known ? (
        <Empty
          icon="eye"
          title={text.refusedTitle}
          actions={
            stranger ? (
              <Button kind="primary" href={signInUrl}>
                {text.signIn}
              </Button>
            ) : (
              <Button href="/">{text.toHome}</Button>
            )
          }
        >
          {stranger ? text.signInToWatch : text.notForYou}
        </Empty>
      ) : (
        <Notice title={text.noAnswer} error={error} onRetry={() => location.reload()} />
      )}
    </Page>
  );
}

function lectureOrError(): Lecture | ApiError {
  try {
    return embedded<Lecture>('lecture') ?? new ApiError(404, 'NOT_FOUND', '', '');
  } catch (error) {
    return error instanceof ApiError ? error : new ApiError(0, 'UNKNOWN', '', String(error));
  }
}

const lecture = lectureOrError();
if (lecture instanceof ApiError) mount(<Refused error={lecture} />);
else
  mount(
    <LecturePage
      me={me}
      lecture={lecture}
      sections={embeddedOrNull<ListSectionsResponse>('sections')?.sections ?? []}
      signInUrl={signInUrl}
    />,
  );
