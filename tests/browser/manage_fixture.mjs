// A university that the pages of maintainers are shown with: an organization tree, resources in every state, jobs, streams, people.
const minute = 60_000,
  hour = 60 * minute,
  day = 24 * hour;
export const ago = (ms) => new Date(Date.now() - ms).toISOString();

const user = (id, displayName, role, more = {}) => ({
  name: `users/${id}`,
  email: `${displayName.toLowerCase().replace(/[^a-z]+/g, '.')}@example.org`,
  displayName,
  role,
  createTime: ago(id * day),
  disabled: false,
  ...more,
});
export const people = [
  user(1, 'Ada Admin', 'ADMINISTRATOR_ROLE'),
  user(2, 'Max Maintainer', 'LECTURER_ROLE'),
  user(3, 'Lena Lehrer', 'LECTURER_ROLE'),
  user(4, 'Stefan Student', 'STUDENT'),
  user(5, 'Gone Guest', 'STUDENT', { disabled: true }),
  user(6, 'Maximiliane von und zu Hohenstaufen-Wittelsbach', 'LECTURER_ROLE'),
];

const installation = {
  displayName: 'Example University',
  welcomeText: 'Lectures, live and recorded.',
  supportEmail: 'help@example.org',
  imprintUrl: 'https://example.org/imprint',
  privacyUrl: '',
  rtmpUrl: 'rtmp://live.example.org/live',
  grpcEndpoint: 'lectern.example.org:7401',
};
const meOf = (person, maintains, administrator) => ({
  user: person,
  maintains,
  teaches: false,
  administrator,
  settings: {},
  installation,
  announcements: [],
  now: new Date().toISOString(),
});
export const administrator = () => meOf(people[0], [], true);
export const maintainer = () => meOf(people[1], ['organizations/1'], false);
export const student = () => meOf(people[3], [], false);
export const nobody = () => ({ ...meOf(undefined, [], false), user: undefined });

const organization = (id, displayName, parent, depth, courseCount, resourceCount, right = 'MAINTAIN') => ({
  name: `organizations/${id}`,
  parent: parent ? `organizations/${parent}` : '',
  displayName,
  depth,
  createTime: ago(400 * day),
  right,
  courseCount,
  resourceCount,
});
export const organizations = [
  organization(1, 'Example University', 0, 0, 2, 6),
  organization(2, 'School of Computation, Information and Technology', 1, 1, 4, 3),
  organization(3, 'Department of Computer Science', 2, 2, 38, 2),
  organization(4, 'Chair of Connected Mobility', 3, 3, 6, 0),
  organization(5, 'Chair of Network Architectures and Services', 3, 3, 9, 1),
  organization(6, 'Department of Mathematics', 2, 2, 21, 0),
  organization(7, 'School of Engineering and Design', 1, 1, 17, 1),
  organization(8, 'Rechts-, Wirtschafts- und Sozialwissenschaftliche Fakultät', 1, 1, 11, 0),
  organization(9, 'School of Medicine and Health', 1, 1, 0, 0),
];

