// What everybody is told: written with a preview, for a time, and taken back.
import { useState } from 'preact/hooks';
import type { Announcement, AnnouncementLevel, ListAnnouncementsResponse } from '../../generated/api';
import { api, embeddedOrNull, getAll } from '../../lib/api';
import { formatDateTime } from '../../lib/format';
import { Button, Field, Icon, Notice, Pill, Select, Skeleton, useLoad } from '../../lib/parts';
import { Ask, useAction } from '../../manage/acting';
import { serverNow } from '../../manage/clock';
import { text } from './words';

const longest = 1000;

// As the header of every page shows it.
function Preview({ words, level }: { words: string; level: AnnouncementLevel }) {
  return (
    <div class="preview" role="group" aria-label={text.preview}>
      <div class={level === 'WARNING' ? 'announcement warning' : 'announcement'}>
        <Icon name={level === 'WARNING' ? 'warning' : 'info'} />
        <p class={words ? undefined : 'soft'}>{words || text.previewEmpty}</p>
      </div>
    </div>
  );
}

// A date and time of this browser's clock ("2026-11-21T09:00") as the API wants it.
const timestamp = (local: string) => (local ? new Date(local).toISOString() : undefined);

function WriteForm({ onWritten }: { onWritten: () => void }) {
  const [words, setWords] = useState('');
  const [level, setLevel] = useState<AnnouncementLevel>('INFO');
  const [from, setFrom] = useState('');
  const [until, setUntil] = useState('');
  const [told, setTold] = useState('');
  const early = until !== '' && Date.parse(timestamp(until)!) <= (from ? Date.parse(timestamp(from)!) : serverNow());
  const { busy, error, act } = useAction(async () => {
    await api.post<Announcement>('/v1/announcements', {
      text: words.trim(),
      level,
      startTime: timestamp(from),
      endTime: timestamp(until),
    });
    setWords('');
    setFrom('');
    setUntil('');
    setTold(text.announced);
  }, onWritten);
  const ready = words.trim() !== '' && !early;
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !busy) void act();
      }}
    >
      <Field
        label={text.announcement}
        required
        rows={3}
        value={words}
        maxLength={longest}
        hint={text.announcementHint}
        onInput={(value) => {
          setTold('');
          setWords(value);
        }}
      />
      <div class="form-row">
        <Select
          label={text.level}
          value={level}
          onChange={setLevel}
          options={[
            { value: 'INFO', label: text.info },
            { value: 'WARNING', label: text.warning },
          ]}
        />
        <Field label={text.from} type="datetime-local" value={from} hint={text.fromHint} onInput={setFrom} />
        <Field
          label={text.until}
          type="datetime-local"
          value={until}
          hint={text.untilHint}
          error={early ? text.untilBefore : undefined}
          onInput={setUntil}
        />
      </div>
      <div>
        <h3 class="side-title">{text.preview}</h3>
        <Preview words={words} level={level} />
      </div>
      {error !== null && <Notice error={error} />}
      <div class="row">
        <Button type="submit" kind="primary" disabled={!ready} busy={busy}>
          {text.announce}
        </Button>
        <span role="status" class="soft">
          {told}
        </span>
      </div>
    </form>
  );
}

function stateOf({ startTime, endTime }: Announcement): 'now' | 'later' | 'over' {
  const now = serverNow();
  if (startTime && Date.parse(startTime) > now) return 'later';
  return endTime && Date.parse(endTime) <= now ? 'over' : 'now';
}

function Item({ announcement, onDelete }: { announcement: Announcement; onDelete: () => void }) {
  const { text: words, level, startTime, endTime } = announcement;
  const state = stateOf(announcement);
  return (
    <li>
      <span class="grow">
        <span class="announcement-words">
          <Icon name={level === 'WARNING' ? 'warning' : 'info'} />
          <span>{words}</span>
        </span>
        <small>
          {startTime && formatDateTime(startTime)} {'\u2013'} {endTime ? formatDateTime(endTime) : text.always}
        </small>
      </span>
      {state === 'now' ? (
        <Pill tone="good" icon="eye">
          {text.shownNow}
        </Pill>
      ) : (
        <Pill icon={state === 'later' ? 'clock' : 'check'}>{state === 'later' ? text.later : text.over}</Pill>
      )}
      <Button small kind="quiet" icon="trash" label={text.deleteLabel(words.slice(0, 60))} onClick={onDelete} />
    </li>
  );
}

export function Announcements() {
  const came = embeddedOrNull<ListAnnouncementsResponse>('announcements');
  const load = useLoad(
    () => getAll<Announcement>('/v1/announcements?page_size=100', 'announcements'),
    came && !came.nextPageToken ? came.announcements : null,
  );
  const [leaving, setLeaving] = useState<Announcement | null>(null);
  const remove = async () => {
    await api.del(`/v1/${leaving!.name}`);
    await load.reload();
  };
  return (
    <section class="panel" aria-labelledby="announcements">
      <header>
        <h2 id="announcements">{text.announcements}</h2>
      </header>
      <p class="soft">{text.announcementsText}</p>
      <WriteForm onWritten={() => void load.reload()} />
      <h3 class="written">{text.list}</h3>
      {load.error && <Notice error={load.error} onRetry={() => void load.reload()} />}
      {!load.data && !load.error && <Skeleton lines={2} />}
      {load.data?.length === 0 && <p class="soft">{text.none}</p>}
      <ul class="items">
        {load.data?.map((one) => (
          <Item key={one.name} announcement={one} onDelete={() => setLeaving(one)} />
        ))}
      </ul>
      {leaving && (
        <Ask title={text.deleteTitle} action={text.delete} danger run={remove} onDone={() => setLeaving(null)}>
          <p>{leaving.text}</p>
          <p class="soft">{text.deleteText}</p>
        </Ask>
      )}
    </section>
  );
}
