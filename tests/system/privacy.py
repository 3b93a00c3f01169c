"""Who may see what: every visibility of a course against every kind of person, and every way to its lectures must decide the same."""
import re
import urllib.parse

from browsing_people import Person
from onair import LECTURER, LiveSystem, clip
from system import check, wait_until

VISIBILITIES = ("public", "logged-in", "enrolled", "hidden")
OWN_PEOPLE = {"lecturer", "maintainer", "administrator"}
EMAILS = {"anonymous": None, "student": "student@example.org", "enrolled": "enrolled@example.org", "lecturer": LECTURER,
          "maintainer": "maintainer@example.org", "foreign maintainer": "foreign@example.org", "administrator": "admin@example.org"}


def may_watch(visibility, who):
    return {"public": True, "logged-in": who != "anonymous", "enrolled": who in OWN_PEOPLE | {"enrolled"}, "hidden": True}[visibility]


def is_listed(visibility, who):
    return who in OWN_PEOPLE if visibility == "hidden" else may_watch(visibility, who)


class Places:
    """The course of each visibility, with a recorded lecture and one that begins within the hour."""

    def __init__(self, system, organization):
        self.organization = organization
        self.course, self.lecture, self.upcoming = {}, {}, {}
        recording = clip(system.folder / "clip.flv", seconds=6)
        for visibility in VISIBILITIES:
            # One word of the titles is in no other.
            word = "zebra" + visibility.replace("-", "")
            course = system.ctl_json("course", "create", "--org", organization, "--title", f"Course {word}", "--visibility", visibility,
                                     "--term", "2026W")["name"]
            system.ctl("course", "enrol", course, LECTURER, "--role", "lecturer")
            system.ctl("course", "enrol", course, EMAILS["enrolled"])
            lecture = system.due_lecture(course, f"Lecture {word}", starts=-86400, lasts=3600)
            system.ctl("lecture", "upload", lecture, "--view", "comb", recording, person=LECTURER)
            self.course[visibility], self.lecture[visibility] = course, lecture
            self.upcoming[visibility] = system.due_lecture(course, f"Next {word}", starts=3000, lasts=3600)
        for lecture in self.lecture.values():
            wait_until(f"{lecture} is complete", lambda: (system.view(lecture) or {}).get("state") == "COMPLETE", 120, 0.5)


def decides(way, answer, expected, context):
    allowed = answer.status in (200, 204)
    check(allowed == expected, f"{way} of {context}: {answer.status} {answer.body[:200]}, expected {'yes' if expected else 'no'}")
    if not expected:
        check(answer.status in (401, 404), f"{way} of {context} tells that it exists: {answer.status} {answer.reason}")


def course_and_lecture(person, course, lecture, upcoming, expected, context):
    """The API's reads, the pages and the calendar."""
    for way in (f"/v1/{course}", f"/v1/{course}/lectures", f"/v1/{course}/calendar.ics", f"/v1/{lecture}", f"/v1/{lecture}/sections",
                f"/v1/{upcoming}", f"/{course}", f"/{lecture}", f"/{upcoming}"):
        answer = person.get(way)
        decides(way, answer, expected, context)
        if expected and way in (f"/{lecture}", f"/v1/{lecture}/sections"):
            check("zebra" in answer.text, f"{way} of {context} came without what it is about")
        check(expected or "zebra" not in answer.text, f"{way} of {context} shows what it must not: {answer.text[:500]}")


def hits_of(person, query):
    hits = person.get(f"/v1/search?query={query}").json["hits"]
    return {hit[kind]["name"] for hit in hits for kind in ("course", "lecture") if kind in hit}


