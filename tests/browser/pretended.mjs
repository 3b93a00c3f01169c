// A gateway that only pretends: it serves the built pages (docs/web.md) and answers /v1/ from a table, so that a page can be seen
// in every state that it has without a system that is in that state.
//
//   const gateway = await pretend(dist, { 'GET /v1/me': me, 'GET /v1/jobs/*': (path, query, body) => job, 'WATCH /v1/...': [] });
//
// An answer is a body, { refused: status, reason, message }, or a function that gives one of these. A watch sends its messages at
// once and then stays open; `gateway.say(path, message)` sends one more, `gateway.drop(path)` cuts all that listen to it.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

const types = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.html': 'text/html; charset=utf-8',
  '.jpg': 'image/jpeg',
};
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'self'";

const fits = (pattern, address) =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/:]+')}$`).test(address);

export class Pretended {
  constructor(dist, answers) {
    this.dist = dist;
    this.answers = answers;
    this.calls = []; // "POST /v1/... BODY", but for reads
    this.listeners = new Map();
    this.language = 'en';
    this.theme = 'light';
  }

  async start(port = 0) {
    this.pages = JSON.parse(await readFile(path.join(this.dist, 'pages.json'), 'utf8'));
    this.server = createServer((request, response) => {
      this.handle(request, response).catch((error) => response.writeHead(500).end(String(error)));
    });
    await new Promise((resolve) => {
      this.server.listen(port, '127.0.0.1', resolve);
    });
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => {
      this.server.close(resolve);
    });
  }

  answer(method, address, query, body) {
    const key = Object.keys(this.answers).find((pattern) => {
      const [verb, where] = pattern.split(' ');
      return verb === method && fits(where, address);
    });
    if (!key) return { refused: 404, reason: 'PATH_NOT_FOUND', message: `There is no ${method} ${address}` };
    const answer = this.answers[key];
    return typeof answer === 'function' ? answer(address, query, body) : answer;
  }

  async handle(request, response) {
    const url = new URL(request.url, 'http://here');
    if (url.pathname.startsWith('/v1/') || url.pathname === '/session') return this.call(request, response, url);
    if (url.pathname.startsWith('/assets/') || url.pathname.startsWith('/pictures/')) return this.asset(response, url.pathname);
    return this.page(response, url);
  }

  async call(request, response, url) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
    if (request.method !== 'GET') this.calls.push(`${request.method} ${url.pathname} ${JSON.stringify(body ?? {})}`);
    const watching = url.pathname.endsWith(':watch');
    const answer = this.answer(watching ? 'WATCH' : request.method, url.pathname, url.searchParams, body);
    if (answer?.refused) return this.refuse(response, answer);
    if (!watching) return response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    for (const message of answer) response.write(`data: ${JSON.stringify(message)}\n\n`);
    if (answer.length === 0) response.write(': nothing yet\n\n');
    const listening = this.listeners.get(url.pathname) ?? new Set();
    this.listeners.set(url.pathname, listening.add(response));
    return response.on('close', () => listening.delete(response));
  }

  refuse(response, { refused, reason, message }) {
    const status = { 401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED', 404: 'NOT_FOUND' }[refused] ?? 'UNKNOWN';
    response
      .writeHead(refused, { 'Content-Type': 'application/json' })
      .end(JSON.stringify({ error: { code: refused, status, reason, message } }));
  }

  say(address, message) {
    for (const response of this.listeners.get(address) ?? []) response.write(`data: ${JSON.stringify(message)}\n\n`);
  }

  drop(address) {
    for (const response of this.listeners.get(address) ?? []) response.destroy();
  }

  async asset(response, name) {
    try {
      const content = await readFile(path.join(this.dist, path.normalize(name)));
      response.writeHead(200, { 'Content-Type': types[path.extname(name)] ?? 'application/octet-stream' }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  }

  async page(response, url) {
    const entry = this.pages.find((one) => fits(one.path, url.pathname));
    if (!entry) return response.writeHead(404).end();
    const [, id = ''] = new RegExp(`^${entry.path.replace('*', '([^/]+)')}$`).exec(url.pathname) ?? [];
    const data = {};
    for (const [name, template] of Object.entries(entry.data)) {
      const target = new URL(template.replace('$1', id).replace(/\?q\b(?!=)/, ''), 'http://here');
      const body = this.answer('GET', target.pathname, target.searchParams);
      data[name] = body?.refused ? { status: body.refused, body: { error: body } } : { status: 200, body };
    }
    const html = await readFile(path.join(this.dist, entry.file), 'utf8');
    const script = `<script type="application/json" id="data">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>`;
    return response
      .writeHead(entry.status ? data[entry.status].status : 200, {
        'Content-Type': types['.html'],
        'Content-Security-Policy': policy,
      })
      .end(
        html
          .replace('<!--data-->', () => script)
          .replace('{{lang}}', this.language)
          .replace('{{theme}}', this.theme),
      );
  }
}

export const pretend = (dist, answers) => new Pretended(dist, answers).start();