const giga = 1e9;
const load = (cpu, slotsUsed, slots, more = {}) => ({
  cpu,
  cpuCount: 16,
  memoryUsedBytes: String(Math.round((4 + 20 * cpu) * giga)),
  memoryTotalBytes: String(32 * giga),
  diskFreeBytes: String(310 * giga),
  diskTotalBytes: String(480 * giga),
  slots,
  slotsUsed,
  uptime: `${3 * 86400 + 7000}s`,
  ...more,
});
const job = (id, kind, label, progress, lectureTitle, lecture = 'lectures/7') => ({
  job: `jobs/${id}`,
  kind,
  label,
  progress,
  lecture,
  lectureTitle,
});
const resource = (id, kind, host, state, more = {}) => ({
  name: `resources/${id}`,
  organization: 'organizations/1',
  organizationName: 'Example University',
  kind,
  state,
  shared: false,
  host,
  version: '0.4.0',
  publicUrl: '',
  capabilities:
    kind === 'WORKER' ? ['probe', 'transcode_video', 'transcode_audio', 'thumbnails', 'live_ingest'] : ['package', 'finalise'],
  load: load(0.05, 0, 0),
  lastBeatTime: ago(1500),
  createTime: ago(id * day),
  reason: '',
  runningJobs: [],
  liveSlots: 0,
  liveSlotsUsed: 0,
  ...more,
});
const inCit = { organization: 'organizations/2', organizationName: 'School of Computation, Information and Technology' };
export const resources = () => [
  resource(1, 'WORKER', 'worker-1.media.example.org', 'ALIVE', {
    load: load(0.83, 3, 4),
    liveSlots: 4,
    liveSlotsUsed: 2,
    runningJobs: [
      job(101, 'transcode_video', '720p', 0.43, '4. Control'),
      job(102, 'thumbnails', '', 0.9, '4. Control'),
      job(103, 'transcode_audio', 'audio', 0.12, '5. Signals'),
    ],
  }),
  resource(2, 'WORKER', 'worker-2.media.example.org', 'ALIVE', {
    load: load(0.31, 1, 4),
    liveSlots: 4,
    runningJobs: [job(104, 'probe', '', 0, 'Einführung in die Rechnernetze')],
  }),
  resource(3, 'WORKER', 'worker-3.cit.example.org', 'DRAINING', {
    ...inCit,
    load: load(0.97, 1, 8),
    runningJobs: [job(105, 'transcode_video', '1080p', 0.88, '2. Trees')],
  }),
  resource(4, 'WORKER', 'worker-4.cit.example.org', 'SUSPECT', {
    ...inCit,
    lastBeatTime: ago(9000),
    reason: 'silent for 9 s',
    load: load(0.2, 0, 8),
  }),
  resource(5, 'WORKER', 'lab-pc-07', 'DEAD', {
    ...inCit,
    lastBeatTime: ago(3 * hour),
    reason: 'its lease ended 3 h ago; its jobs run elsewhere',
    version: '0.3.2',
  }),
  resource(6, 'WORKER', 'worker-5.media.example.org', 'ALIVE', { shared: true, load: load(0, 0, 12), version: '0.3.2' }),
  resource(7, 'VOD_SERVICE', 'vod-1.media.example.org', 'ALIVE', {
    publicUrl: 'https://vod-1.media.example.org',
    load: load(0.14, 1, 2, { diskFreeBytes: String(900 * giga), diskTotalBytes: String(24_000 * giga) }),
    runningJobs: [job(106, 'package', '720p', 0.6, '4. Control')],
  }),
  resource(8, 'EDGE', 'edge-1.media.example.org', 'ALIVE', { publicUrl: 'https://edge-1.media.example.org', capabilities: [] }),
  resource(9, 'EDGE', 'edge-2.media.example.org', 'NEVER_ATTACHED', {
    lastBeatTime: undefined,
    load: undefined,
    version: '0.4.0',
    reason: 'has joined and never connected',
    capabilities: [],
  }),
  resource(10, 'RTMP_PROXY', 'ingest-1.media.example.org', 'ALIVE', {
    publicUrl: 'rtmp://live.example.org/live',
    capabilities: [],
  }),
];

