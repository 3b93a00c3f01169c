// The commands with which machines join an organization. Pure.
export type Program = 'worker' | 'vod' | 'edge' | 'proxy';

export const programs: Program[] = ['worker', 'vod', 'edge', 'proxy'];
export const unknownEndpoint = 'API_HOST:PORT';

const isLocal = (endpoint: string) => /^(127\.|localhost:|\[::1\])/.test(endpoint);

// An API on another machine is reached with TLS, and whoever joins has to know its authority.
export const needsAuthority = (endpoint: string) =>
  endpoint !== unknownEndpoint && !endpoint.split(',').every((one) => isLocal(one.trim()));

const names: Record<Program, string> = {
  worker: 'lectern-worker',
  vod: 'lectern-vod',
  edge: 'lectern-edge',
  proxy: 'lectern-rtmp-proxy',
};
const host = '$(hostname -f)';
const flags: Record<Program, string[]> = {
  worker: ['--state_dir /var/lib/lectern-worker', '--slots 4'],
  vod: [
    '--state_dir /var/lib/lectern-vod/state',
    '--data_dir /var/lib/lectern-vod/media',
    '--listen 0.0.0.0 --port 8090',
    `--public_url http://${host}:8090`,
  ],
  edge: [
    '--state_dir /var/lib/lectern-edge/state',
    '--cache_dir /var/lib/lectern-edge/cache',
    '--listen 0.0.0.0 --port 8091',
    `--public_url http://${host}:8091`,
  ],
  proxy: ['--state_dir /var/lib/lectern-rtmp-proxy', '--listen 0.0.0.0', `--public_url rtmp://${host}:1935/live`],
};

// One command over several lines, for a shell.
export function commandOf(program: Program, token: string, endpoint: string): string {
  const api = [`--api ${endpoint}`, ...(needsAuthority(endpoint) ? ['--api_ca /etc/lectern/ca.crt'] : [])].join(' ');
  return [`LECTERN_TOKEN=${token}`, `${names[program]} ${api}`, ...flags[program]].join(' \\\n  ');
}