def lists(person, visibility, places, expected, watches, context):
    course, lecture, upcoming = places.course[visibility], places.lecture[visibility], places.upcoming[visibility]
    listed = course in {one["name"] for one in person.get("/v1/courses?page_size=200").json["courses"]}
    check(listed == expected, f"the list of courses of {context}: {listed}")
    word = "zebra" + visibility.replace("-", "")
    found = hits_of(person, word)
    check(found == ({course, lecture, upcoming} if expected else set()), f"the search of {context} found {found}")
    found = hits_of(person, f"{word}&course={course}")
    check(found == ({course, lecture, upcoming} if watches else set()), f"the search within {context} found {found}")
    home = person.get("/v1/home").json
    shown = {one["name"] for part in ("myCourses", "publicCourses") for one in home[part]}
    shown |= {one["name"] for part in ("live", "upcoming", "continueWatching") for one in home[part]}
    check(expected or not shown & {course, lecture, upcoming}, f"the home page of {context} shows it")
    check((upcoming in shown) == expected, f"what begins soon, of {context}: {shown}")
    if visibility == "public":
        check(course in shown, f"the home page of {context} lacks it")


def plays(person, lecture, expected, context):
    """Playback addresses, and everything behind them. Returns the addresses."""
    answer = person.post(f"/v1/{lecture}:play")
    decides(":play", answer, expected, context)
    if not expected:
        return None
    master = answer.json["views"][0]["urls"][0]
    text = nobody.get(master).text
    media = urllib.parse.urljoin(master, [line for line in text.splitlines() if line and not line.startswith("#")][0])
    names = re.findall(r'URI="([^"]+)"', nobody.get(media).text) + [line for line in nobody.get(media).text.splitlines() if line.endswith(".m4s")]
    picture = person.get(f"/v1/{lecture}").json["pictureUrls"][0]
    addresses = [master, media, urllib.parse.urljoin(media, names[0]), urllib.parse.urljoin(media, names[-1]), picture]
    for address in addresses:
        check(nobody.get(address).status == 200, f"{address} of {context} does not play")
    return addresses


def tokens_are_for_one_lecture(addresses, other):
    """`other` is a path of a lecture that this token is not for."""
    for address in addresses:
        token = re.search(r"/p/([^/]+)/", address)[1]
        check(nobody.get(re.sub(r"/p/[^/]+/", f"/p/{token}/", other)).status == 403, f"the token of {address} plays another lecture")
        check(nobody.get(re.sub(r"/p/[^/]+/", "/p/", address)).status == 401, f"{address} plays without a token")


def feeds(person, course, expected, context):
    """Private calendar addresses."""
    answer = person.post("/v1/calendarFeeds", {"course": course})
    decides("a calendar feed", answer, expected, context)
    if not expected:
        return
    path = answer.json["path"]
    check("SUMMARY" in nobody.get(path).text, f"the feed of {context} is empty")
    name = answer.json["calendarFeed"]["name"]
    check(person.ask("DELETE", f"/v1/{name}").status == 200, f"{context} cannot revoke the feed")
    check(nobody.get(path).status == 404, f"the revoked feed of {context} answers")


def downloads(person, who, lecture, watches, context):
    answer = person.post(f"/v1/{lecture}:download")
    if not watches:
        decides(":download", answer, False, context)
    elif who in OWN_PEOPLE:
        check(answer.status == 200, f"{context} cannot download: {answer.text}")
        check(nobody.get(answer.json["url"]).status == 200, f"the download of {context} does not answer")
    else:
        check(answer.status == 403 and answer.reason == "DOWNLOADS_OFF", f"the download of {context}: {answer.status} {answer.text}")


def traces(person, who, course, lecture, watches, context):
    """What people leave behind is theirs, and may be left only where they may watch."""
    allowed = watches and who != "anonymous"
    decides("progress", person.ask("PUT", f"/v1/{lecture}/progress", {"position": "2s"}), allowed, context)
    decides("a bookmark", person.post(f"/v1/{lecture}/bookmarks", {"position": "1s", "text": f"of {who}"}), allowed, context)
    bookmarks = person.get(f"/v1/{lecture}/bookmarks")
    if allowed:
        check([one["text"] for one in bookmarks.json["bookmarks"]] == [f"of {who}"], f"bookmarks of {context}: {bookmarks.text}")
        check(person.get(f"/v1/{lecture}").json["me"]["position"] == "2s", f"the progress of {context} is another's")
    for deed in ("visit", "pin", "unpin"):
        decides(":" + deed, person.post(f"/v1/{course}:{deed}"), allowed, context)


