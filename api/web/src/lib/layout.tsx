// The frame of every page.
import { render, type ComponentChildren, type VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Me } from '../generated/api';
import { embeddedOrNull } from './api';
import { Announcements, Footer, Header } from './frame';
import { Icon } from './icons';
import { text } from './texts';

export interface Crumb {
  label: string;
  href: string;
}

interface PageProps {
  me: Me | null;
  title: string;                 // of the browser's tab; the page shows its own h1
  crumbs?: Crumb[];              // what is above this page
  children: ComponentChildren;
  wide?: boolean;                // tables and players
  narrow?: boolean;              // forms
  query?: string;                // of the search field
}

// The caller, as the page came with it; null where the gateway could not tell.
export const pageMe = (): Me | null => embeddedOrNull<Me>('me');

export const brandOf = (me: Me | null): string => me?.installation?.displayName || 'Lectern';

export function Page({ me, title, crumbs, children, wide, narrow, query }: PageProps) {
  useEffect(() => { document.title = title ? `${title} - ${brandOf(me)}` : brandOf(me); }, [title]);
  return (
    <>
      <a class="skip" href="#main">{text.skip}</a>
      <Header me={me} query={query} />
      <Announcements me={me} />
      <main id="main" tabIndex={-1} class={wide ? 'wide' : narrow ? 'narrow' : undefined}>
        {crumbs && crumbs.length > 0 && (
          <nav class="crumbs" aria-label={text.path}>
            <ol>
              {crumbs.map((crumb) => <li key={crumb.href}><a href={crumb.href}>{crumb.label}</a><Icon name="next" /></li>)}
            </ol>
          </nav>
        )}
        {children}
      </main>
      <Footer me={me} />
    </>
  );
}

export function mount(page: VNode): void {
  const root = document.getElementById('app')!;
  root.textContent = '';
  render(page, root);
}
