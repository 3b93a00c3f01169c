// What the audit log's actions are called.
import { words } from '../../lib/words';

const names = words<Record<string, string>>({
  en: {
    'AuthService.Login': 'Signed in',
    'AuthService.ChangePassword': 'Changed their password',
    'AuthService.CreatePersonalToken': 'Created a personal token',
    'AuthService.RevokePersonalToken': 'Revoked a personal token',
    'CourseService.CreateCourse': 'Created a course',
    'CourseService.UpdateCourse': 'Changed a course',
    'CourseService.DeleteCourse': 'Deleted a course',
    'CourseService.Enrol': 'Enrolled somebody',
    'CourseService.Unenrol': 'Ended an enrolment',
    'HallService.CreateHall': 'Created a lecture hall',
    'HallService.SetHallSource': 'Set the source of a lecture hall',
    'HallService.DeleteHall': 'Deleted a lecture hall',
    'InstallationService.UpdateInstallation': 'Changed the installation',
    'InstallationService.CreateAnnouncement': 'Announced something',
    'InstallationService.DeleteAnnouncement': 'Took an announcement back',
    'JobService.RetryJob': 'Tried a job again',
    'JobService.CancelJob': 'Cancelled a job',
    'JobService.CreateTestTask': 'Tested the workers',
    'LectureService.CreateLecture': 'Created a lecture',
    'LectureService.CreateLectureSeries': 'Created a series of lectures',
    'LectureService.UpdateLecture': 'Changed a lecture',
    'LectureService.DeleteLecture': 'Deleted a lecture',
    'LectureService.StartLecture': 'Started a lecture',
    'LectureService.EndLecture': 'Ended a lecture',
    'LectureService.CreateUpload': 'Began an upload',
    'LectureService.CreateSection': 'Added a section',
    'LectureService.UpdateSection': 'Changed a section',
    'LectureService.DeleteSection': 'Deleted a section',
    'LiveService.EndLiveStream': 'Ended a stream',
    'LiveService.MoveLiveStream': 'Moved a stream',
    'LiveService.OpenStream': 'Went live',
    'OrganizationService.CreateOrganization': 'Created an organization',
    'OrganizationService.RenameOrganization': 'Renamed an organization',
    'OrganizationService.MoveOrganization': 'Moved an organization',
    'OrganizationService.DeleteOrganization': 'Deleted an organization',
    'OrganizationService.AddMaintainer': 'Made somebody a maintainer',
    'OrganizationService.RemoveMaintainer': 'Removed a maintainer',
    'OrganizationService.CreateOrganizationToken': 'Created an organization token',
    'ResourceService.Join': 'Joined',
    'ResourceService.SetShared': 'Changed the sharing of a resource',
    'ResourceService.DrainResource': 'Drained a resource',
    'ResourceService.ResumeResource': 'Resumed a resource',
    'ResourceService.RemoveResource': 'Removed a resource',
    'UserService.CreateUser': 'Created an account',
    'UserService.SetRole': 'Changed a role',
    'UserService.SetDisabled': 'Disabled or enabled an account',
    'UserService.ResetPassword': 'Reset a password',
    'upload.rejected': 'Upload was rejected',
  },
  de: {
    'AuthService.Login': 'Meldete sich an',
    'AuthService.ChangePassword': 'Änderte das eigene Passwort',
    'AuthService.CreatePersonalToken': 'Erstellte ein persönliches Token',
    'AuthService.RevokePersonalToken': 'Widerrief ein persönliches Token',
    'CourseService.CreateCourse': 'Legte einen Kurs an',
    'CourseService.UpdateCourse': 'Änderte einen Kurs',
    'CourseService.DeleteCourse': 'Löschte einen Kurs',
    'CourseService.Enrol': 'Schrieb jemanden ein',
    'CourseService.Unenrol': 'Beendete eine Einschreibung',
    'HallService.CreateHall': 'Legte einen Hörsaal an',
    'HallService.SetHallSource': 'Setzte die Quelle eines Hörsaals',
    'HallService.DeleteHall': 'Löschte einen Hörsaal',
    'InstallationService.UpdateInstallation': 'Änderte die Installation',
    'InstallationService.CreateAnnouncement': 'Kündigte etwas an',
    'InstallationService.DeleteAnnouncement': 'Nahm eine Mitteilung zurück',
    'JobService.RetryJob': 'Wiederholte einen Auftrag',
    'JobService.CancelJob': 'Brach einen Auftrag ab',
    'JobService.CreateTestTask': 'Prüfte die Worker',
    'LectureService.CreateLecture': 'Legte eine Vorlesung an',
    'LectureService.CreateLectureSeries': 'Legte eine Vorlesungsreihe an',
    'LectureService.UpdateLecture': 'Änderte eine Vorlesung',
    'LectureService.DeleteLecture': 'Löschte eine Vorlesung',
    'LectureService.StartLecture': 'Begann eine Vorlesung',
    'LectureService.EndLecture': 'Beendete eine Vorlesung',
    'LectureService.CreateUpload': 'Begann einen Upload',
    'LectureService.CreateSection': 'Fügte einen Abschnitt hinzu',
    'LectureService.UpdateSection': 'Änderte einen Abschnitt',
    'LectureService.DeleteSection': 'Löschte einen Abschnitt',
    'LiveService.EndLiveStream': 'Beendete einen Stream',
    'LiveService.MoveLiveStream': 'Verlegte einen Stream',
    'LiveService.OpenStream': 'Ging live',
    'OrganizationService.CreateOrganization': 'Legte eine Organisation an',
    'OrganizationService.RenameOrganization': 'Benannte eine Organisation um',
    'OrganizationService.MoveOrganization': 'Verschob eine Organisation',
    'OrganizationService.DeleteOrganization': 'Löschte eine Organisation',
    'OrganizationService.AddMaintainer': 'Ließ jemanden verwalten',
    'OrganizationService.RemoveMaintainer': 'Entzog jemandem das Verwalten',
    'OrganizationService.CreateOrganizationToken': 'Erstellte ein Token der Organisation',
    'ResourceService.Join': 'Schloss sich an',
    'ResourceService.SetShared': 'Änderte das Teilen einer Ressource',
    'ResourceService.DrainResource': 'Ließ eine Ressource auslaufen',
    'ResourceService.ResumeResource': 'Setzte eine Ressource wieder ein',
    'ResourceService.RemoveResource': 'Entfernte eine Ressource',
    'UserService.CreateUser': 'Legte ein Konto an',
    'UserService.SetRole': 'Änderte eine Rolle',
    'UserService.SetDisabled': 'Sperrte oder entsperrte ein Konto',
    'UserService.ResetPassword': 'Setzte ein Passwort zurück',
    'upload.rejected': 'Upload wurde abgelehnt',
  },
});

