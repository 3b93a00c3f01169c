// A lecturer's courses, lectures in every state, streams and stream keys, and a VOD service that does what a test tells it.
import { Pretended } from './pretended.mjs';

const minute = 60_000, hour = 60 * minute, day = 24 * hour;
export const at = (ms) => new Date(Date.now() + ms).toISOString();

const installation = {
  displayName: 'Example University', welcomeText: '', supportEmail: 'help@example.org', imprintUrl: '', privacyUrl: '',
  rtmpUrl: 'rtmp://live.example.org/live', grpcEndpoint: '',
};
const person = (id, displayName, role = 'LECTURER_ROLE') =>
  ({ name: `users/${id}`, email: `${displayName.toLowerCase().replace(' ', '.')}@example.org`, displayName, role, createTime: at(-99 * day), disabled: false });
export const lecturer = (more = {}) => ({
  user: person(3, 'Lena Lehrer'), maintains: [], teaches: true, administrator: false, settings: {}, installation, announcements: [], now: at(0), ...more,
});

export const course = (id, title, more = {}) => ({
  name: `courses/${id}`, organization: 'organizations/2', title, term: '2026W', visibility: 'ENROLLED', description: 'How robots see, think and move.',
  createTime: at(-60 * day), lectureCount: 7, organizationName: 'School of Engineering', downloadsEnabled: false, chatEnabled: true,
  me: { pinned: false, enrolled: true, newLectures: 0 }, right: 'TEACH', ...more,
});

const step = (kind, label, state, progress, job) => ({ kind, label, state, progress, job: `jobs/${job}` });
const rendition = (label, width, height) => ({ label, width, height, bandwidthBps: '2000000', codecs: 'avc1.64001f' });
export const view = (name, state, more = {}) => ({
  view: name, state, duration: '5400s', steps: [], error: '', renditions: [rendition('source', 1920, 1080), rendition('720p', 1280, 720)],
  silences: [{ start: '100s', end: '400s' }], thumbnails: '', loudnessLufs: -21.4, uploadSizeBytes: '1834000000', uploadedBytes: '1834000000', ...more,
});
const done = (job) => [step('probe', '', 'done', 1, job), step('package', 'source', 'done', 1, job + 1), step('transcode', '720p', 'done', 1, job + 2),
  step('package', '720p', 'done', 1, job + 3), step('thumbnails', '', 'done', 1, job + 4), step('loudness', '', 'done', 1, job + 5),
  step('silence', '', 'done', 1, job + 6)];
const halfDone = [step('probe', '', 'done', 1, 20), step('package', 'source', 'done', 1, 21), step('transcode', '720p', 'running', 0.42, 22),
  step('package', '720p', 'waiting', 0, 23), step('transcode', '480p', 'failed', 0, 26), step('package', '480p', 'cancelled', 0, 27),
  step('thumbnails', '', 'running', 0, 24), step('loudness', '', 'waiting', 0, 25)];

export const lecture = (id, title, start, more = {}) => ({
  name: `lectures/${id}`, course: 'courses/1', title, ...(start !== null && { startTime: at(start), endTime: at(start + 90 * minute) }), state: 'SCHEDULED',
  views: [], createTime: at(-30 * day), hall: '', rehearsal: false, description: '', pictureUrls: [], courseTitle: 'Robotics 1', viewers: 0, series: '',
  right: 'TEACH', downloadsEnabled: false, ...more,
});
export const lectures = () => [
  lecture(1, '1. Pose of a rigid body', -21 * day, { state: 'RECORDED', duration: '5400s',
    views: [view('CAM', 'COMPLETE', { steps: done(1) }), view('PRES', 'COMPLETE', { steps: done(8) })] }),
  lecture(2, '2. Kinematics', -14 * day, { state: 'RECORDED', duration: '5400s',
    views: [view('CAM', 'PLAYABLE', { steps: halfDone, error: '480p could not be made: the worker ran out of memory' }),
      view('PRES', 'UPLOADING', { uploadedBytes: '900000000', renditions: [], silences: [], loudnessLufs: 0, duration: undefined })] }),
  lecture(3, '3. Dynamics', -7 * day, { state: 'FAILED', views: [view('COMB', 'VIEW_FAILED', { steps: [step('probe', '', 'failed', 0, 40)], renditions: [],
    silences: [], loudnessLufs: 0, duration: undefined, error: 'the file is damaged at its beginning; export it again' })] }),
  lecture(4, '4. Control', -30 * minute, { state: 'LIVE', viewers: 87,
    views: [view('COMB', 'VIEW_LIVE', { uploadSizeBytes: '0', uploadedBytes: '0', silences: [], loudnessLufs: 0, duration: '1800s' })] }),
  lecture(5, '5. Planning', 6 * day, { series: 'a' }), lecture(6, '6. Mapping', 13 * day, { series: 'a' }),
  lecture(7, 'Exercise material', null), lecture(8, '0. Introduction, with a title that is much longer than most of the others are', -28 * day),
];

