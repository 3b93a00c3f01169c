// lighthouse.mjs DATA [RUNS]: see run.sh.
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const [data, runs = '5'] = process.argv.slice(2);
const { gateway, users } = JSON.parse(await readFile(path.join(data, 'endpoints.json'), 'utf8'));
const program = new URL('./node_modules/.bin/lighthouse', import.meta.url).pathname;

const signedIn = await fetch(`${gateway}/session`, {
  method: 'POST', headers: { 'Content-Type': 'application/json', 'Sec-Fetch-Site': 'same-origin' },
  body: JSON.stringify({ email: users.student.email, password: users.student.password }) });
const cookie = signedIn.headers.get('set-cookie').split(';')[0];
const ask = async (address) => (await fetch(gateway + address, { headers: { Cookie: cookie } })).json();
const { courses } = await ask('/v1/courses?pageSize=200');
const course = courses.find((one) => one.title === 'Mathematics for Engineers') ?? courses[0];
const lecture = (await ask(`/v1/${course.name}/lectures`)).lectures.find((one) => one.state === 'RECORDED');

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const measures = { 'largest-contentful-paint': 'LCP ms', 'total-blocking-time': 'TBT ms', 'cumulative-layout-shift': 'CLS', 'first-contentful-paint': 'FCP ms' };

function measure(address, headers) {
  const made = spawnSync(program, [gateway + address, '--quiet', '--output=json', '--chrome-flags=--headless=new --no-sandbox --disable-gpu',
    '--only-categories=performance,accessibility,best-practices', `--extra-headers=${JSON.stringify(headers)}`],
  { env: { ...process.env, CHROME_PATH: '/usr/bin/chromium' }, maxBuffer: 1 << 28, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  return JSON.parse(made.stdout);
}

for (const [name, address, headers] of [['home', '/', {}], ['home, signed in', '/', { Cookie: cookie }], ['course', `/${course.name}`, {}],
  ...(lecture ? [['lecture', `/${lecture.name}`, {}]] : [])]) {
  const reports = Array.from({ length: Number(runs) }, () => measure(address, headers));
  const scores = ['performance', 'accessibility', 'best-practices'].map((one) =>
    `${one} ${Math.round(100 * median(reports.map((report) => report.categories[one].score)))}`);
  const figures = Object.entries(measures).map(([id, label]) => `${label} ${median(reports.map((report) => report.audits[id].numericValue)).toFixed(2)}`);
  console.log(`${name.padEnd(16)} ${scores.join('  ')}   ${figures.join('  ')}`);
}
