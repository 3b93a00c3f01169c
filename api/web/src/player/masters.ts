// Sound in master playlists (RFC 8216 4.3.4). Pure.

export function hasSound(master: string): boolean {
  return /#EXT-X-MEDIA:[^\n]*TYPE=AUDIO/.test(master) || /CODECS="[^"]*(mp4a|ac-3|ec-3|opus|flac)/i.test(master);
}

// A master playlist without its renditions of sound. Sound that is in the same segments as the picture stays.
export function withoutSound(master: string): string {
  if (!/#EXT-X-MEDIA:[^\n]*TYPE=AUDIO/.test(master)) return master;
  return master
    .split(/\r?\n/)
    .filter((line) => !/^#EXT-X-MEDIA:.*TYPE=AUDIO/.test(line))
    .map((line) => {
      if (!line.startsWith('#EXT-X-STREAM-INF:')) return line;
      const codecs = /CODECS="([^"]*)"/
        .exec(line)?.[1]
        ?.split(',')
        .filter((codec) => !/^(mp4a|ac-3|ec-3|opus|flac)/i.test(codec.trim()))
        .join(',');
      return line
        .replace(/,AUDIO="[^"]*"/, '')
        .replace(/AUDIO="[^"]*",/, '')
        .replace(/CODECS="[^"]*"/, `CODECS="${codecs}"`);
    })
    .join('\n');
}