// What has no name here is shown as the API calls it.
export const actionText = (action: string) => names[action] ?? action;

const pages: Record<string, (id: string) => string> = {
  organizations: (id) => `/manage/organizations/${id}`,
  resources: (id) => `/manage/resources?open=${id}`,
  jobs: (id) => `/manage/jobs/${id}`,
  courses: (id) => `/courses/${id}`,
  lectures: (id) => `/lectures/${id}`,
};

// The page of an object ("jobs/12"), or empty where it has none.
export function pageOf(target: string): string {
  const [, kind = '', id = ''] = /^(\w+)\/(\d+)$/.exec(target) ?? [];
  return pages[kind]?.(id) ?? '';
}

// What the request said, as the log has it ('{"title": "Control", ...} from 192.0.2.7'), for people: the values that say
// something, and where it came from. Other details stay as they are.
export function detailOf(detail: string, target: string): { facts: [string, string][]; from: string } {
  const [, json, from = ''] = /^(\{.*\})(?: from (\S+))?$/s.exec(detail) ?? [];
  if (!json) return { facts: detail ? [['', detail]] : [], from: '' };
  try {
    const fields = Object.entries(JSON.parse(json) as Record<string, unknown>);
    const told = fields.filter(
      ([key, value]) => value !== target && !['fingerprint', 'instanceKey', 'idempotencyKey', 'capabilities'].includes(key),
    );
    return { facts: told.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]), from };
  } catch {
    return { facts: [['', json]], from };
  }
}
