// The organizations that a person maintains, as a tree.
import '../../manage/manage.css';
import './tree.css';
import { useEffect, useState } from 'preact/hooks';
import type { ListOrganizationsResponse, Me, Organization } from '../../generated/api';
import { parameter } from '../../lib/address';
import { embedded } from '../../lib/api';
import { idOf } from '../../lib/format';
import { mount, pageMe } from '../../lib/layout';
import { Button, Empty, Notice, Skeleton } from '../../lib/parts';
import { CreateDialog, DeleteDialog, RenameDialog } from '../../manage/organization_deeds';
import { useOrganizations } from '../../manage/organizations';
import { Place } from '../../manage/place';
import { SearchField } from '../../manage/search_field';
import { pathTo, treeOf, type Branch } from '../../manage/tree';
import { fitsText } from '../../manage/url_state';
import { text } from '../../manage/tree_words';
import { text as common } from '../../manage/words';
import { OrganizationTree, useOpenNodes } from './tree';

type Deed = { deed: 'create' | 'rename' | 'delete'; branch: Branch | null };

// Whoever has one organization only has nothing to choose.
const joining = parameter('join') !== '';

const withNew = (open: Set<string>, parent: string) => new Set([...open, parent]);

function first(): Organization[] | null {
  try {
    const came = embedded<ListOrganizationsResponse>('organizations');
    return came && !came.nextPageToken ? came.organizations : null;
  } catch {
    return null;
  }
}

// Those that fit what is looked for, and the way to them.
function foundIn(organizations: Organization[], looked: string): { shown: Organization[]; marked: Set<string> } {
  if (!looked.trim()) return { shown: organizations, marked: new Set() };
  const marked = new Set(organizations.filter(({ displayName }) => fitsText(looked.trim(), [displayName])).map(({ name }) => name));
  const ways = new Set([...marked].flatMap((name) => pathTo(organizations, name)));
  return { shown: organizations.filter((organization) => ways.has(organization)), marked };
}

function Body({ me, organizations, reload }: { me: Me; organizations: Organization[]; reload: () => Promise<void> }) {
  const [looked, setLooked] = useState('');
  const { open, setOpen } = useOpenNodes(organizations);
  const [deed, setDeed] = useState<Deed | null>(null);
  const [told, setTold] = useState('');
  const { shown, marked } = foundIn(organizations, looked);
  const inside = looked.trim() ? new Set(shown.map(({ name }) => name)) : open;
  const done = (words: string) => {
    setTold(words);
    void reload();
  };
  const toggle = (name: string, wanted: boolean) => {
    const next = new Set(open);
    if (wanted) next.add(name);
    else next.delete(name);
    setOpen(next);
  };
  const parents = organizations.filter(({ name }) => organizations.some(({ parent }) => parent === name)).map(({ name }) => name);
  const subject = deed?.branch?.organization ?? null;
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{joining ? text.join : text.title}</h1>
          <p class="soft">{joining ? text.joinLead : text.lead}</p>
        </div>
        {me.administrator && (
          <Button kind="primary" icon="plus" onClick={() => setDeed({ deed: 'create', branch: null })}>
            {text.newRoot}
          </Button>
        )}
      </div>
      <p class="unseen" role="status">
        {told}
      </p>
      {organizations.length === 0 ? (
        <Empty title={text.empty}>{text.emptyText}</Empty>
      ) : (
        <>
          <div class="tree-tools">
            <SearchField label={text.filter} value={looked} onInput={setLooked} />
            <Button small kind="quiet" onClick={() => setOpen(new Set(parents))}>
              {text.openAll}
            </Button>
            <Button small kind="quiet" onClick={() => setOpen(new Set())}>
              {text.closeAll}
            </Button>
          </div>
          {shown.length > 0 ? (
            <OrganizationTree
              branches={treeOf(shown)}
              open={inside}
              marked={marked}
              onOpen={toggle}
              onDeed={(chosen, branch) => setDeed({ deed: chosen, branch })}
            />
          ) : (
            <Empty
              icon="search"
              title={common.nothingFits}
              actions={<Button onClick={() => setLooked('')}>{common.clearFilters}</Button>}
            />
          )}
        </>
      )}
      {deed?.deed === 'create' && (
        <CreateDialog
          parent={subject}
          onDone={() => setDeed(null)}
          onCreated={(made) => {
            if (subject) setOpen(withNew(open, subject.name));
            done(text.created(made.displayName));
          }}
        />
      )}
      {deed?.deed === 'rename' && (
        <RenameDialog
          organization={subject!}
          onDone={() => setDeed(null)}
          onRenamed={(now) => done(text.renamed(now.displayName))}
        />
      )}
      {deed?.deed === 'delete' && (
        <DeleteDialog
          organization={subject!}
          children={deed.branch!.below}
          onDone={() => setDeed(null)}
          onDeleted={() => done(text.removed(subject!.displayName))}
        />
      )}
    </>
  );
}

function Organizations({ me }: { me: Me }) {
  const { data, error, reload } = useOrganizations(first());
  useEffect(() => {
    if (joining && data?.length === 1) location.replace(`/manage/organizations/${idOf(data[0]!.name)}`);
  }, [data]);
  if (data) return <Body me={me} organizations={data} reload={reload} />;
  return (
    <>
      <h1>{text.title}</h1>
      {error ? <Notice error={error} onRetry={() => void reload()} /> : <Skeleton lines={6} />}
    </>
  );
}

mount(
  <Place me={pageMe()} title={text.title}>
    {(me) => <Organizations me={me} />}
  </Place>,
);
