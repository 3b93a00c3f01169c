// The frame of the pages of maintainers and administrators: what lies beside this page, and a closed door for everyone else.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Me } from '../generated/api';
import { Page, type Crumb } from '../lib/layout';
import { Button, Empty, Icon } from '../lib/parts';
import { text as frame } from '../lib/texts';
import { mayUse, useRights, type Needs } from './rights';
import { text } from './words';

interface PlaceProps {
  me: Me | null; // as the page came
  title: string;
  needs?: Needs; // absent: maintainers
  crumbs?: Crumb[];
  children: (me: Me) => ComponentChildren; // of the person as they are now
}

interface Area {
  href: string;
  label: string;
}

const maintainerAreas: Area[] = [
  { href: '/manage/organizations', label: frame.organizations },
  { href: '/manage/resources', label: frame.resources },
  { href: '/manage/jobs', label: frame.jobs },
  { href: '/manage/live', label: frame.live },
  { href: '/manage/storage', label: frame.storage },
  { href: '/manage/audit', label: frame.audit },
];
const administratorAreas: Area[] = [
  { href: '/admin/people', label: frame.people },
  { href: '/admin/settings', label: frame.installation },
];

function Areas({ me }: { me: Me }) {
  const here = location.pathname;
  const list = useRef<HTMLUListElement>(null);
  // On a narrow screen the row is longer than the screen.
  useEffect(() => {
    const [nav, current] = [list.current?.parentElement, list.current?.querySelector<HTMLElement>('[aria-current]')];
    if (nav && current) nav.scrollLeft = current.offsetLeft - (nav.clientWidth - current.clientWidth) / 2;
  }, []);
  const areas = me.administrator ? [...maintainerAreas, ...administratorAreas] : maintainerAreas;
  return (
    <nav class="areas" aria-label={text.areas}>
      <ul ref={list}>
        {areas.map(({ href, label }) => (
          <li key={href}>
            <a href={href} aria-current={here === href ? 'page' : here.startsWith(`${href}/`) ? 'true' : undefined}>
              {label}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Crumbs({ crumbs }: { crumbs: Crumb[] }) {
  return (
    <nav class="crumbs" aria-label={frame.path}>
      <ol>
        {crumbs.map(({ label, href }) => (
          <li key={href}>
            <a href={href}>{label}</a>
            <Icon name="next" />
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Closed({ me, needs, lost }: { me: Me | null; needs: Needs; lost: boolean }) {
  if (!me?.user) {
    const next = encodeURIComponent(location.pathname + location.search);
    return (
      <Empty
        icon="key"
        title={text.signInFirst}
        actions={
          <Button kind="primary" href={`/login?next=${next}`}>
            {text.signIn}
          </Button>
        }
      >
        {text.signInHint}
      </Empty>
    );
  }
  const hint = needs === 'administrator' ? text.notYoursAdministrator : text.notYoursMaintainer;
  return (
    <div role={lost ? 'alert' : undefined}>
      <Empty icon="key" title={lost ? text.lostRight : text.notYours} actions={<Button href="/">{text.toHome}</Button>}>
        {lost ? text.lostRightHint : hint}
      </Empty>
    </div>
  );
}

export function Place({ me: first, title, needs = 'maintainer', crumbs, children }: PlaceProps) {
  const me = useRights(first);
  const open = mayUse(me, needs);
  return (
    <Page me={me} title={title} wide>
      {open && <Areas me={me!} />}
      {open && crumbs && <Crumbs crumbs={crumbs} />}
      {open ? (
        children(me!)
      ) : (
        <>
          <h1 class="unseen">{title}</h1>
          <Closed me={me} needs={needs} lost={mayUse(first, needs)} />
        </>
      )}
    </Page>
  );
}
