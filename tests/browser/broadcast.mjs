// A lecture that a test conducts: the API's answer about it, and an edge whose playlists grow as the test says. Media are made with
// FFmpeg once; "broadcasting" releases their segments one after the other.
import { execFileSync } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';

const segmentSeconds = 2;

function ffmpeg(...options) {
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...options]);
}

// Two views with sound of its own, as Lectern packages them: {folder}/{cam,pres}/{video,audio}-*.
export function makeMedia(folder, seconds) {
  const hls = (name) => ['-f', 'hls', '-hls_time', String(segmentSeconds), '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4',
    '-hls_fmp4_init_filename', `${name}-init.mp4`, '-hls_segment_filename', path.join(folder, `${name}-%03d.m4s`), path.join(folder, `${name}.m3u8`)];
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-keyint_min', '50', '-sc_threshold', '0', '-pix_fmt', 'yuv420p'];
  for (const [view, source] of [['cam', 'testsrc2=size=640x360:rate=25'], ['pres', 'testsrc=size=640x360:rate=25']]) {
    ffmpeg('-f', 'lavfi', '-i', source, '-t', String(seconds), ...video, ...hls(`${view}-video`));
  }
  ffmpeg('-f', 'lavfi', '-i', 'sine=frequency=330', '-t', String(seconds), '-c:a', 'aac', '-b:a', '64k', ...hls('cam-audio'));
}

// What the API says of the lecture is `playback`, and the test changes it.
export class Broadcast {
  playback = { lecture: 'lectures/12', title: 'Distributed systems, lecture 3', state: 'SCHEDULED', views: [] };
  token = 'first';                          // edges take this one only
  apiStatus = 200;
  apiReason = '';
  edgeDown = false;
  refreshes = [];                           // times of questions to the API
  requests = [];                            // paths at the edge
  // One entry for each place in the playlists: a segment's number, or null for a gap.
  sets = [];
  ended = false;
  // Of the page: its language, the data in it, and answers of the API, (request, URL) -> {status, body} or nothing.
  language = 'en';
  embedded = {};
  answer = null;
  presLate = 1;                             // segments that the slides' recording begins later
  #next = 0;
  #timer = null;

  // `folder` holds the media, `pages` the built pages.
  constructor(folder, pages) {
    this.folder = folder;
    this.pages = pages;
  }

