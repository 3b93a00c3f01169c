// Drawings on the player's buttons, filled, on a 24 x 24 grid. Each button has its name in words.
const drawings = {
  play: 'M8 5.2v13.6a.8.8 0 0 0 1.2.7l10.6-6.8a.8.8 0 0 0 0-1.4L9.2 4.5a.8.8 0 0 0-1.2.7z',
  pause: 'M7 5h3.4v14H7zM13.6 5H17v14h-3.4z',
  sound:
    'M4 9.5v5h3.4L12 18.8V5.2L7.4 9.5zM14 8.4v1.9a2.3 2.3 0 0 1 0 3.4v1.9a4.1 4.1 0 0 0 0-7.2zM14 5v1.9a5.3 5.3 0 0 1 0 10.2V19a7.2 7.2 0 0 0 0-14z',
  silent:
    'M4 9.5v5h3.4L12 18.8V5.2L7.4 9.5zM14.3 9.7l1.3-1.3 2.1 2.1 2.1-2.1 1.3 1.3L19 11.8l2.1 2.1-1.3 1.3-2.1-2.1-2.1 2.1-1.3-1.3 2.1-2.1z',
  full: 'M4.5 4.5h6v2h-4v4h-2zM13.5 4.5h6v6h-2v-4h-4zM4.5 13.5h2v4h4v2h-6zM17.5 13.5h2v6h-6v-2h4z',
  small: 'M8.5 4.5h2v6h-6v-2h4zM13.5 4.5h2v4h4v2h-6zM4.5 13.5h6v6h-2v-4h-4zM13.5 13.5h6v2h-4v4h-2z',
  picture: 'M3.5 5h17v7h-2V7h-13v10H11v2H3.5zM13 13.5h7.5V19H13z',
  keys: 'M3 6.5h18v11H3zm2 2V10h2V8.500zm3.500 0V10h2V8.500zm3.500 0V10h2V8.500zm3.500 0V10h2V8.500zM5 11.500V13h2v-1.500zm12 0V13h2v-1.500zM8.500 11.500V13h7v-1.500zM7 14.500V16h10v-1.500z',
  skip: 'M5 6.200v11.600l7.500-5.800zM12.500 6.200v11.600L19 12.800V18h2V6h-2v5.200z',
  move: 'M12 3l3 3.500h-2V11h4.500V9l3.500 3-3.500 3v-2H13v4.500h2L12 21l-3-3.500h2V13H6.500v2L3 12l3.500-3v2H11V6.500H9z',
} as const;

export type GlyphName = keyof typeof drawings;

export function Glyph({ name }: { name: GlyphName }) {
  return (
    <svg class="glyph" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path fill-rule="evenodd" d={drawings[name]} />
    </svg>
  );
}

// A turn back or on, with the number of seconds in it.
export function StepGlyph({ seconds, back }: { seconds: number; back?: boolean }) {
  return (
    <svg class="glyph" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path
        transform={back ? undefined : 'matrix(-1 0 0 1 24 0)'}
        d="M12 4.200V1.500L7.300 5.200 12 8.900V6.200a6.900 6.900 0 1 1-6.900 6.900h-2A8.900 8.900 0 1 0 12 4.200z"
      />
      <text x="12" y="16.2" text-anchor="middle">
        {seconds}
      </text>
    </svg>
  );
}

// The two pictures as they are arranged: slides are drawn full, the camera as an outline.
export function LayoutGlyph({
  kind,
}: {
  kind: 'slidesLarge' | 'cameraLarge' | 'side' | 'sideCamera' | 'slidesOnly' | 'cameraOnly' | 'composed';
}) {
  const shapes = {
    slidesLarge: (
      <>
        <path d="M3 5h18v6h-9v8H3z" />
        <path class="outline" d="M14 13h6.500v5H14z" />
      </>
    ),
    cameraLarge: (
      <>
        <path class="outline" d="M3.700 5.700h16.600V11M11 18.300H3.700V5.700" />
        <path d="M13 13h8v6h-8z" />
      </>
    ),
    side: (
      <>
        <path d="M2 7h12v10H2z" />
        <path class="outline" d="M16 9h5.300v6H16z" />
      </>
    ),
    sideCamera: (
      <>
        <path class="outline" d="M2.700 7.700h10.600v8.600H2.700z" />
        <path d="M15.500 8.500H22v7h-6.500z" />
      </>
    ),
    slidesOnly: <path d="M3 5h18v14H3z" />,
    cameraOnly: <path class="outline" d="M3.700 5.700h16.600v12.600H3.700z" />,
    composed: (
      <>
        <path class="outline" d="M3.700 5.700h16.600v12.600H3.700z" />
        <path d="M6 8h7v8H6z" />
      </>
    ),
  };
  return (
    <svg class="glyph" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {shapes[kind]}
    </svg>
  );
}
