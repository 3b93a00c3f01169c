// Line drawings on a 24 x 24 grid. They never stand alone for a meaning: a text or an accessible name goes with each.
const drawings = {
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM20 20l-4-4',
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'M6 6l12 12M18 6L6 18',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  chevron: 'M7 10l5 5 5-5',
  next: 'M10 7l5 5-5 5',
  previous: 'M14 7l-5 5 5 5',
  plus: 'M12 5v14M5 12h14',
  live:
    'M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM7.5 7.5a6.4 6.4 0 0 0 0 9M16.5 7.5a6.4 6.4 0 0 1 0 9' +
    'M4.7 4.7a10.3 10.3 0 0 0 0 14.6M19.3 4.7a10.3 10.3 0 0 1 0 14.6',
  calendar: 'M5 6.5h14v13H5zM5 10.5h14M9 4v4M15 4v4',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.2l2.8 1.8',
  play: 'M8 5.5v13l10.5-6.5z',
  warning: 'M12 4.5L21 19.5H3zM12 10v4.5M12 17v.3',
  info: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 11v5M12 8v.3',
  pin: 'M9 4h6M10 4v6l-3 4h10l-3-4V4M12 14v6',
  user: 'M12 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM5 19.5c1-3.5 3.7-5 7-5s6 1.5 7 5',
  sun:
    'M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM12 3.5v2M12 18.5v2M3.5 12h2M18.5 12h2M6 6l1.4 1.4M16.6 16.6L18 18' +
    'M6 18l1.4-1.4M16.6 7.4L18 6',
  moon: 'M19 14.5A7.5 7.5 0 0 1 9.5 5a7.5 7.5 0 1 0 9.5 9.5z',
  globe: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM4.5 9.5h15M4.5 14.5h15M12 4c-4.5 5-4.5 11 0 16M12 4c4.5 5 4.5 11 0 16',
  copy: 'M9 9h10v11H9zM15 9V4.5H5V15h4',
  download: 'M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 19.5h14',
  upload: 'M12 16V5M7.5 9.5L12 5l4.5 4.5M5 19.5h14',
  eye:
    'M3 12c2.5-4.5 5.5-6.5 9-6.5s6.5 2 9 6.5c-2.5 4.5-5.5 6.5-9 6.5S5.5 16.5 3 12z' +
    'M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
  people:
    'M9 6a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM3.5 18.5c.5-3 2.7-4.5 5.5-4.5s5 1.5 5.5 4.5M15.5 6.3a3 3 0 0 1 0 5.4' +
    'M17 14.3c2 .5 3.2 2 3.5 4.2',
  edit: 'M5 19l.8-3.8L15.6 5.4l3 3L8.8 18.2z',
  trash: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 10.5v5.5M13.5 10.5v5.5',
  more: 'M6 12v.01M12 12v.01M18 12v.01',
  refresh: 'M19 8a8 8 0 1 0 1 5M19.5 4v4.5H15',
  external: 'M13 5h6v6M19 5l-8.5 8.5M10 6H5v13h13v-5',
  server: 'M4.5 5h15v6h-15zM4.5 13h15v6h-15zM8 8v.01M8 16v.01',
  key: 'M8.5 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11.5 12.5L19.5 4.5M16.5 7.5l2.5 2.5',
} as const;

export type IconName = keyof typeof drawings;

export function Icon({ name, class: extra = '' }: { name: IconName; class?: string }) {
  return (
    <svg class={`icon ${extra}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={drawings[name]} />
    </svg>
  );
}

// The mark of the brand.
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M8 10.5h16v2.6H8zM10.6 15.2h10.8l-1.3 6.1h-8.2zM14.6 21h2.8v3.4h-2.8z" />
    </svg>
  );
}