def machinery(person, who, organization, course, lecture, context):
    """Jobs, streams and what administrators look at: titles of lectures are in many of them."""
    jobs = person.get(f"/v1/jobs?page_size=500&lecture={lecture}")
    if who in OWN_PEOPLE:
        check(jobs.json["jobs"] and all(one["lecture"] == lecture for one in jobs.json["jobs"]), f"jobs of {context}: {jobs.text[:300]}")
        machinery.job = jobs.json["jobs"][0]["name"]
    for way in (f"/v1/jobs?page_size=500&lecture={lecture}", "/v1/jobs?page_size=500", "/v1/liveStreams?include_ended=true", "/v1/uploads",
                "/v1/resources", "/v1/storage", "/v1/auditEvents?organization=" + organization, f"/v1/{course}/enrolments",
                f"/v1/{machinery.job}", f"/v1/{machinery.job}:explain"):
        answer = person.get(way)
        check(who in OWN_PEOPLE or ("zebra" not in answer.text and "example.org" not in answer.text.replace(EMAILS[who] or "-", "")),
              f"{way} of {context} shows {answer.text[:500]}")
        check(who != "anonymous" or answer.status == 401, f"{way} of {context}: {answer.status}")
    if who not in OWN_PEOPLE:
        for way, body in ((f"/v1/{lecture}:end", {}), (f"/v1/{lecture}:start", {}), (f"/v1/{course}:enrol", {"user": EMAILS["student"]}),
                          (f"/v1/{machinery.job}:cancel", {}), (f"/v1/{lecture}/sections", {"position": "1s", "title": "Mine"})):
            status = person.post(way, body).status
            check(status in (401, 403, 404), f"{way} of {context}: {status}")


def rehearsals_are_private(people, system, places):
    """Whatever the course says, it is there for its lecturer and for administrators only; lists and calendars do not have it at all."""
    course, lecture = places.course["public"], places.lecture["public"]
    system.sql(f"update lectures set rehearsal_of = (select id from users where email = '{LECTURER}') where id = {lecture.split('/')[1]}")
    for who, person in people.items():
        may, context = who in ("lecturer", "administrator"), f"a rehearsal by {who}"
        for way in (f"/v1/{lecture}", f"/v1/{lecture}/sections", f"/{lecture}"):
            decides(way, person.get(way), may, context)
        for way in (":play", ":download"):
            decides(way, person.post(f"/v1/{lecture}{way}"), may, context)
        listed = lecture in {one["name"] for one in person.get(f"/v1/{course}/lectures").json["lectures"]}
        check(listed == may, f"the lectures of the course of {context}: {listed}")
        check(lecture not in hits_of(person, "zebrapublic"), f"the search found {context}")
        check(f'"{lecture}"' not in person.get("/v1/home").text, f"the home page shows {context}")
        check("Lecture zebra" not in person.get(f"/v1/{course}/calendar.ics").text, f"the calendar has {context}")
        check((f'"{lecture}"' in person.get("/v1/jobs?page_size=500").text) == may, f"the jobs of {context}")
        check(who == "anonymous" or may or person.get(f"/v1/{machinery.job}").status == 404, f"a job of {context}")


def accounts_end_at_once(people, system, places):
    """Who maintains no more, or is disabled, with all that they hold."""
    person = people["maintainer"]
    system.ctl("org", "maintainer", "remove", places.organization, EMAILS["maintainer"])
    for name in (places.lecture["enrolled"], machinery.job):
        check(person.get(f"/v1/{name}").status == 404, f"who maintained it still sees {name}")
    check("zebra" not in person.get("/v1/jobs?page_size=500").text, "who maintained it still sees its jobs")
    person = people["student"]
    feed = person.post("/v1/calendarFeeds", {"course": places.course["logged-in"]}).json["path"]
    token = re.search(r"/p/([^/]+)/", person.post(f"/v1/{places.lecture['logged-in']}:play").json["views"][0]["urls"][0])[1]
    check("zebra" in nobody.get(feed).text, "the feed lacks the course")
    system.ctl("user", "disable", EMAILS["student"])
    wait_until("the session has ended", lambda: person.get("/v1/sessions").status == 401, 5)
    check(nobody.get(feed).status == 404, "the feed of a disabled person answers")
    check(nobody.post("/v1/playback:refresh", {"token": token}).status in (401, 403), "a disabled person's right is renewed")
    check(nobody.post("/session", {"email": EMAILS["student"], "password": system.passwords[EMAILS["student"]]}).status == 401,
          "a disabled person signs in")


