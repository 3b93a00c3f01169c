// Addresses of pages.

// Where to go after signing in: `next` if it is a path of this origin, else the home page. A browser takes "//host", "/\host" and
// the like for another origin, so the address is resolved as a browser does it, and compared.
export function safeNext(next: string | null, origin: string = location.origin): string {
  if (!next || !next.startsWith('/')) return '/';
  try {
    const url = new URL(next, origin);
    // "/..//host" is of this origin, but what is left of it would not be.
    if (url.origin !== origin || url.pathname.startsWith('//') || url.pathname === '/login') return '/';
    return url.pathname + url.search + url.hash;
  } catch {
    return '/';
  }
}

// The sign-in page, which leads back to here.
export function signInPath(): string {
  const { pathname, search, hash } = location;
  return pathname === '/' || pathname === '/login' ? '/login' : `/login?next=${encodeURIComponent(pathname + search + hash)}`;
}

// Puts a value of the page into its address, without a step back in the browser's history; empty removes it.
export function setParameter(name: string, value: string): void {
  const url = new URL(location.href);
  if (value) url.searchParams.set(name, value);
  else url.searchParams.delete(name);
  history.replaceState(history.state, '', url);
}

export function parameter(name: string): string {
  return new URLSearchParams(location.search).get(name) ?? '';
}
