// pages.mjs DATA [FOLDER]: every page of the system that runs below DATA (deploy/up wrote its endpoints.json), as each kind of person, in
// light and dark, wide and narrow: accessible, nothing cut off, nothing that jumps, no error. Leaves screenshots in FOLDER.
import assert from 'node:assert/strict';
import { ask, endpointsOf, launch, Visitor } from './visit.mjs';

const [data, folder] = process.argv.slice(2);
const endpoints = await endpointsOf(data);
const { recorded, live, upcoming } = endpoints.lectures;
const browser = await launch();

const administrator = await Visitor.come(browser, endpoints.gateway, endpoints.users.admin);
const lectureOf = async (id) => ask(administrator, `/v1/lectures/${id}`);
const course = (await lectureOf(recorded)).course;
const { organizations } = await ask(administrator, '/v1/organizations');
const middle = organizations.find((one) => one.displayName === 'School of Engineering').name.split('/')[1];
const { jobs } = await ask(administrator, '/v1/jobs?kinds=transcode_video&states=DONE&page_size=1');
assert.ok(jobs.length > 0, 'no recording has been encoded yet');
await administrator.leave();

// [name of the screenshot, address, expected status]
const pages = {
  anonymous: [
    ['home-anonymous', '/', 200],
    ['login', '/login', 200],
    ['lecture-live-anonymous', `/lectures/${live}`, 200],
    ['course-refused', `/${course}`, 404],
    ['lecture-refused', `/lectures/${recorded}`, 404],
    ['not-found', '/nowhere', 404],
    ['search-empty', '/search?q=zzzz', 200],
  ],
  student: [
    ['home', '/', 200],
    ['course', `/${course}`, 200],
    ['lecture', `/lectures/${recorded}`, 200],
    ['lecture-live', `/lectures/${live}`, 200],
    ['lecture-upcoming', `/lectures/${upcoming}`, 200],
    ['search', '/search?q=ro', 200],
    ['settings', '/settings', 200],
  ],
  lecturer: [
    ['teach', '/teach', 200],
    ['teach-course', `/teach/${course}`, 200],
    ['teach-lecture', `/teach/lectures/${recorded}`, 200],
    ['teach-lecture-upcoming', `/teach/lectures/${upcoming}`, 200],
    ['teach-stream', '/teach/stream', 200],
  ],
  maintainer: [
    ['organizations', '/manage/organizations', 200],
    ['organization', `/manage/organizations/${middle}`, 200],
    ['resources', '/manage/resources', 200],
    ['jobs', '/manage/jobs?tab=all', 200],
    ['job', `/manage/${jobs[0].name}`, 200],
    ['live', '/manage/live', 200],
    ['storage', '/manage/storage', 200],
    ['audit', '/manage/audit', 200],
  ],
  admin: [
    ['people', '/admin/people', 200],
    ['installation', '/admin/settings', 200],
  ],
};

const looks = [
  { scheme: 'light', width: 1280, height: 800 },
  { scheme: 'dark', width: 1280, height: 800 },
  { scheme: 'light', width: 320, height: 640, motion: 'reduce' },
];
const failures = [];

// How much of the page moved by itself while it appeared, as the browser scores it (0.1 is where it begins to annoy).
const jumps = (tab) => tab.evaluate(() => new Promise((resolve) => {
  const seen = (list) => resolve(list.getEntries().reduce((sum, { value, hadRecentInput }) => sum + (hadRecentInput ? 0 : value), 0));
  new PerformanceObserver(seen).observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => resolve(0), 300);
}));

async function staysInPlace(tab, what) {
  const jumped = await jumps(tab);
  assert.ok(jumped <= 0.05, `${what}: jumps by ${jumped.toFixed(2)} while it loads`);
}

// A page that jumps is seen to.
async function provesJumps() {
  const tab = await browser.newPage();
  await tab.goto(`data:text/html,<p>a</p><p>${'a text that moves '.repeat(60)}</p>`);
  let jumped = 0;
  for (let tries = 0; tries < 10 && jumped === 0; ++tries) {
    await tab.waitForTimeout(300);
    await tab.evaluate((height) => { document.querySelector('p').style.height = `${height}px`; }, 200 + 50 * (tries % 2));
    jumped = await jumps(tab);
  }
  assert.ok(jumped > 0, 'the browser tells of no jump at all');
  await tab.close();
}
await provesJumps();

for (const [role, list] of Object.entries(pages)) {
  const visitor = await Visitor.come(browser, endpoints.gateway, endpoints.users[role]);
  // Somebody who has begun a lecture makes better pictures.
  if (folder && role === 'student') await ask(visitor, `/v1/lectures/${recorded}/progress`, 'PUT', { position: '21s', watched: false });
  for (const [name, address, status] of list) {
    try {
      const answered = await visitor.open(address);
      assert.equal(answered, status, `${name}: status`);
      await staysInPlace(visitor.tab, `${name}, 1280 px`);
      for (const look of looks) {
        await visitor.appearance(look);
        await visitor.isSound(`${name}, ${look.scheme}, ${look.width} px`);
        await visitor.shoot(folder, `${name}-${look.width === 320 ? 'narrow' : look.scheme}`, true);
      }
      await visitor.open(address);
      await staysInPlace(visitor.tab, `${name}, 320 px`);
      assert.deepEqual(visitor.faults, [], `${name}, loaded again: faults`);
    } catch (error) {
      failures.push(`${name} (${role}): ${error.message}`);
      visitor.faults.length = 0;
    }
    await visitor.appearance(looks[0]);
  }
  await visitor.leave();
}
await browser.close();
for (const failure of failures) console.log(failure);
console.log(`${Object.values(pages).flat().length} pages in ${looks.length} looks, ${failures.length} failed`);
process.exit(failures.length ? 1 : 0);