export const stream = (more = {}) => ({
  name: 'liveStreams/1', lecture: 'lectures/4', lectureTitle: '4. Control', courseTitle: 'Robotics 1', organization: 'organizations/2', organizationName: 'School',
  view: 'COMB', state: 'ON_AIR', rehearsal: false, source: 'encoder', proxy: 'resources/3', worker: 'resources/4', workerHost: 'w', epoch: '1',
  startTime: at(-30 * minute), lastSegmentTime: at(-1000), duration: '1800s', warnings: [], reason: '', failovers: 0, createTime: at(-30 * minute),
  course: 'courses/1', viewers: 87, pictureUrls: ['/pictures/still.svg'],
  facts: { encoder: 'obs-output module (libobs version 29.0.2)', videoCodec: 'h264', videoProfile: 'High', width: 1920, height: 1080, frameRate: 30,
    keyframeIntervalSeconds: 2, videoBitrateBps: '4200000', paddingBitrateBps: '0', audioCodec: 'aac', sampleRate: 48000, channels: 2,
    audioBitrateBps: '128000', levelDbfs: -22.4, luma: 0.5, renditions: ['1080p (copied)', '720p', 'audio'], segments: '900',
    segmentDelaySeconds: 0.31, framesDropped: '0' },
  ...more,
});
export const rehearsal = () => stream({
  name: 'liveStreams/2', lecture: 'lectures/90', lectureTitle: 'Rehearsal', rehearsal: true, viewers: 0,
  warnings: [{ code: 'KEYFRAME_INTERVAL', message: 'A key frame comes only every 10.0 s. OBS: Settings > Output > Keyframe Interval = 2 s.' },
    { code: 'SILENCE', message: 'There is no sound. OBS: check the microphone.' }],
  facts: { ...stream().facts, levelDbfs: -71, keyframeIntervalSeconds: 10 },
});
const token = (id, displayName, more = {}) => ({ name: `personalTokens/${id}`, displayName, createTime: at(-20 * day), lastUseTime: at(-3 * hour),
  expireTime: at(160 * day), ...more });
const enrolment = (id, displayName, role) => ({ user: `users/${id}`, email: person(id, displayName).email, displayName, role });

export const answers = (me = lecturer(), more = {}) => ({
  'GET /v1/me': me,
  'GET /v1/courses': { courses: [course(1, 'Robotics 1'), course(2, 'Introduction to Mechanics', { visibility: 'PUBLIC' }),
    course(3, 'Robotics 2', { term: '2026S' })], nextPageToken: '' },
  'GET /v1/courses/1': course(1, 'Robotics 1'),
  'GET /v1/courses/2': course(2, 'Introduction to Mechanics', { right: 'MAINTAIN', visibility: 'PUBLIC', lectureCount: 0 }),
  'GET /v1/courses/1/lectures': { lectures: lectures(), nextPageToken: '' },
  'GET /v1/courses/*/lectures': { lectures: [], nextPageToken: '' },
  'GET /v1/courses/*/enrolments': { enrolments: [enrolment(3, 'Lena Lehrer', 'COURSE_LECTURER'),
    ...Array.from({ length: 14 }, (_, i) => enrolment(20 + i, `Stefan Student ${i + 1}`, 'COURSE_STUDENT'))], nextPageToken: '' },
  'POST /v1/courses/*:enrol': (_, __, body) => body.user.startsWith('nobody') ? { refused: 404, reason: 'USER_NOT_FOUND', message: 'no such person' } : {},
  'PATCH /v1/courses/1': (_, __, body) => ({ ...course(1, 'Robotics 1'), ...body }),
  'GET /v1/organizations': { organizations: [{ name: 'organizations/1', displayName: 'Example University', depth: 0 },
    { name: 'organizations/2', displayName: 'School of Engineering', depth: 1 }], nextPageToken: '' },
  'GET /v1/halls': { halls: [], nextPageToken: '' },
  'GET /v1/uploads': { uploads: [], nextPageToken: '' },
  'GET /v1/lectures/90': lecture(90, 'Rehearsal', null, { rehearsal: true }),
  'GET /v1/lectures/*': (path) => lectures().find(({ name }) => path.endsWith(`/${name}`)) ?? { refused: 404, reason: 'LECTURE_NOT_FOUND', message: 'no such lecture' },
  'PATCH /v1/lectures/*': (path, _, body) => ({ ...lectures().find(({ name }) => path.endsWith(`/${name}`)), ...body }),
  'WATCH /v1/lectures/*:watch': [],
  'GET /v1/lectures/1/sections': { sections: [{ name: 'sections/1', lecture: 'lectures/1', position: '0s', title: 'What a pose is' },
    { name: 'sections/2', lecture: 'lectures/1', position: '754s', title: 'Rotations' }] },
  'GET /v1/lectures/*/sections': { sections: [] },
  'POST /v1/lectures/*/sections': (path, _, body) => ({ name: `sections/${Date.now()}${Math.random()}`, lecture: 'lectures/1', ...body }),
  'POST /v1/lectures:series': (_, __, body) => ({ lectures: [lecture(50, body.title, day), lecture(51, body.title, 8 * day)] }),
  'POST /v1/lectures': (_, __, body) => lecture(52, body.title, null),
  'DELETE /v1/lectures/*': {},
  'POST /v1/lectures/*:start': (path) => ({ ...lecture(7, 'Exercise material', 0), state: 'SCHEDULED' }),
  'POST /v1/lectures/*:end': {},
  'GET /v1/jobs/*:explain': { summary: 'It failed on two workers with the same error, so it is not tried again.', details: ['worker-1: out of memory'] },
  'GET /v1/jobs/*': { name: 'jobs/26', error: 'out of memory', attempts: [] },
  'POST /v1/jobs/*:retry': {},
  'GET /v1/personalTokens': { personalTokens: [token(1, 'my laptop'), token(2, 'lecture hall', { lastUseTime: undefined, expireTime: undefined }),
    token(3, 'old one', { expireTime: at(-day) })], nextPageToken: '' },
  'POST /v1/personalTokens': (_, __, body) => ({ personalToken: token(4, body.displayName), token: 'lectern0123456789abcdef0123456789abcdef0123456789abcd' }),
  'DELETE /v1/personalTokens/*': {},
  'WATCH /v1/liveStreams:watch': [{ reset: true, liveStreams: [stream()], removed: [] }],
  ...more,
});

