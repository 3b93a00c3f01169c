// Serves a built dist folder for development: `node dev.mjs [--gateway URL] [--port N] [--dist DIR]`.
//
// It builds the pages, builds them again when src/ changes, does for pages.json what the gateway does (docs/web.md) with calls over
// HTTP, and hands /v1, /session and /openapi.json through. Reload the browser to see a change.
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPages } from './build.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : fallback;
};
const gateway = new URL(option('gateway', 'http://127.0.0.1:7600'));
const port = Number(option('port', '7700'));
const dist = path.resolve(option('dist', path.join(here, 'dist')));

const types = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.html': 'text/html; charset=utf-8' };
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: http: https:; " +
  "media-src blob: http: https:; connect-src 'self' http: https:; worker-src blob:; base-uri 'none'; form-action 'none'";

let building = Promise.resolve();

// One after the other: two builds at once take each other's files away.
const rebuild = () => (building = building.then(build));

async function build() {
  try {
    await buildPages(dist);
    console.log(`${new Date().toLocaleTimeString()} built`);
  } catch (error) {
    console.error(String(error.message ?? error));
  }
}

let timer;
function watchSources() {
  const folders = process.platform === 'linux' && Number(process.versions.node.split('.')[0]) < 20 ? [] : ['src'];
  if (folders.length === 0) console.log('This Node cannot watch folders; build by hand.');
  for (const folder of folders) {
    watch(path.join(here, folder), { recursive: true }, () => {
      clearTimeout(timer);
      timer = setTimeout(rebuild, 150);
    });
  }
}

// To the gateway as it came, and back as it comes: also streams that do not end.
function pass(request, response) {
  // The browser takes this server for the origin; the gateway takes itself for it.
  const headers = { ...request.headers, host: gateway.host };
  if (headers.origin) headers.origin = gateway.origin;
  const onward = httpRequest(new URL(request.url, gateway), { method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    response.flushHeaders();
    answer.pipe(response);
  });
  onward.on('error', () => {
    if (!response.headersSent) response.writeHead(502, { 'Content-Type': 'application/json' });
    response.end('{"error": {"code": 502, "status": "UNAVAILABLE", "message": "The gateway does not answer."}}');
  });
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}

// "$1" and "?name" of a data address; null where a parameter is absent.
function address(template, segment, query) {
  let absent = false;
  const filled = template
    .replace('$1', () => encodeURIComponent(segment))
    .replace(/=\?(\w+)/g, (_, name) => {
      if (!query.has(name)) absent = true;
      return `=${encodeURIComponent(query.get(name) ?? '')}`;
    });
  return absent ? null : filled;
}

async function dataOf(page, segment, query, cookie) {
  const entries = await Promise.all(
    Object.entries(page.data).map(async ([name, template]) => {
      const url = address(template, segment, query);
      if (url === null) return null;
      try {
        const answer = await fetch(new URL(url, gateway), { headers: cookie ? { cookie } : {} });
        return [name, { status: answer.status, body: await answer.json() }];
      } catch {
        return [
          name,
          { status: 503, body: { error: { code: 503, status: 'UNAVAILABLE', message: 'The gateway does not answer.' } } },
        ];
      }
    }),
  );
  return Object.fromEntries(entries.filter(Boolean));
}

function match(table, url) {
  for (const page of table) {
    if (page.path === '*') return { page, segment: '' };
    const pattern = new RegExp(`^${page.path.replace('*', '([\\w-]+)')}$`);
    const found = pattern.exec(url.pathname);
    if (found) return { page, segment: found[1] ?? '' };
  }
  return null;
}

function appearance(request) {
  const cookies = new Map((request.headers.cookie ?? '').split(/; */).map((pair) => pair.split('=')));
  const accepted = (request.headers['accept-language'] ?? '').toLowerCase();
  return {
    lang: cookies.get('lectern_lang') || (/^de\b/.test(accepted) ? 'de' : 'en'),
    theme: cookies.get('lectern_theme') || '',
  };
}

async function servePage(request, response, url) {
  const found = match(JSON.parse(await readFile(path.join(dist, 'pages.json'), 'utf8')), url);
  if (!found) {
    response.writeHead(404).end('no page');
    return;
  }
  const { page, segment } = found;
  const data = await dataOf(page, segment, url.searchParams, request.headers.cookie);
  const status = page.path === '*' ? 404 : page.status ? (data[page.status]?.status ?? 200) : 200;
  const { lang, theme } = appearance(request);
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  const html = (await readFile(path.join(dist, page.file), 'utf8'))
    .replace('{{lang}}', lang)
    .replace('{{theme}}', theme)
    .replace('<!--data-->', () => `<script type="application/json" id="data">${json}</script>`);
  response.writeHead(status, {
    'Content-Type': types['.html'],
    'Cache-Control': 'private, no-store',
    'Content-Security-Policy': policy,
  });
  response.end(html);
}

async function serve(request, response) {
  const url = new URL(request.url, 'http://here');
  if (/^\/(v1\/|session$|openapi\.json$)/.test(url.pathname)) {
    pass(request, response);
    return;
  }
  if (!url.pathname.startsWith('/assets/')) {
    await servePage(request, response, url);
    return;
  }
  const content = await readFile(path.join(dist, 'assets', path.basename(url.pathname)));
  response.writeHead(200, { 'Content-Type': types[path.extname(url.pathname)] ?? 'application/octet-stream' }).end(content);
}

await rebuild();
watchSources();
createServer((request, response) => {
  serve(request, response).catch((error) => {
    if (!response.headersSent) response.writeHead(error.code === 'ENOENT' ? 404 : 500);
    response.end(String(error.message));
  });
}).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port} with ${gateway.origin}`));