const fullJob = (id, kind, label, state, more = {}) => ({
  name: `jobs/${id}`,
  task: 'tasks/3',
  organization: 'organizations/3',
  organizationName: 'Department of Computer Science',
  lecture: 'lectures/7',
  lectureTitle: '4. Control',
  view: 'COMB',
  kind,
  label,
  state,
  progress: 0,
  attempt: 1,
  maxAttempts: 5,
  resource: '',
  resourceHost: '',
  failureClass: 'FAILURE_CLASS_UNSPECIFIED',
  error: '',
  createTime: ago(id * minute),
  attempts: [],
  ...more,
});
const on1 = { resource: 'resources/1', resourceHost: 'worker-1.media.example.org' };
export const jobs = () => [
  fullJob(1, 'transcode_video', '1080p', 'RUNNING', { ...on1, progress: 0.37, startTime: ago(40_000) }),
  fullJob(2, 'transcode_video', '720p', 'RUNNING', { ...on1, progress: 0.62, startTime: ago(50_000) }),
  fullJob(3, 'package', '1080p', 'BLOCKED'),
  fullJob(4, 'thumbnails', '', 'READY', {
    view: 'PRES',
    lectureTitle: 'Einführung in die Rechnernetze und verteilten Systeme: Wiederholung',
  }),
  fullJob(5, 'transcode_audio', 'audio', 'RETRY_WAIT', {
    attempt: 2,
    error: 'the worker was lost',
    failureClass: 'INFRASTRUCTURE',
    runTime: new Date(Date.now() + 20_000).toISOString(),
  }),
  fullJob(6, 'probe', '', 'JOB_FAILED', {
    ...on1,
    attempt: 2,
    failureClass: 'MEDIA',
    error: 'no video and no sound could be read: moov atom not found',
    endTime: ago(12 * minute),
    lectureTitle: '5. Signals',
  }),
  fullJob(7, 'transcode_video', '720p', 'JOB_FAILED', {
    ...on1,
    attempt: 3,
    failureClass: 'POISON',
    error: 'it killed three workers',
    endTime: ago(40 * minute),
    lectureTitle: 'Guest lecture',
  }),
  fullJob(8, 'live_ingest', 'cam', 'EXPIRED', { error: 'not started before its deadline', endTime: ago(3 * hour), view: 'CAM' }),
  fullJob(9, 'loudness', '', 'DONE', { ...on1, progress: 1, endTime: ago(5 * minute), startTime: ago(6 * minute) }),
  fullJob(10, 'noop', '', 'DONE', {
    ...on1,
    lecture: '',
    lectureTitle: '',
    view: 'VIEW_UNSPECIFIED',
    progress: 1,
    endTime: ago(2 * hour),
  }),
  fullJob(11, 'package', 'source', 'CANCELLED', { endTime: ago(2 * day), error: 'by a person' }),
  fullJob(12, 'silence', '', 'SKIPPED', { endTime: ago(12 * minute), error: 'the probe failed' }),
];
const log = `ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2025 the FFmpeg developers
[mov,mp4,m4a,3gp,3g2,mj2 @ 0x55d2c8a4b2c0] moov atom not found
/var/lib/lectern-worker/scratch/jobs-6/input: Invalid data found when processing input`;
export const failedJob = () => ({
  ...jobs()[5],
  attempts: [
    {
      number: 1,
      resource: 'resources/2',
      resourceHost: 'worker-2.media.example.org',
      startTime: ago(14 * minute),
      endTime: ago(13.5 * minute),
      outcome: 'failed',
      failureClass: 'MEDIA',
      error: 'moov atom not found',
      log,
    },
    {
      number: 2,
      ...on1,
      startTime: ago(12.5 * minute),
      endTime: ago(12 * minute),
      outcome: 'failed',
      failureClass: 'MEDIA',
      error: 'moov atom not found',
      log,
    },
  ],
});
export const explanations = {
  failed: { summary: 'It failed: no video and no sound could be read: moov atom not found.', details: [] },
  waiting: {
    summary: 'It waits for a resource: 3 workers may take it, none has a free slot.',
    details: [
      'resources/1 worker-1.media.example.org: all 4 slots are in use',
      'resources/3 worker-3.cit.example.org: is drained',
      'resources/5 lab-pc-07: is dead',
    ],
  },
};