const still = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" fill="#24456b"/>'
  + '<path d="M2 2h8v1H2zM2 4h6v.5H2zM2 5h7v.5H2z" fill="#fff"/></svg>';

// A VOD service at the same address. `fault(request)` may answer in its place: { status, headers } or 'cut'.
export class TeachGateway extends Pretended {
  uploads = new Map();
  fault = () => null;

  constructor(dist, given) {
    super(dist, { 'POST /v1/lectures/*/uploads': (path, _, body) => this.open(path, body), ...given });
  }

  // The API names an open upload again where all of it is the same.
  open(path, body) {
    const key = [path, body.view, body.fileName, body.sizeBytes, body.fingerprint].join(' ');
    let upload = [...this.uploads.values()].find((one) => one.key === key && !one.gone);
    if (!upload) {
      const id = String(this.uploads.size + 1).padStart(32, '0');
      upload = { id, key, body, lecture: path.split('/').slice(2, 4).join('/'), size: Number(body.sizeBytes), stored: Buffer.alloc(0), exists: false, gone: false };
      this.uploads.set(id, upload);
    }
    return { uploadId: upload.id, createUrl: `${this.url}/uploads`, uploadUrl: `${this.url}/uploads/${upload.id}`, token: upload.id, vodService: 'resources/1' };
  }

  openUploads() {
    const uploads = [...this.uploads.values()].filter((one) => !one.gone && one.stored.length < one.size).map((one) => ({
      uploadId: one.id, lecture: one.lecture, lectureTitle: 'A lecture', courseTitle: 'Robotics 1', view: one.body.view, fileName: one.body.fileName,
      sizeBytes: one.body.sizeBytes, receivedBytes: String(one.stored.length), fingerprint: one.body.fingerprint, createTime: at(-hour),
    }));
    return { uploads, nextPageToken: '' };
  }

  async handle(request, response) {
    const { pathname } = new URL(request.url, 'http://here');
    if (pathname === '/pictures/still.svg') return response.writeHead(200, { 'Content-Type': 'image/svg+xml' }).end(still);
    if (!pathname.startsWith('/uploads')) return super.handle(request, response);
    const fault = await this.fault(request);
    if (fault === 'cut') return request.socket.destroy();
    if (fault) return response.writeHead(fault.status, fault.headers ?? {}).end(fault.body ?? '');
    return this.tus(request, response, this.uploads.get(request.headers.authorization.replace('Bearer ', '')));
  }

  async tus(request, response, upload) {
    const say = (status) => response.writeHead(status, { 'Upload-Offset': upload.stored.length }).end();
    if (upload.gone) return response.writeHead(410).end();
    if (request.method === 'POST') {
      upload.exists = true;
      return say(201);
    }
    if (!upload.exists) return response.writeHead(404).end();
    if (request.method === 'HEAD') return say(200);
    if (request.method === 'DELETE') {
      upload.gone = true;
      return response.writeHead(204).end();
    }
    if (Number(request.headers['upload-offset']) !== upload.stored.length) return say(409);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    upload.stored = Buffer.concat([upload.stored, ...chunks]);
    return say(204);
  }
}
