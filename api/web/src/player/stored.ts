// What this browser remembers of how somebody likes to watch.
const prefix = 'lectern.player.';

// What was stored, where it is of the type of `otherwise`.
export function stored<T extends string | number | boolean>(key: string, otherwise: T): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(prefix + key) ?? 'null');
    return typeof value === typeof otherwise ? (value as T) : otherwise;
  } catch {
    return otherwise;
  }
}

export function store(key: string, value: string | number | boolean): void {
  try {
    localStorage.setItem(prefix + key, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing.
  }
}
