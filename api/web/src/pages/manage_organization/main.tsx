// One organization: who maintains it, what belongs to it, and how machines join it.
import '../../manage/manage.css';
import './organization.css';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Me, Organization } from '../../generated/api';
import { api, ApiError, embedded } from '../../lib/api';
import { idOf } from '../../lib/format';
import { mount, pageMe } from '../../lib/layout';
import { Button, Empty, Menu, Notice, Select, Skeleton, useLoad } from '../../lib/parts';
import { Ask } from '../../manage/acting';
import { CreateDialog, DeleteDialog, RenameDialog } from '../../manage/organization_deeds';
import { useAllOrganizations } from '../../manage/organizations';
import { Place } from '../../manage/place';
import { useDoubt } from '../../manage/rights';
import { indented, pathTo, subtreeOf } from '../../manage/tree';
import { text as treeText } from '../../manage/tree_words';
import { text as common } from '../../manage/words';
import { CoursesPanel } from './courses';
import { ChildrenPanel, ResourcesPanel, StoragePanel } from './holdings';
import { MaintainersPanel } from './maintainers';
import { TestPanel } from './test_panel';
import { TokenPanel } from './token';
import { text } from './words';

const name = `organizations/${idOf(location.pathname)}`;
type Deed = '' | 'create' | 'rename' | 'move' | 'delete';

function first(): { data: Organization | null; error: ApiError | null } {
  try {
    return { data: embedded<Organization>('organization'), error: null };
  } catch (error) {
    return { data: null, error: error as ApiError };
  }
}

interface MoveProps {
  organization: Organization;
  organizations: Organization[];
  onMoved: (organization: Organization) => void;
  onDone: () => void;
}

function MoveDialog({ organization, organizations, onMoved, onDone }: MoveProps) {
  const [parent, setParent] = useState(organization.parent);
  const below = subtreeOf(organizations, organization.name);
  const places = organizations.filter((one) => !below.has(one.name));
  const run = async () => onMoved(await api.post<Organization>(`/v1/${organization.name}:move`, { parent }));
  return (
    <Ask
      title={text.moveTitle(organization.displayName)}
      action={text.move}
      disabled={parent === organization.parent}
      run={run}
      onDone={onDone}
    >
      <Select
        label={text.moveTo}
        value={parent}
        onChange={setParent}
        options={[{ value: '', label: text.moveRoot }, ...indented(places)]}
      />
      <p>{text.moveText}</p>
    </Ask>
  );
}

function Head({ me, organization, choose }: { me: Me; organization: Organization; choose: (deed: Deed) => void }) {
  return (
    <div class="page-head">
      <h1>{organization.displayName}</h1>
      <div class="head-side">
        <Button icon="edit" onClick={() => choose('rename')}>
          {treeText.rename}
        </Button>
        <Menu
          align="end"
          label={common.more(organization.displayName)}
          button={<span>{'\u00b7\u00b7\u00b7'}</span>}
          items={[
            { label: treeText.create, icon: 'plus', onSelect: () => choose('create') },
            me.administrator && { label: text.move, icon: 'next', onSelect: () => choose('move') },
            { label: treeText.remove, icon: 'trash', danger: true, separated: true, onSelect: () => choose('delete') },
          ]}
        />
      </div>
    </div>
  );
}

function Body({ me, organization, all, reload }: { me: Me; organization: Organization; all: Organization[]; reload: () => void }) {
  const [deed, choose] = useState<Deed>('');
  const close = () => choose('');
  const nameOf = (other: string) => all.find((one) => one.name === other)?.displayName ?? other;
  const below = subtreeOf(all, organization.name).size - 1;
  return (
    <>
      <Head me={me} organization={organization} choose={choose} />
      <div class="columns">
        <div>
          <TokenPanel me={me} organization={organization} />
          <CoursesPanel organization={organization} />
          <TestPanel organization={organization} />
        </div>
        <div>
          <ResourcesPanel organization={organization} />
          <MaintainersPanel me={me} organization={organization} nameOf={nameOf} />
          <ChildrenPanel organizations={all} organization={organization} onCreate={() => choose('create')} />
          <StoragePanel organization={organization} />
        </div>
      </div>
      {deed === 'create' && <CreateDialog parent={organization} onCreated={reload} onDone={close} />}
      {deed === 'rename' && <RenameDialog organization={organization} onRenamed={reload} onDone={close} />}
      {deed === 'move' && <MoveDialog organization={organization} organizations={all} onMoved={reload} onDone={close} />}
      {deed === 'delete' && (
        <DeleteDialog
          organization={organization}
          children={below}
          onDeleted={() => location.assign('/manage/organizations')}
          onDone={close}
        />
      )}
    </>
  );
}

function Absent({ title, children }: { title: string; children: string }) {
  return (
    <>
      <h1 class="unseen">{title}</h1>
      <Empty title={title} actions={<Button href="/manage/organizations">{text.toAll}</Button>}>
        {children}
      </Empty>
    </>
  );
}

const came = first();

function OneOrganization({ me, onPath }: { me: Me; onPath: (path: Organization[]) => void }) {
  const load = useLoad(() => api.get<Organization>(`/v1/${name}`), came.data, came.error);
  const all = useAllOrganizations();
  const reload = useCallback(() => {
    void load.reload();
    void all.reload();
  }, []);
  useDoubt(useCallback(() => void load.reload(), []));
  const organization = load.data;
  useEffect(() => onPath(pathTo(all.data ?? [], name).slice(0, -1)), [all.data]);
  if (load.error?.notFound || (organization === null && load.error?.status === 400))
    return <Absent title={text.notThere}>{text.notThereText}</Absent>;
  if (!organization)
    return (
      <>
        <h1>{text.loading}</h1>
        {load.error ? <Notice error={load.error} onRetry={reload} /> : <Skeleton lines={6} />}
      </>
    );
  const mine = organization.right === 'MAINTAIN' || organization.right === 'ADMINISTER';
  if (!mine)
    return (
      <div role="alert">
        <Absent title={text.notYours}>{text.notYoursText}</Absent>
      </div>
    );
  return <Body me={me} organization={organization} all={all.data ?? [organization]} reload={reload} />;
}

function App() {
  const [above, setAbove] = useState<Organization[]>([]);
  const crumbs = [
    { label: treeText.title, href: '/manage/organizations' },
    ...above.map(({ name: one, displayName }) => ({ label: displayName, href: `/manage/organizations/${idOf(one)}` })),
  ];
  return (
    <Place me={pageMe()} title={came.data?.displayName ?? text.loading} crumbs={crumbs}>
      {(me) => <OneOrganization me={me} onPath={setAbove} />}
    </Place>
  );
}

mount(<App />);