const facts = {
  encoder: 'obs-output module (libobs version 29.0.2)',
  videoCodec: 'h264',
  videoProfile: 'High',
  width: 1920,
  height: 1080,
  frameRate: 30,
  keyframeIntervalSeconds: 2,
  videoBitrateBps: '4520000',
  paddingBitrateBps: '0',
  audioCodec: 'aac',
  sampleRate: 48000,
  channels: 2,
  audioBitrateBps: '160000',
  levelDbfs: -21,
  luma: 0.4,
  renditions: ['1080p (copied)', '720p', '360p', 'audio'],
  segments: '812',
  segmentDelaySeconds: 0.84,
  framesDropped: '0',
};
const stream = (id, courseTitle, lectureTitle, state, more = {}) => ({
  name: `liveStreams/${id}`,
  lecture: `lectures/${id}`,
  lectureTitle,
  courseTitle,
  course: 'courses/2',
  organization: 'organizations/3',
  organizationName: 'Department of Computer Science',
  view: 'COMB',
  state,
  rehearsal: false,
  source: 'encoder',
  proxy: 'resources/10',
  worker: 'resources/1',
  workerHost: 'worker-1.media.example.org',
  epoch: '4',
  startTime: ago(52 * minute),
  lastSegmentTime: ago(1200),
  duration: '3127s',
  facts,
  warnings: [],
  reason: '',
  failovers: 0,
  createTime: ago(53 * minute),
  viewers: 214,
  pictureUrls: ['/pictures/a.jpg'],
  ...more,
});
export const streams = () => [
  stream(1, 'Control Engineering', '4. Control', 'ON_AIR'),
  stream(2, 'Einführung in die Rechnernetze und verteilten Systeme', 'Wiederholung vor der Klausur', 'ON_AIR', {
    source: 'hall',
    proxy: '',
    view: 'CAM',
    viewers: 1034,
    failovers: 1,
    facts: { ...facts, encoder: '', levelDbfs: -70 },
    warnings: [{ code: 'SILENCE', message: 'There has been no sound for 2 minutes. Is the microphone on?' }],
    pictureUrls: ['/pictures/b.jpg'],
  }),
  stream(3, 'Einführung in die Rechnernetze und verteilten Systeme', 'Wiederholung vor der Klausur', 'INTERRUPTED', {
    source: 'hall',
    proxy: '',
    view: 'PRES',
    reason: 'the camera does not answer; it is tried again every 2 s',
    lastSegmentTime: ago(34_000),
    viewers: 1034,
    pictureUrls: [],
  }),
  stream(4, 'Law of Data Protection', 'Rehearsal', 'ON_AIR', {
    rehearsal: true,
    viewers: 0,
    pictureUrls: [],
    duration: '94s',
    startTime: ago(95_000),
  }),
  stream(5, 'Statistics', '9. Regression', 'STARTING', {
    worker: '',
    workerHost: '',
    viewers: 12,
    facts: undefined,
    duration: undefined,
    lastSegmentTime: undefined,
    pictureUrls: [],
    reason: 'every worker is full; the next free one gets it',
  }),
  stream(6, 'Anatomy', '12. Heart', 'ENDING', { viewers: 3, pictureUrls: ['/pictures/c.jpg'] }),
];

const use = (id, bytes, subtree, quota, recordings, seconds) => ({
  organization: `organizations/${id}`,
  displayName: organizations[id - 1].displayName,
  depth: organizations[id - 1].depth,
  bytes: String(bytes * giga),
  subtreeBytes: String(subtree * giga),
  quotaBytes: String(quota * giga),
  recordings,
  duration: `${seconds}s`,
});
export const storage = [
  use(1, 40, 9870, 20_000, 12, 40_000),
  use(2, 90, 7610, 8000, 31, 130_000),
  use(3, 5200, 6120, 0, 1840, 9_200_000),
  use(4, 410, 410, 500, 160, 700_000),
  use(5, 510, 510, 0, 190, 800_000),
  use(6, 1400, 1400, 0, 480, 2_400_000),
  use(7, 1980, 1980, 0, 640, 3_100_000),
  use(8, 240, 240, 0, 88, 410_000),
  use(9, 0, 0, 0, 0, 0),
];

const event = (minutes, actor, action, target, outcome = 'OK', detail = '') => ({
  time: ago(minutes * minute),
  actor,
  action,
  target,
  organization: 'organizations/1',
  outcome,
  detail,
});
export const audit = [
  event(1, 'users/2', 'OrganizationService.CreateOrganizationToken', 'organizations/2'),
  event(2, 'resources/3', 'ResourceService.Join', 'resources/3'),
  event(14, 'users/2', 'ResourceService.DrainResource', 'resources/3'),
  event(50, 'users/4', 'CourseService.DeleteCourse', 'courses/2', 'PERMISSION_DENIED'),
  event(70, '', 'AuthService.Login', '', 'UNAUTHENTICATED'),
  event(300, 'resources/7', 'upload.rejected', 'lectures/4', 'OK', 'the checksum does not fit'),
  event(1500, 'users/1', 'OrganizationService.AddMaintainer', 'organizations/1', 'OK', 'users/2'),
];

