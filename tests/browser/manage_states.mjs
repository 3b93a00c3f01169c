// manage_states.mjs [FOLDER]: the pages of maintainers and administrators in every state that they have, before a gateway that
// pretends: accessible in light and dark, in English and German, wide and narrow; and what follows the API disturbs nobody.
// Leaves screenshots in FOLDER.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as world from './manage_fixture.mjs';
import { pretend } from './pretended.mjs';
import { launch, Visitor } from './visit.mjs';

const folder = process.argv[2];
const dist = await mkdtemp(path.join(tmpdir(), 'lectern-pages-'));
const { buildPages } = await import(
  pathToFileURL(path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../../api/web/build.mjs'))
);
await buildPages(dist);
const browser = await launch();
let checked = 0;
const found = []; // all of it, so that one run tells everything

// A page before its own gateway, closed with it.
async function at(address, answers, act, { language = 'en' } = {}) {
  const gateway = await pretend(dist, answers);
  gateway.language = language;
  gateway.theme = '';
  const visitor = await Visitor.come(browser, gateway.url, null, { reducedMotion: 'reduce' });
  try {
    const status = await visitor.open(address);
    await act(visitor, gateway, status);
  } finally {
    await visitor.leave();
    await gateway.stop();
  }
}

const everywhere = [
  ['light', 1440],
  ['dark', 1440],
  ['dark', 768],
  ['light', 320],
];
const extremes = [
  ['dark', 1440],
  ['light', 320],
];

async function isSoundEverywhere(visitor, name, looks = everywhere) {
  for (const [scheme, width] of looks) {
    await visitor.appearance({ scheme, width, motion: 'reduce' });
    await visitor.tab.evaluate(() => scrollTo(0, 0));
    await visitor.isSound(`${name}, ${scheme}, ${width}`).catch((error) => found.push(error.message));
    await visitor.shoot(folder, `${name}-${scheme}-${width}`, true);
    checked += 1;
  }
}

const all = world.answers(world.administrator());
const refused = { refused: 403, reason: 'NO_RIGHT', message: 'You may not do this.' };
const broken = { refused: 500, reason: '', message: 'Something broke. Try again.' };
const pages = {
  organizations: '/manage/organizations',
  organization: '/manage/organizations/2',
  resources: '/manage/resources',
  jobs: '/manage/jobs',
  job: '/manage/jobs/6',
  live: '/manage/live',
  storage: '/manage/storage',
  audit: '/manage/audit',
  people: '/admin/people',
  settings: '/admin/settings',
};
const nothing = {
  ...all,
  'GET /v1/organizations': { organizations: [], nextPageToken: '' },
  'GET /v1/courses': { courses: [], nextPageToken: '' },
  'GET /v1/organizations/*/maintainers': { maintainers: [], nextPageToken: '' },
  'GET /v1/users': { users: [], nextPageToken: '' },
  'WATCH /v1/resources:watch': [{ reset: true, resources: [], removed: [] }],
  'WATCH /v1/jobs:watch': [{ reset: true, jobs: [], removed: [] }],
  'WATCH /v1/liveStreams:watch': [{ reset: true, liveStreams: [], removed: [] }],
  'GET /v1/storage': { storage: [], nextPageToken: '' },
  'GET /v1/resources': { resources: [], nextPageToken: '' },
  'GET /v1/auditEvents': { auditEvents: [], nextPageToken: '' },
  'GET /v1/announcements': { announcements: [], nextPageToken: '' },
};
const failing = Object.fromEntries(
  Object.entries(all).map(([call, answer]) => [call, call === 'GET /v1/me' ? answer : call.startsWith('WATCH') ? refused : broken]),
);

async function everyState() {
  for (const [name, address] of Object.entries(pages)) {
    await at(address, all, (visitor) => isSoundEverywhere(visitor, name));
    await at(address, all, (visitor) => isSoundEverywhere(visitor, `${name}-german`, extremes), { language: 'de' });
    await at(address, nothing, (visitor) => isSoundEverywhere(visitor, `${name}-empty`, extremes));
    await at(address, failing, (visitor) => isSoundEverywhere(visitor, `${name}-failed`, extremes));
  }
  for (const [who, me] of [
    ['student', world.student()],
    ['nobody', world.nobody()],
  ]) {
    await at('/manage/resources', { ...all, 'GET /v1/me': me }, async (visitor) => {
      assert.equal(await visitor.tab.getByRole('table').count(), 0, `${who} sees resources`);
      await isSoundEverywhere(visitor, `resources-${who}`);
    });
  }
  await at('/admin/people', world.answers(world.maintainer()), async (visitor) => {
    assert.equal(await visitor.tab.getByRole('table').count(), 0, 'a maintainer sees people');
    assert.equal(await visitor.tab.getByRole('link', { name: 'People' }).count(), 0, 'a maintainer is offered people');
  });
}

// What opens over a page, one state each.
async function whatOpens() {
  const click = (visitor, role, name) => visitor.tab.getByRole(role, { name, exact: true }).first().click();
  const states = {
    'resources-details': ['/manage/resources?open=1', async () => {}],
    'resources-remove': [
      '/manage/resources',
      async (v) => {
        await click(v, 'button', 'Actions for vod-1.media.example.org');
        await click(v, 'button', 'Remove');
      },
    ],
    'organizations-delete': [
      '/manage/organizations',
      async (v) => {
        await click(v, 'button', 'Actions for Example University');
        await click(v, 'button', 'Delete');
      },
    ],
    'organization-token': [
      '/manage/organizations/2',
      async (v) => {
        await click(v, 'button', 'Create a token');
        await click(v, 'tab', 'VOD service');
      },
    ],
    'organization-course': ['/manage/organizations/2', (v) => click(v, 'button', 'New course')],
    'jobs-selected': ['/manage/jobs', (v) => v.tab.getByLabel('Select all').check()],
    'jobs-explained': [
      '/manage/jobs?tab=waiting',
      async (v) => {
        await click(v, 'button', 'Actions for Make preview pictures');
        await click(v, 'button', 'Explain');
      },
    ],
    'live-end': [
      '/manage/live',
      async (v) => {
        await click(v, 'button', 'Actions for 4. Control');
        await click(v, 'button', 'End stream');
      },
    ],
    'people-created': [
      '/admin/people',
      async (v) => {
        await click(v, 'button', 'Add a person');
        await v.tab.getByLabel('Name', { exact: true }).fill('Nora New');
        await v.tab.getByLabel('E-mail address').fill('nora@example.org');
        await click(v, 'button', 'Create');
        await v.tab.getByText('can sign in now').waitFor();
      },
    ],
  };
  for (const [name, [address, act]] of Object.entries(states)) {
    await at(address, all, async (visitor) => {
      await act(visitor);
      await visitor.settle();
      await isSoundEverywhere(visitor, name);
    });
  }
}

const watching = '/v1/resources:watch';
const fresh = () => ({ ...world.resources()[1], name: 'resources/99', host: 'aaa-new-worker' });
const hosts = (visitor) => visitor.tab.$$eval('.resources tbody th strong', (rows) => rows.map((row) => row.textContent));

// New rows wait while somebody points at the list; focus and order stay as figures change.
async function doesNotDisturb() {
  await at('/manage/resources', all, async (visitor, gateway) => {
    const before = await hosts(visitor);
    const opener = visitor.tab.locator('.row-opener').nth(3);
    await opener.focus();
    gateway.say(watching, { reset: false, resources: [fresh()], removed: [] });
    await visitor.tab.getByRole('button', { name: 'Show 1 new row' }).waitFor();
    assert.deepEqual(await hosts(visitor), before, 'a row came between under the focus');
    const busy = { ...world.resources()[5], load: { ...world.resources()[5].load, cpu: 0.99 } };
    gateway.say(watching, { reset: false, resources: [busy], removed: [] });
    await visitor.tab.getByText('99%').first().waitFor();
    assert.deepEqual(await hosts(visitor), before, 'rows changed places');
    assert.ok(await opener.evaluate((element) => element === document.activeElement), 'the focus was taken away');
    await visitor.tab.getByRole('searchbox', { name: 'Search', exact: true }).focus();
    await visitor.tab.waitForFunction(() => document.body.textContent.includes('aaa-new-worker'));
    assert.equal((await hosts(visitor))[0], 'aaa-new-worker', 'it is not at its place');
    assert.match(await visitor.tab.locator('p[role="status"].unseen').first().textContent(), /A resource has joined/);
  });
}

async function reconnects() {
  await at('/manage/resources', all, async (visitor, gateway) => {
    gateway.answers = { ...all, [`WATCH ${watching}`]: { refused: 503, reason: '', message: 'not now' } };
    gateway.drop(watching);
    await visitor.tab.getByText('Reconnecting').waitFor();
    assert.equal((await hosts(visitor)).length, world.resources().length, 'what was known is gone');
    await isSoundEverywhere(visitor, 'resources-reconnecting');
    gateway.answers = { ...all, [`WATCH ${watching}`]: [{ reset: true, resources: [fresh()], removed: [] }] };
    await visitor.tab.getByText('Reconnecting').waitFor({ state: 'detached', timeout: 60_000 });
    await visitor.tab.waitForFunction(() => document.querySelectorAll('.resources tbody tr').length === 1);
  });
}

// From the address to a drained worker with keys only.
async function drainsWithKeys() {
  await at('/manage/resources?q=worker-2', all, async (visitor, gateway) => {
    const { keyboard } = visitor.tab;
    for (let i = 0; i < 60; ++i) {
      await keyboard.press('Tab');
      if (
        await visitor.tab.evaluate(
          () => document.activeElement.getAttribute('aria-label') === 'Actions for worker-2.media.example.org',
        )
      )
        break;
    }
    await keyboard.press('Enter');
    await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    await visitor.tab.getByRole('dialog').waitFor();
    for (let i = 0; i < 5; ++i) {
      await keyboard.press('Tab');
      if (await visitor.tab.evaluate(() => document.activeElement.textContent === 'Drain')) break;
    }
    await keyboard.press('Enter');
    await visitor.tab.getByRole('dialog').waitFor({ state: 'detached' });
    assert.deepEqual(gateway.calls, ['POST /v1/resources/2:drain {}']);
  });
}

// Filters stand in the address and come back with it.
async function keepsFilters() {
  await at('/manage/resources', all, async (visitor) => {
    await visitor.tab.getByLabel('Kind').selectOption('EDGE');
    await visitor.tab.getByRole('searchbox', { name: 'Search', exact: true }).fill('edge-1');
    assert.deepEqual(await hosts(visitor), ['edge-1.media.example.org']);
    const address = await visitor.tab.evaluate(() => location.pathname + location.search);
    await visitor.open(address);
    assert.deepEqual(await hosts(visitor), ['edge-1.media.example.org']);
    await visitor.tab.getByRole('button', { name: 'Clear filters' }).click();
    assert.equal((await hosts(visitor)).length, world.resources().length);
  });
}

try {
  for (const part of [doesNotDisturb, reconnects, drainsWithKeys, keepsFilters, whatOpens, everyState]) await part();
  assert.deepEqual(found, []);
  console.log(`${checked} looks at states: no violation, nothing cut off`);
} finally {
  await browser.close();
  await rm(dist, { recursive: true, force: true });
}
