// What belongs to the organization beside courses: organizations below it, machines, stored recordings.
import type { ListStorageResponse, Organization, Resource, ResourceChanges } from '../../generated/api';
import { api } from '../../lib/api';
import { bytesText, idOf, numberText, playingText, secondsOf } from '../../lib/format';
import { Button, Notice, Skeleton, useLoad } from '../../lib/parts';
import { HostName } from '../../manage/host_name';
import { Meter } from '../../manage/meter';
import { Following, ResourcePill } from '../../manage/states';
import { text as treeText } from '../../manage/tree_words';
import { useWatched } from '../../manage/watching';
import { compareNames, kindText } from '../../manage/words';
import { text } from './words';

const readChanges = ({ reset, resources, removed }: ResourceChanges) => ({ reset, changed: resources, removed });

export function ChildrenPanel({
  organizations,
  organization,
  onCreate,
}: {
  organizations: Organization[];
  organization: Organization;
  onCreate: () => void;
}) {
  const children = organizations.filter(({ parent }) => parent === organization.name);
  return (
    <section class="panel" aria-labelledby="children-title">
      <header>
        <h2 id="children-title">
          {text.children}
          {children.length > 0 && <span class="count">{children.length}</span>}
        </h2>
        <Button small icon="plus" onClick={onCreate}>
          {text.createChild}
        </Button>
      </header>
      {children.length === 0 && <p class="soft">{text.noChildren}</p>}
      <ul class="items">
        {children.map((child) => (
          <li key={child.name}>
            <span class="grow">
              <a href={`/manage/organizations/${idOf(child.name)}`}>{child.displayName}</a>
            </span>
            <small class="soft tabular">
              {treeText.courses(child.courseCount)}, {treeText.resources(child.resourceCount)}
            </small>
          </li>
        ))}
      </ul>
    </section>
  );
}

// Its own, as they are this second.
export function ResourcesPanel({ organization }: { organization: Organization }) {
  const watched = useWatched<Resource, ResourceChanges>(
    `/v1/resources:watch?organization=${encodeURIComponent(organization.name)}`,
    readChanges,
  );
  const own = watched.items
    .filter((resource) => resource.organization === organization.name)
    .sort((a, b) => compareNames(a.host, b.host));
  return (
    <section class="panel" aria-labelledby="resources-title">
      <header>
        <h2 id="resources-title">
          {text.resources}
          {watched.loaded && <span class="count">{own.length}</span>}
        </h2>
        <Following state={watched.state} />
      </header>
      {watched.error && <Notice error={watched.error} />}
      {!watched.loaded && !watched.error && <Skeleton lines={3} />}
      {watched.loaded && own.length === 0 && <p class="soft">{text.noResources}</p>}
      <ul class="items">
        {own.map((resource) => (
          <li key={resource.name}>
            <span class="grow">
              <a href={`/manage/resources?open=${idOf(resource.name)}`}>
                <HostName host={resource.host} />
              </a>
              <small>{kindText(resource.kind)}</small>
            </span>
            <ResourcePill state={resource.state} />
          </li>
        ))}
      </ul>
      {own.length > 0 && (
        <Button small kind="quiet" icon="server" href={`/manage/resources?organization=${encodeURIComponent(organization.name)}`}>
          {text.allResources}
        </Button>
      )}
    </section>
  );
}

export function StoragePanel({ organization }: { organization: Organization }) {
  const load = useLoad(() =>
    api.get<ListStorageResponse>(`/v1/storage?organization=${encodeURIComponent(organization.name)}&page_size=1`),
  );
  const use = load.data?.storage.find((one) => one.organization === organization.name);
  const [subtree, quota] = [Number(use?.subtreeBytes ?? 0), Number(use?.quotaBytes ?? 0)];
  return (
    <section class="panel" aria-labelledby="storage-title">
      <header>
        <h2 id="storage-title">{text.storage}</h2>
        <a class="small-text" href="/manage/storage">
          {text.allStorage}
        </a>
      </header>
      {load.error && <Notice error={load.error} onRetry={() => void load.reload()} />}
      {load.loading && !load.data && <Skeleton lines={2} />}
      {use && (
        <>
          {quota > 0 && (
            <Meter label={text.storage} share={subtree / quota} figure={`${bytesText(subtree)} / ${bytesText(quota)}`} />
          )}
          <dl class="fact-list small-facts">
            <div>
              <dt>{text.ownStorage}</dt>
              <dd>{bytesText(use.bytes)}</dd>
            </div>
            <div>
              <dt>{text.subtreeStorage}</dt>
              <dd>{bytesText(subtree)}</dd>
            </div>
            <div>
              <dt>{text.quota}</dt>
              <dd>{quota > 0 ? bytesText(quota) : text.noQuota}</dd>
            </div>
            <div>
              <dt>{text.recordings}</dt>
              <dd>{numberText(use.recordings)}</dd>
            </div>
            <div>
              <dt>{text.hours}</dt>
              <dd>{playingText(secondsOf(use.duration))}</dd>
            </div>
          </dl>
        </>
      )}
    </section>
  );
}
