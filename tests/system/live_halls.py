"""A lecture hall goes live by the schedule of its lectures, with two views, also where the API was down at the due minute or a source comes
late, and ends by the schedule."""
import datetime
import time

from onair import LECTURER, LiveSystem, Watcher, clip, ended_playlist, variants
from system import check, free_ports, wait_until

PASSWORD = "camera-secret-4711"


def start_camera_server(system):
    """An nginx-rtmp of the test's own, to which FFmpeg publishes as cameras do, and from which workers fetch."""
    port = free_ports(1)[0]
    folder = system.folder / "cameras"
    folder.mkdir()
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log stderr crit; load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;\n"
        f"events {{ }}\nrtmp {{ access_log off; server {{ listen 127.0.0.1:{port}; application cam {{ live on; }} }} }}\n")
    system.add("cameras", ["nginx", "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"])
    return f"rtmp://127.0.0.1:{port}/cam"


def camera(system, server, name):
    return system.add(f"camera-{name}", ["ffmpeg", "-nostdin", "-v", "warning", "-re", "-stream_loop", "-1", "-i", system.folder / "clip.flv",
                                         "-c", "copy", "-f", "flv", f"{server}/{name}"])


def at(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).isoformat(timespec="seconds")


def scheduled(system, course, hall, starts, lasts):
    return system.ctl_json("lecture", "create", "--course", course, "--title", "In the hall", "--start", at(starts), "--end",
                           at(starts + lasts), "--hall", hall, person=LECTURER)["name"]


def by_schedule(system, course, hall, server):
    """Slides come late; the end comes by itself."""
    lecture = scheduled(system, course, hall, 3, 32)
    system.wait_live(lecture, "cam", 30)
    check("PRES" not in [view["view"] for view in system.ctl_json("lecture", "show", lecture)["views"] if view["state"] == "VIEW_LIVE"],
          "slides are live although nothing sends them")
    why = wait_until("IT sees why there are no slides", lambda: (system.live_stream(lecture, "pres") or {}).get("reason"), 20)
    check(PASSWORD not in why, f"the reason tells the password: {why}")
    camera(system, server, "pres")
    system.wait_live(lecture, "pres", 20)
    with Watcher(system.url(lecture, view="cam")) as watcher:
        watcher.wait_segments(2)
    for view in ("cam", "pres"):
        system.wait_recorded(lecture, view, 60)
        ended_playlist(variants(system.url(lecture, view=view))[0])


def api_was_down(system, course, hall):
    lecture = scheduled(system, course, hall, 2, 40)
    for k in (1, 2):
        system.processes[f"api-{k}"].kill()
    time.sleep(6)
    for k in (1, 2):
        system.processes[f"api-{k}"].start()
    for k in (1, 2):
        system.wait_ready(f"api-{k}")
    system.wait_live(lecture, "cam", 30)
    system.ctl("lecture", "end", lecture, person=LECTURER)
    system.wait_recorded(lecture, "cam", 30)
    time.sleep(3)
    check(system.ctl_json("lecture", "show", lecture)["state"] == "RECORDED", "it went live again after it was ended by hand")


def password_is_secret(system):
    shown = system.ctl("--output", "json", "hall", "list")
    check(PASSWORD not in shown, "the hall shows the camera's password")
    for path in system.folder.glob("*.log"):
        check(PASSWORD.encode() not in path.read_bytes(), f"{path.name} holds the camera's password")


def main():
    with LiveSystem() as system:
        organization, course = system.live_standard()
        clip(system.folder / "clip.flv", 20)
        server = start_camera_server(system)
        camera(system, server, "cam")
        hall = system.ctl_json("hall", "create", "Hall 1", "--org", organization)["name"]
        for view in ("cam", "pres"):
            address = server.replace("rtmp://", f"rtmp://viewer:{PASSWORD}@") + f"/{view}"
            system.ctl("hall", "source", hall, "--view", view, address)
        by_schedule(system, course, hall, server)
        api_was_down(system, course, hall)
        password_is_secret(system)


main()