def rights_end_at_once(people, system, places):
    """Who is no longer enrolled sees nothing more, nor does who has a playlist's address."""
    person, lecture = people["enrolled"], places.lecture["enrolled"]
    person.ask("PUT", f"/v1/{lecture}/progress", {"position": "2s"})
    person.post(f"/v1/{places.course['enrolled']}:pin")
    home = person.get("/v1/home").json
    check(lecture in {one["name"] for one in home["continueWatching"]}, f"the home page does not go on where they stopped: {home}")
    master = person.post(f"/v1/{lecture}:play").json["views"][0]["urls"][0]
    feed = person.post("/v1/calendarFeeds", {}).json["path"]
    check("zebraenrolled" in nobody.get(feed).text, "the feed lacks the course")
    system.ctl("course", "unenrol", places.course["enrolled"], EMAILS["enrolled"])
    check(person.get(f"/{lecture}").status == 404 and person.get(f"/v1/{lecture}").status == 404, "the page still shows it")
    check("zebraenrolled" not in nobody.get(feed).text, "the feed still shows the course")
    check("zebraenrolled" not in person.get("/v1/home").text, "the home page still shows it")
    check("zebraenrolled" not in person.get("/v1/calendarFeeds").text, "the feeds still name the course")
    token = re.search(r"/p/([^/]+)/", master)[1]
    check(person.post("/v1/playback:refresh", {"token": token}).status == 404, "the right is renewed")


def main():
    with LiveSystem(pages=True) as system:
        global nobody
        nobody = Person(system.serving("gateway-1"))
        organization, _ = system.live_standard(workers=("worker",))
        elsewhere = system.organization("Elsewhere")
        for who in ("student", "enrolled"):
            system.person(EMAILS[who], "student")
        for who, where in (("maintainer", organization), ("foreign maintainer", elsewhere)):
            system.person(EMAILS[who], "lecturer")
            system.ctl("org", "maintainer", "add", where, EMAILS[who])
        places = Places(system, organization)
        people = {who: Person(system.serving("gateway-1"), email, system.passwords.get(email)) for who, email in EMAILS.items()}
        for visibility in VISIBILITIES:
            section = people["lecturer"].post(f"/v1/{places.lecture[visibility]}/sections", {"position": "1s", "title": "A zebra"})
            check(section.status == 200, f"no section: {section.text}")
        decided = 0
        for visibility in VISIBILITIES:
            course, lecture = places.course[visibility], places.lecture[visibility]
            for who, person in people.items():
                context, watches = f"a course for {visibility} by {who}", may_watch(visibility, who)
                course_and_lecture(person, course, lecture, places.upcoming[visibility], watches, context)
                lists(person, visibility, places, is_listed(visibility, who), watches, context)
                addresses = plays(person, lecture, watches, context)
                if addresses and visibility != "enrolled":
                    own = people["enrolled"].post(f"/v1/{places.lecture['enrolled']}:play").json["views"][0]["urls"][0]
                    tokens_are_for_one_lecture(addresses, own)
                if who != "anonymous":
                    feeds(person, course, watches, context)
                downloads(person, who, lecture, watches, context)
                traces(person, who, course, lecture, watches, context)
                decided += 1
            # Those whose it is first, so that a job is known to ask others for.
            for who in sorted(people, key=lambda one: one not in OWN_PEOPLE):
                machinery(people[who], who, organization, course, lecture, f"a course for {visibility} by {who}")
        rights_end_at_once(people, system, places)
        machinery.job = people["administrator"].get(f"/v1/jobs?lecture={places.lecture['public']}").json["jobs"][0]["name"]
        rehearsals_are_private(people, system, places)
        accounts_end_at_once(people, system, places)
        print(f"{decided} pairs of visibility and person, each by every way")


if __name__ == "__main__":
    main()
