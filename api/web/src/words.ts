// The page's sentences.

export function lengthText(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const [days, hours, minutes] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${s % 60} s` : `${s} s`;
}

export function clockText(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  const rest = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return s < 3600 ? rest.replace(/^0/, '') : `${Math.floor(s / 3600)}:${rest}`;
}

// In the viewer's own time zone, which is named.
export function momentText(time: number): string {
  return new Intl.DateTimeFormat('en-GB', {
    weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short',
  }).format(time);
}

export const viewWords: Record<string, string> = {
  BOTH: 'Camera and slides',
  COMB: 'Both in one picture',
  CAM: 'Camera',
  PRES: 'Slides',
};

export function refusalText(status: number, reason: string): string {
  if (reason === 'TOKEN_EXPIRED') return 'This address has expired. Open the lecture again to get a fresh one.';
  if (status === 401) return 'This address is not valid. Open the lecture again to get a good one.';
  if (status === 403) return 'The right to watch with this address was withdrawn.';
  if (status === 404) return 'There is no such lecture any more.';
  return 'This lecture cannot be opened with this address.';
}
