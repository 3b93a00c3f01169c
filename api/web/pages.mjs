// Every page: its folder below src/pages/, the addresses it answers, and the data that the gateway puts into it (docs/web.md).
// The first entry that fits an address has it. `status` names the datum whose HTTP status the page gets; the page whose path
// is "*" answers every address that no other page has, with 404. `entry` and `template` (its own HTML, without base.css) are for a
// page that is not like the others.
const me = '/v1/me';

export const pages = [
  { name: 'home', path: '/', data: { me, home: '/v1/home', chosen: '/v1/home?term=?term' } },
  {
    name: 'course',
    path: '/courses/*',
    status: 'course',
    data: { me, course: '/v1/courses/$1', lectures: '/v1/courses/$1/lectures?page_size=200' },
  },
  {
    name: 'lecture',
    path: '/lectures/*',
    status: 'lecture',
    data: { me, lecture: '/v1/lectures/$1', sections: '/v1/lectures/$1/sections' },
  },
  { name: 'watch', path: '/watch', data: { me } },
  { name: 'search', path: '/search', data: { me, results: '/v1/search?query=?q' } },
  { name: 'login', path: '/login', data: { me } },
  {
    name: 'settings',
    path: '/settings',
    data: { me, sessions: '/v1/sessions?page_size=100', feeds: '/v1/calendarFeeds?page_size=100' },
  },

  {
    name: 'teach',
    path: '/teach',
    data: { me, courses: '/v1/courses?taught=true&page_size=200', uploads: '/v1/uploads?page_size=50' },
  },
  {
    name: 'teach_course',
    path: '/teach/courses/*',
    status: 'course',
    data: { me, course: '/v1/courses/$1', lectures: '/v1/courses/$1/lectures?page_size=200' },
  },
  {
    name: 'teach_lecture',
    path: '/teach/lectures/*',
    status: 'lecture',
    data: { me, lecture: '/v1/lectures/$1', sections: '/v1/lectures/$1/sections' },
  },
  { name: 'teach_stream', path: '/teach/stream', data: { me, tokens: '/v1/personalTokens?page_size=100' } },

  {
    name: 'manage_organizations',
    path: '/manage/organizations',
    data: { me, organizations: '/v1/organizations?maintained=true&page_size=1000' },
  },
  {
    name: 'manage_organization',
    path: '/manage/organizations/*',
    status: 'maintainers',
    data: { me, organization: '/v1/organizations/$1', maintainers: '/v1/organizations/$1/maintainers?page_size=200' },
  },
  { name: 'manage_resources', path: '/manage/resources', data: { me } },
  { name: 'manage_jobs', path: '/manage/jobs', data: { me } },
  { name: 'manage_job', path: '/manage/jobs/*', status: 'job', data: { me, job: '/v1/jobs/$1' } },
  { name: 'manage_live', path: '/manage/live', data: { me } },
  { name: 'manage_storage', path: '/manage/storage', data: { me, storage: '/v1/storage?page_size=1000' } },
  { name: 'manage_audit', path: '/manage/audit', data: { me } },
  { name: 'admin_people', path: '/admin/people', data: { me, people: '/v1/users?page_size=50' } },
  { name: 'admin_settings', path: '/admin/settings', data: { me, announcements: '/v1/announcements?page_size=100' } },

  { name: 'notfound', path: '*', data: { me } },
];

// What the gateway reads.
export function pageTable() {
  return pages.map(({ name, path, status, data }) => ({ path, file: `${name}.html`, ...(status && { status }), data }));
}