const course = (id, title, organizationName) => ({
  name: `courses/${id}`,
  organization: 'organizations/2',
  organizationName,
  title,
  term: '2026W',
  visibility: 'ENROLLED',
  description: '',
  createTime: ago(30 * day),
  lectureCount: 12,
  downloadsEnabled: false,
  chatEnabled: true,
  right: 'MAINTAIN',
});
export const courses = [
  course(1, 'Computation for everyone', organizations[1].displayName),
  course(2, 'Einführung in die Rechnernetze', organizations[2].displayName),
];
export const maintainers = [
  { user: 'users/2', email: people[1].email, displayName: people[1].displayName, organization: 'organizations/1' },
  { user: 'users/6', email: people[5].email, displayName: people[5].displayName, organization: 'organizations/2' },
];
export const announcements = [
  {
    name: 'announcements/1',
    text: 'On Saturday from 8 to 10 nothing can be watched: the disks are exchanged.',
    level: 'WARNING',
    startTime: ago(-2 * day),
    endTime: ago(-3 * day),
  },
  {
    name: 'announcements/2',
    text: 'New: lectures can be downloaded where the course allows it.',
    level: 'INFO',
    startTime: ago(2 * day),
  },
];

// What a gateway with all of this answers, to a person as `me` says.
export function answers(me) {
  return {
    'GET /v1/me': me,
    'GET /v1/organizations': () => ({ organizations, nextPageToken: '' }),
    'GET /v1/organizations/*': (path) =>
      organizations.find(({ name }) => `/v1/${name}` === path) ?? {
        refused: 404,
        reason: 'ORGANIZATION_NOT_FOUND',
        message: 'There is no such organization.',
      },
    'GET /v1/organizations/*/maintainers': { maintainers, nextPageToken: '' },
    'POST /v1/organizations/*:createToken': {
      token: 'eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.eyJvcmciOjIsImV4cCI6MTc5MzI1MDAwMH0.pretended',
      expireTime: ago(-7 * hour),
    },
    'POST /v1/organizations/*:testWorkers': { task: 'tasks/9', jobs: ['jobs/9', 'jobs/10'] },
    'GET /v1/courses': { courses, nextPageToken: '' },
    'WATCH /v1/resources:watch': () => [{ reset: true, resources: resources(), removed: [] }],
    'GET /v1/resources': () => ({ resources: resources(), nextPageToken: '' }),
    'POST /v1/resources/*:drain': () => ({ ...resources()[0], state: 'DRAINING' }),
    'WATCH /v1/jobs:watch': (_, query) => [
      {
        reset: true,
        jobs: jobs().filter(({ state }) => query.getAll('states').length === 0 || query.getAll('states').includes(state)),
        removed: [],
      },
    ],
    'GET /v1/jobs': () => ({ jobs: jobs(), nextPageToken: '' }),
    'GET /v1/jobs/*': (path) =>
      path.endsWith('/6')
        ? failedJob()
        : (jobs().find(({ name }) => `/v1/${name}` === path) ?? {
            refused: 404,
            reason: 'JOB_NOT_FOUND',
            message: 'There is no such job.',
          }),
    'GET /v1/jobs/*:explain': (path) => (path.includes('/6:') ? explanations.failed : explanations.waiting),
    'POST /v1/jobs/*:retry': () => ({ ...jobs()[5], state: 'READY' }),
    'WATCH /v1/liveStreams:watch': () => [{ reset: true, liveStreams: streams(), removed: [] }],
    'GET /v1/storage': { storage, nextPageToken: '' },
    'GET /v1/auditEvents': { auditEvents: audit, nextPageToken: 'more' },
    'GET /v1/users': { users: people, nextPageToken: '' },
    'GET /v1/users/*': (path) =>
      people.find(({ name }) => `/v1/${name}` === path) ?? {
        refused: 404,
        reason: 'USER_NOT_FOUND',
        message: 'There is no such person.',
      },
    'POST /v1/users': (_, __, body) => ({ ...people[3], name: 'users/77', ...body }),
    'POST /v1/users/*:resetPassword': {},
    'GET /v1/installation': installation,
    'PUT /v1/installation': (_, __, body) => body,
    'GET /v1/announcements': { announcements, nextPageToken: '' },
  };
}
