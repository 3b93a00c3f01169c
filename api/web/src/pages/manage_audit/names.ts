// Who an event's actor or object is: people and machines by name, as far as the person may know them.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { AuditEvent, Me, Organization, Resource, User } from '../../generated/api';
import { api, getAll } from '../../lib/api';

const most = 50; // people asked for one by one, which only administrators may

// Names by resource name ("users/12"). People are asked for as they occur.
export function useNames(
  events: AuditEvent[],
  organizations: Organization[],
  me: Me,
): (name: string) => string {
  const { administrator } = me;
  const [known, setKnown] = useState<ReadonlyMap<string, string>>(
    () => new Map(me.user ? [[me.user.name, me.user.displayName]] : []),
  );
  const asked = useRef(new Set<string>());
  const learn = (pairs: [string, string][]) => setKnown((old) => new Map([...old, ...pairs]));

  useEffect(() => {
    getAll<Resource>('/v1/resources?page_size=500', 'resources')
      .then((all) => learn(all.map(({ name, host }) => [name, host])))
      .catch(() => undefined);
  }, []);
  useEffect(() => {
    if (!administrator) return;
    const people = new Set(
      events
        .map(({ target }) => target)
        .filter((name) => name.startsWith('users/') && !asked.current.has(name)),
    );
    for (const name of [...people].slice(0, most)) {
      asked.current.add(name);
      api
        .get<User>(`/v1/${name}`)
        .then(({ displayName, email }) => learn([[name, displayName || email]]))
        .catch(() => undefined);
    }
  }, [events]);
  const actors = new Map(events.map(({ actor, actorName }) => [actor, actorName]));
  return (name) => actors.get(name) || known.get(name) || organizations.find((one) => one.name === name)?.displayName || name;
}
