// Times as addresses write them.

// "90", "90s", "1m30s", "1h2m", "1:30", "1:02:03" in seconds; null where it is none of these.
export function parseTime(text: string | null | undefined): number | null {
  if (!text) return null;
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text);
  const units = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?$/.exec(text);
  if (units) return Number(units[1] ?? 0) * 3600 + Number(units[2] ?? 0) * 60 + Number(units[3] ?? 0);
  const clock = /^(?:(\d+):)?(\d{1,2}):(\d{2})$/.exec(text);
  return clock ? Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3]) : null;
}

// "1h2m3s", as addresses of moments have it.
export function timeParameter(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  return `${hours ? `${hours}h` : ''}${minutes ? `${minutes}m` : ''}${s % 60 || s < 60 ? `${s % 60}s` : ''}`;
}
