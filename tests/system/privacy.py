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
    """The course and the recorded lecture of each visibility."""

    def __init__(self, system, organization):
        self.course, self.lecture = {}, {}
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
        for lecture in self.lecture.values():
            wait_until(f"{lecture} is complete", lambda: (system.view(lecture) or {}).get("state") == "COMPLETE", 120, 0.5)


def decides(way, answer, expected, context):
    allowed = answer.status in (200, 204)
    check(allowed == expected, f"{way} of {context}: {answer.status} {answer.body[:200]}, expected {'yes' if expected else 'no'}")
    if not expected:
        check(answer.status in (401, 404), f"{way} of {context} tells that it exists: {answer.status} {answer.reason}")


def course_and_lecture(person, course, lecture, expected, context):
    """The API's reads, the pages and the calendar."""
    for way in (f"/v1/{course}", f"/v1/{course}/lectures", f"/v1/{course}/calendar.ics", f"/v1/{lecture}", f"/v1/{lecture}/sections",
                f"/{course}", f"/{lecture}"):
        answer = person.get(way)
        decides(way, answer, expected, context)
        if expected and way == f"/{lecture}":
            check("zebra" in answer.text, f"the page of {context} came without its lecture")
        check(expected or "zebra" not in answer.text, f"{way} of {context} shows what it must not: {answer.text[:500]}")


def lists(person, visibility, places, expected, context):
    course, lecture = places.course[visibility], places.lecture[visibility]
    listed = course in {one["name"] for one in person.get("/v1/courses?page_size=200").json["courses"]}
    check(listed == expected, f"the list of courses of {context}: {listed}")
    hits = person.get("/v1/search?query=zebra" + visibility.replace("-", "")).json["hits"]
    found = {hit[kind]["name"] for hit in hits for kind in ("course", "lecture") if kind in hit}
    check(found == ({course, lecture} if expected else set()), f"the search of {context} found {found}")
    home = person.get("/v1/home").json
    shown = {one["name"] for part in ("myCourses", "publicCourses") for one in home[part]}
    shown |= {one["name"] for part in ("live", "upcoming", "continueWatching") for one in home[part]}
    check(expected or not shown & {course, lecture}, f"the home page of {context} shows it")
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


def rights_end_at_once(people, system, places):
    """Who is no longer enrolled sees nothing more, nor does who has a playlist's address."""
    person, lecture = people["enrolled"], places.lecture["enrolled"]
    master = person.post(f"/v1/{lecture}:play").json["views"][0]["urls"][0]
    feed = person.post("/v1/calendarFeeds", {}).json["path"]
    check("zebraenrolled" in nobody.get(feed).text, "the feed lacks the course")
    system.ctl("course", "unenrol", places.course["enrolled"], EMAILS["enrolled"])
    check(person.get(f"/{lecture}").status == 404 and person.get(f"/v1/{lecture}").status == 404, "the page still shows it")
    check("zebraenrolled" not in nobody.get(feed).text, "the feed still shows the course")
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
        decided = 0
        for visibility in VISIBILITIES:
            course, lecture = places.course[visibility], places.lecture[visibility]
            for who, person in people.items():
                context, watches = f"a course for {visibility} by {who}", may_watch(visibility, who)
                course_and_lecture(person, course, lecture, watches, context)
                lists(person, visibility, places, is_listed(visibility, who), context)
                addresses = plays(person, lecture, watches, context)
                if addresses and visibility != "enrolled":
                    own = people["enrolled"].post(f"/v1/{places.lecture['enrolled']}:play").json["views"][0]["urls"][0]
                    tokens_are_for_one_lecture(addresses, own)
                if who != "anonymous":
                    feeds(person, course, watches, context)
                downloads(person, who, lecture, watches, context)
                decided += 1
        rights_end_at_once(people, system, places)
        print(f"{decided} pairs of visibility and person, each by every way")


if __name__ == "__main__":
    main()