  async start() {
    const listen = async (handler) => {
      const server = http.createServer((request, response) => handler(request, response).catch((error) => response.destroy(error)));
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    };
    this.files = new Set(await readdir(this.folder));
    this.edge = await listen((request, response) => this.#answerMedia(request, response));
    this.site = await listen((request, response) => this.#answerPage(request, response));
    this.page = `http://127.0.0.1:${this.site.address().port}/watch`;
  }

  stop() {
    this.pause();
    for (const server of [this.edge, this.site]) {
      server?.closeAllConnections();
      server?.close();
    }
  }

  // The newest segment ends now.
  begin(segments) {
    this.date = Date.now() - segments * segmentSeconds * 1000;
    for (let i = 0; i < segments; ++i) this.sets.push(this.#next++);
    this.resume();
  }

  pause() {
    clearInterval(this.#timer);
  }

  resume() {
    this.pause();
    this.#timer = setInterval(() => this.sets.push(this.#next++), segmentSeconds * 1000);
  }

  gap(segments) {
    for (let i = 0; i < segments; ++i) this.sets.push(null);
    // What was not broadcast is not in the media either.
    this.#next += segments;
  }

  end() {
    this.pause();
    this.ended = true;
  }

  urlOf(view) {
    return `http://127.0.0.1:${this.edge.address().port}/p/${this.token}/12/${view}/master.m3u8`;
  }

  viewsAre(state) {
    this.playback.views = ['CAM', 'PRES'].map((view) => ({ view, state, urls: [] }));
  }

  #playlist(view, kind) {
    const first = view === 'pres' ? this.presLate : 0;
    const lines = ['#EXTM3U', '#EXT-X-VERSION:8', `#EXT-X-TARGETDURATION:${segmentSeconds}`, '#EXT-X-MEDIA-SEQUENCE:0',
      `#EXT-X-PLAYLIST-TYPE:${this.ended ? 'VOD' : 'EVENT'}`, '#EXT-X-INDEPENDENT-SEGMENTS', `#EXT-X-MAP:URI="${view}-${kind}-init.mp4"`];
    this.sets.slice(first).forEach((segment, index) => {
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(this.date + (first + index) * segmentSeconds * 1000).toISOString()}`);
      if (segment === null) lines.push('#EXT-X-GAP');
      // The media of the slides begin at 0 too, one segment later by the clock.
      const file = `${view}-${kind}-${String(segment === null ? 0 : segment - first).padStart(3, '0')}.m4s`;
      lines.push(`#EXTINF:${segmentSeconds.toFixed(3)},`, segment === null ? 'gap.m4s' : file);
    });
    if (this.ended) lines.push('#EXT-X-ENDLIST');
    return `${lines.join('\n')}\n`;
  }

  #master(view) {
    const sound = view === 'cam';
    return ['#EXTM3U', '#EXT-X-VERSION:8',
      ...(sound ? ['#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Sound",DEFAULT=YES,AUTOSELECT=YES,URI="cam-audio.m3u8"'] : []),
      `#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360,CODECS="avc1.42c01e${sound ? ',mp4a.40.2' : ''}"${sound ? ',AUDIO="sound"' : ''}`,
      `${view}-video.m3u8`, ''].join('\n');
  }

  async #answerMedia(request, response) {
    response.setHeader('Access-Control-Allow-Origin', '*');
    const [, token, view, name] = /^\/p\/([^/]+)\/12\/(cam|pres)\/([\w.-]+)$/.exec(request.url) ?? [];
    this.requests.push(request.url);
    if (this.edgeDown) { response.writeHead(503).end(); return; }
    if (token !== this.token) { response.writeHead(token ? 403 : 404).end(); return; }
    const list = /^(cam|pres)-(video|audio)\.m3u8$/.exec(name);
    if (name === 'master.m3u8' || list) {
      response.writeHead(200, { 'Content-Type': 'application/vnd.apple.mpegurl', 'Cache-Control': 'no-store' });
      response.end(list ? this.#playlist(list[1], list[2]) : this.#master(view));
      return;
    }
    if (!this.files.has(name)) { response.writeHead(404).end(); return; }
    response.writeHead(200, { 'Content-Type': 'video/mp4' });
    response.end(await readFile(path.join(this.folder, name)));
  }

  async #answerPage(request, response) {
    if (request.url === '/v1/playback:refresh' || request.url === '/v1/lectures/12:play') {
      let text = '';
      for await (const chunk of request) text += chunk;
      this.#answerRefresh(JSON.parse(text), response);
      return;
    }
    const asked = new URL(request.url, 'http://site');
    const other = await this.answer?.(request, asked);
    if (other) {
      response.writeHead(other.status ?? 200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(other.body ?? {}));
      return;
    }
    const page = asked.pathname === '/watch' ? 'watch.html' : asked.pathname === '/lectures/12' ? 'lecture.html' : null;
    if (page) {
      response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Security-Policy': this.policy });
      response.end(this.#filled(await readFile(path.join(this.pages, page), 'utf8')));
      return;
    }
    const types = { '.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml' };
    if (!asked.pathname.startsWith('/assets/')) { response.writeHead(404, { 'Content-Type': 'application/json' }).end('{}'); return; }
    response.writeHead(200, { 'Content-Type': types[path.extname(asked.pathname)] });
    response.end(await readFile(path.join(this.pages, asked.pathname)));
  }

  // As the gateway fills a page.
  #filled(html) {
    const data = JSON.stringify(this.embedded).replaceAll('<', '\\u003c');
    return html.replaceAll('{{lang}}', this.language).replaceAll('{{theme}}', '')
      .replace('<!--data-->', () => `<script type="application/json" id="data">${data}</script>`);
  }

  #answerRefresh(question, response) {
    this.refreshes.push(Date.now());
    this.asked = question.token;
    response.writeHead(this.apiStatus, { 'Content-Type': 'application/json' });
    if (this.apiStatus !== 200) {
      response.end(JSON.stringify({ error: { code: this.apiStatus, message: 'no', reason: this.apiReason } }));
      return;
    }
    const views = this.playback.views.map((view) => ({ ...view, urls: [this.urlOf(view.view.toLowerCase())] }));
    response.end(JSON.stringify({ ...this.playback, views, token: this.token,
      now: new Date().toISOString(), expireTime: new Date(Date.now() + 7200_000).toISOString() }));
  }
}
