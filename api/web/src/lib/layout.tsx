// The frame of every page.
import { render, type ComponentChildren, type VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Me } from '../generated/api';
import { signInPath } from './address';
import { embeddedOrNull, type ApiError } from './api';
import { Button } from './controls';
import { Notice } from './feedback';
import { Announcements, Footer, Header } from './frame';
import { Icon } from './icons';
import { text } from './texts';

export interface Crumb {
  label: string;
  href: string;
}

interface PageProps {
  me: Me | null;
  title: string; // of the browser's tab; the page shows its own h1
  crumbs?: Crumb[]; // what is above this page
  children: ComponentChildren;
  wide?: boolean; // tables and players
  narrow?: boolean; // forms
  search?: boolean; // false: the page has a search field of its own
}

// The caller, as the page came with it; null where the gateway could not tell.
export const pageMe = (): Me | null => embeddedOrNull<Me>('me');

export const brandOf = (me: Me | null): string => me?.installation?.displayName || 'Lectern';

export function Page({ me, title, crumbs, children, wide, narrow, search }: PageProps) {
  useEffect(() => {
    document.title = title ? `${title} - ${brandOf(me)}` : brandOf(me);
  }, [title]);
  return (
    <>
      <a class="skip" href="#main">
        {text.skip}
      </a>
      <Header me={me} search={search} />
      <Announcements me={me} />
      <main id="main" tabIndex={-1} class={wide ? 'wide' : narrow ? 'narrow' : undefined}>
        {crumbs && crumbs.length > 0 && (
          <nav class="crumbs" aria-label={text.path}>
            <ol>
              {crumbs.map((crumb) => (
                <li key={crumb.href}>
                  <a href={crumb.href}>{crumb.label}</a>
                  <Icon name="next" />
                </li>
              ))}
            </ol>
          </nav>
        )}
        {children}
      </main>
      <Footer me={me} />
    </>
  );
}

// In the place of a page's content where its main datum failed: what is wrong, and the next step.
export function Missing({
  me,
  error,
  title,
  children,
}: {
  me: Me | null;
  error: ApiError | null;
  title: string;
  children: ComponentChildren;
}) {
  if (error && !error.notFound && !error.signInNeeded && error.status !== 403) {
    return <Notice title={text.cannotShow} error={error} onRetry={() => location.reload()} />;
  }
  const signIn = !me?.user && (
    <Button key="sign-in" kind="primary" href={signInPath()}>
      {text.signIn}
    </Button>
  );
  return (
    <div class="missing">
      <h1>{title}</h1>
      <p class="soft">{children}</p>
      {!me?.user && <p class="soft">{text.perhapsSignIn}</p>}
      <p class="row">
        {signIn}
        <Button href="/">{text.toHome}</Button>
        <Button href="/search" icon="search">
          {text.search}
        </Button>
      </p>
    </div>
  );
}

export function mount(page: VNode): void {
  const root = document.getElementById('app')!;
  root.textContent = '';
  render(page, root);
}
