"""What live scenarios share: a system with an RTMP front, publishers that stream a clip whose frames are known, and a watcher that
looks at the playlists as a player does and checks every rule on the way."""
import contextlib
import datetime
import glob
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.parse

from system import ROOT, Failed, Process, System, check, exists, fetch, program_of, wait_until

LECTURER = "lecturer@example.org"
RATE = 25


def clip(path, seconds=60, gop=50, size="640x360", rate=RATE, bframes=2, video=True, audio=True, extra=()):
    """FLV with a frame counter in the picture and a tone that pauses; made once."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
    if video:
        command += ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]
    if audio:
        command += ["-f", "lavfi", "-i", f"aevalsrc='0.3*sin(440*2*PI*t)*gt(mod(t,4),1)':s=48000:d={seconds}"]
    if video:
        command += ["-c:v", "libx264", "-preset", "ultrafast", "-bf", str(bframes), "-pix_fmt", "yuv420p", "-b:v", "600k", "-g", str(gop),
                    "-keyint_min", str(gop), "-sc_threshold", "0", *extra]
    if audio:
        command += ["-c:a", "aac", "-b:a", "96k", "-ac", "2"]
    subprocess.run([*command, "-f", "flv", path], check=True, timeout=180)
    return path


class LiveSystem(System):
    """As System, with live streaming. `rtmp` is what a lecturer writes into OBS. With `pages` the API serves the built web pages too."""

    def __init__(self, api_instances=2, times=None, grace="6s", pages=False):
        super().__init__(api_instances, {**(times or {}), "live_grace": grace})
        self.personal_token = None
        self.pages = pages

    def start_api(self, k, extra=()):
        if self.pages:
            listen = self.serving(f"gateway-{k + 1}").removeprefix("http://")
            extra = [f"--gateway_listen={listen}", f"--web_dir={ROOT}/api/web/dist", *extra]
        super().start_api(k, extra)

    def ctl_environment(self, person):
        gateway = {"LECTERN_GATEWAY": self.serving("gateway-1")} if self.pages else {}
        return {**super().ctl_environment(person), **gateway}

    def start_worker(self, organization=None, name="worker", slots=2, scratch=None, extra=(), live=True):
        if live:
            url = self.serving("rtmp-" + name).replace("http:", "rtmp:")
            extra = ["--rtmp_listen=127.0.0.1", f"--rtmp_port={url.rsplit(':', 1)[1]}", f"--rtmp_public_url={url}", 
                     *([] if any("--live_preview_interval" in word for word in extra) else ["--live_preview_interval=3s"]), *extra]
        return super().start_worker(organization, name, slots, scratch, extra)

    def start_proxy(self, organization=None, name="proxy", extra=()):
        port = self.serving("front-" + name).rsplit(":", 1)[1]
        self.rtmp = f"rtmp://127.0.0.1:{port}/live"
        return self.resource(name, "lectern-rtmp-proxy", [f"--rtmp_port={port}", f"--public_url={self.rtmp}", *extra],
                             self.token(organization) if organization else None)

    def live_standard(self, workers=("worker", "worker-2"), proxy_extra=(), worker_extra=(), vod_extra=()):
        """Everything that a live lecture needs, and a lecturer with a token. Returns (organization, public course)."""
        organization = self.organization("University")
        self.start_vod(organization, extra=vod_extra)
        self.start_edge(organization)
        for name in workers:
            self.start_worker(organization, name, extra=worker_extra)
        self.start_proxy(organization, extra=proxy_extra)
        for name in ("vod", "edge", "proxy", *workers):
            self.wait_ready(name)
        lecturer = self.person(LECTURER, "lecturer")
        course = self.ctl_json("course", "create", "--org", organization, "--title", "Public course", "--visibility", "public")["name"]
        self.ctl("course", "enrol", course, lecturer, "--role", "lecturer")
        self.personal_token = self.ctl("token", "create", "--name", "test", person=LECTURER)
        return organization, course

    def due_lecture(self, course, title="Live lecture", starts=-60, lasts=7200, person=LECTURER):
        """A lecture whose time is now; start in seconds from now."""
        start = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=starts)
        end = start + datetime.timedelta(seconds=lasts)
        return self.ctl_json("lecture", "create", "--course", course, "--title", title, "--start", start.isoformat(timespec="seconds"),
                             "--end", end.isoformat(timespec="seconds"), person=person)["name"]

    # --- publishers ---

    def publish(self, path, token=None, view=None, server=None, loop=False, name="publisher"):
        """FFmpeg streams a clip in real time, without encoding it again."""
        key = (token or self.personal_token) + (f"?view={view}" if view else "")
        return self.add(name, ["ffmpeg", "-nostdin", "-v", "warning", "-re", *(["-stream_loop", "-1"] if loop else []), "-i", path,
                               "-c", "copy", "-f", "flv", f"{server or self.rtmp}/{key}"])

    def stream(self, path, *extra, name="encoder"):
        """`lecternctl stream`, which connects again as OBS does."""
        file = self.folder / "token.txt"
        file.write_text(self.personal_token)
        process = Process(name, [self.binary("lecternctl"), "stream", path, "--server", self.rtmp, "--token-file", file, *extra],
                          {"LECTERN_TEST_FOLDER": str(self.folder)}, self.folder)
        self.processes[name] = process
        return process.start()

    @staticmethod
    def binary(name):
        from system import BINARIES
        return BINARIES / name

    # --- what the API knows ---

    def live_streams(self, ended=False):
        return self.ctl_json("live", "list", *(["--all"] if ended else [])).get("liveStreams", [])

    def live_stream(self, lecture, view="comb"):
        for one in self.live_streams(ended=True):
            if one["lecture"] == lecture and one["view"] == view.upper():
                return one
        return None

    def wait_live(self, lecture, view="comb", seconds=20):
        """Until segments are there; the stream as the API describes it."""
        def live():
            one = self.live_stream(lecture, view)
            return one if one and one["state"] == "ON_AIR" else None
        return wait_until(f"{lecture} is live", live, seconds, 0.2)

    def wait_recorded(self, lecture, view="comb", seconds=20):
        """Until it is a recording that plays."""
        def recorded():
            one = self.view(lecture, view)
            return one if one and one["state"] in ("PLAYABLE", "COMPLETE") else None
        return wait_until(f"{lecture} is a recording", recorded, seconds, 0.1)

    def worker_of(self, lecture, view="comb"):
        """The name of the process that ingests it."""
        one = self.live_stream(lecture, view)
        return one.get("workerHost") if one else None

    def front_pids(self):
        """The nginx processes of the proxy, orphans too. A worker process names no folder, but shares its master's session."""
        masters = [pid for pid in super().leftovers() if program_of(pid) == "nginx"]
        sessions = {os.getsid(pid) for pid in masters} | getattr(self, "_front_sessions", set())
        self._front_sessions = sessions
        found = []
        for path in glob.glob("/proc/[0-9]*"):
            pid = int(path.split("/")[-1])
            with contextlib.suppress(OSError):
                if program_of(pid) == "nginx" and os.getsid(pid) in sessions and exists(pid):
                    found.append(pid)
        return found

    def leftovers(self):
        """The front outlives a killed proxy on purpose; the scenario's end is the end for it, too."""
        for pid in self.front_pids():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
        return super().leftovers()


# --- playlists ---

class Playlist:
    """A media playlist, read strictly."""

    def __init__(self, text):
        check(text.startswith("#EXTM3U"), f"no playlist: {text[:80]}")
        self.text = text
        self.sequence = int((re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", text) or [0, "0"])[1])
        self.discontinuity_sequence = int((re.search(r"#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)", text) or [0, "0"])[1])
        self.target = int(re.search(r"#EXT-X-TARGETDURATION:(\d+)", text)[1])
        self.kind = (re.search(r"#EXT-X-PLAYLIST-TYPE:(\w+)", text) or ["", ""])[1]
        self.ended = "#EXT-X-ENDLIST" in text
        self.segments = []
        current, segment_map = {}, None
        for line in text.splitlines():
            if line.startswith("#EXT-X-MAP:"):
                segment_map = re.search(r'URI="([^"]+)"', line)[1]
            elif line.startswith("#EXTINF:"):
                current["duration"] = float(line[8:].split(",")[0])
            elif line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
                current["time"] = datetime.datetime.fromisoformat(line.split(":", 1)[1].replace("Z", "+00:00")).timestamp()
            elif line == "#EXT-X-GAP":
                current["gap"] = True
            elif line == "#EXT-X-DISCONTINUITY":
                current["discontinuity"] = True
            elif line and not line.startswith("#"):
                self.segments.append({"uri": line, "map": segment_map, **current})
                current = {}

    @property
    def last(self):
        return self.sequence + len(self.segments) - 1

    def seconds(self, gaps=False):
        return sum(one["duration"] for one in self.segments if gaps or not one.get("gap"))


def variants(master_url):
    """Addresses of the media playlists, sound included, best picture first."""
    status, _, body = fetch(master_url)
    check(status == 200, f"master playlist: {status}")
    text = body.decode()
    names = [line for line in text.splitlines() if line and not line.startswith("#")]
    names += re.findall(r'#EXT-X-MEDIA:.*URI="([^"]+)"', text)
    return [urllib.parse.urljoin(master_url, name) for name in dict.fromkeys(names)]


def playlist(url):
    status, _, body = fetch(url)
    check(status == 200, f"{url.rsplit('/', 1)[-1]}: {status}")
    return Playlist(body.decode())


class Watcher:
    """Reads the playlists of a live lecture over and over, as players do, and remembers when each segment was first seen. Every reload is
    checked against the one before: nothing that was announced changes or goes away, sequences only grow, renditions agree."""

    def __init__(self, master_url, interval=0.1):
        self.master_url, self.interval = master_url, interval
        self.seen = {}          # media sequence number -> monotonic time
        self.last = None
        self.problems = []
        self.failed_reads = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.top = wait_until("a master playlist", lambda: variants(self.master_url), 20)[0]
        self._thread.start()
        return self

    def __exit__(self, kind, error, trace):
        self._stop.set()
        self._thread.join()
        if error is None:
            check(not self.problems, f"the playlist broke rules: {self.problems[:5]}")

    def _run(self):
        while not self._stop.wait(self.interval):
            try:
                now = playlist(self.top)
            except (OSError, Failed):
                self.failed_reads += 1
                continue
            self.compare(now)
            self.last = now

    def compare(self, now):
        for number in range(now.sequence, now.last + 1):
            self.seen.setdefault(number, time.monotonic())
        for one in now.segments:
            if round(one["duration"]) > now.target:
                self.problems.append(f"a segment of {one['duration']} s in a target of {now.target}")
        before = self.last
        if before is None:
            return
        if now.sequence != before.sequence:
            self.problems.append("an EVENT playlist lost segments")
        if now.last < before.last:
            self.problems.append(f"it ended at {before.last} and now at {now.last}")
        if now.target != before.target:
            self.problems.append(f"the target went from {before.target} to {now.target}")
        for old, new in zip(before.segments, now.segments):
            if old != new:
                self.problems.append(f"a segment changed: {old} -> {new}")

    def wait_segments(self, count, seconds=30):
        """Until so many more are there than now."""
        goal = max(self.seen, default=-1) + count
        wait_until(f"segment {goal}", lambda: max(self.seen, default=-1) >= goal, seconds)

    def first_after(self, moment, seconds=30):
        """Seconds from `moment` (monotonic) until a segment appeared that was not there then."""
        return wait_until("a new segment", lambda: min([at for at in self.seen.values() if at > moment], default=None), seconds) - moment


def ended_playlist(url):
    """The playlist once it has its end: an edge may keep the one of the live lecture for a second."""
    return wait_until("the playlist has an end", lambda: next((one for one in [playlist(url)] if one.ended), None), 5)


def packets(url, kind="v", folder=None):
    """Presentation times (seconds, sorted) of all packets of a track, read from its segments as they are."""
    result = subprocess.run(["ffprobe", "-v", "error", "-select_streams", kind, "-show_entries", "packet=pts_time", "-of", "csv=p=0", url],
                            capture_output=True, text=True, timeout=120, check=False)
    check(result.returncode == 0, f"ffprobe: {result.stderr[-500:]}")
    return sorted(float(line.split(",")[0]) for line in result.stdout.splitlines() if line and line[0] != "N")


def frames_by_segment(url):
    """Pictures that decode, each segment with its own init section. FFmpeg's HLS reader does not follow a change of the init section."""
    one, total = playlist(url), 0
    inits = {}
    for segment in one.segments:
        if segment.get("gap"):
            continue
        init = inits.setdefault(segment["map"], fetch(urllib.parse.urljoin(url, segment["map"]))[2])
        body = init + fetch(urllib.parse.urljoin(url, segment["uri"]))[2]
        result = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of",
                                 "csv=p=0", "-"], input=body, capture_output=True, timeout=60, check=False)
        check(result.returncode == 0 and not result.stderr, f"{segment['uri']}: {result.stderr[-300:]}")
        total += int(result.stdout.decode().strip().split(",")[0])
    return total


def check_even(times, rate=RATE, what="picture"):
    """No frame is missing or doubled."""
    for before, after in zip(times, times[1:]):
        check(abs(after - before - 1 / rate) < 0.006, f"a {what} at {before:.3f} is followed by one at {after:.3f}")


# --- OBS ---

class Obs:
    """Debian's OBS Studio without a screen."""

    def __init__(self, system, server, key, rate_kbps=800):
        self.system, self.home = system, system.folder / "obs"
        self.write_settings(server, key, rate_kbps)
        self.display = None

    def write_settings(self, server, key, rate_kbps):
        root = self.home / ".config/obs-studio"
        profile = root / "basic/profiles/Lecture"
        scenes = root / "basic/scenes"
        for folder in (profile, scenes, self.home / "run"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.home / "run").chmod(0o700)
        (root / "global.ini").write_text("[General]\nFirstRun=true\nEnableAutoUpdates=false\n[Basic]\nProfile=Lecture\nProfileDir=Lecture\n"
                                         "SceneCollection=Lecture\nSceneCollectionFile=Lecture\n")
        (profile / "basic.ini").write_text(
            "[General]\nName=Lecture\n[Output]\nMode=Simple\nReconnect=true\nRetryDelay=2\nMaxRetries=25\n[SimpleOutput]\n"
            f"VBitrate={rate_kbps}\nABitrate=96\nStreamEncoder=x264\nPreset=ultrafast\n[Video]\nBaseCX=640\nBaseCY=360\nOutputCX=640\n"
            "OutputCY=360\nFPSType=0\nFPSCommon=30\n[Audio]\nSampleRate=48000\nChannelSetup=Stereo\n")
        (profile / "service.json").write_text(json.dumps({"type": "rtmp_custom", "settings": {"server": server, "key": key}}))
        color = {"name": "Color", "id": "color_source_v3", "versioned_id": "color_source_v3", "settings": {"color": 4280344144, "width": 640,
                                                                                                            "height": 360}}
        text = {"name": "Text", "id": "text_ft2_source", "versioned_id": "text_ft2_source_v2", "settings": {"text": "Lecture"}}
        scene = {"name": "Scene", "id": "scene", "versioned_id": "scene", "settings": {"items": [
            {"name": "Color", "id": 1, "visible": True}, {"name": "Text", "id": 2, "visible": True}], "id_counter": 2}}
        (scenes / "Lecture.json").write_text(json.dumps({
            "current_scene": "Scene", "current_program_scene": "Scene", "name": "Lecture", "scene_order": [{"name": "Scene"}],
            "sources": [color, text, scene]}))

    def start(self):
        read, write = os.pipe()
        self.xvfb = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x720x24", "-nolisten", "tcp"],
                                     pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     env={"PATH": os.environ["PATH"], "LECTERN_TEST_FOLDER": str(self.system.folder)})
        os.close(write)
        with os.fdopen(read) as pipe:
            self.display = pipe.readline().strip()
        check(self.display, "Xvfb gave no display")
        self.process = self.system.add(
            "obs", ["obs", "--startstreaming", "--minimize-to-tray", "--multi", "--profile", "Lecture", "--collection", "Lecture", "--scene",
                    "Scene"],
            {"DISPLAY": f":{self.display}", "HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.home / "run"),
             "LIBGL_ALWAYS_SOFTWARE": "1", "QT_QPA_PLATFORM": "xcb"})
        self.process.env["HOME"] = str(self.home)
        return self

    def log(self):
        files = sorted((self.home / ".config/obs-studio/logs").glob("*.txt"))
        return files[-1].read_text(errors="replace") if files else ""

    def connections(self):
        """How often it connected successfully."""
        return len(re.findall(r"Connection to .* successful", self.log()))

    def stop(self):
        self.process.stop()
        self.xvfb.terminate()
        self.xvfb.wait(10)


def have_obs():
    return shutil.which("obs") and shutil.which("Xvfb")


def whole(system, lecture, seconds, rate=RATE):
    """The recording has every frame of a clip of so many seconds, once, at its time."""
    url = variants(system.url(lecture))[0]
    one = ended_playlist(url)
    times = packets(url)
    check(len(times) == seconds * rate, f"{len(times)} pictures of {seconds * rate}; first {times[:1]}, last {times[-1:]}")
    check_even(times, rate)
    check(not any(segment.get("gap") for segment in one.segments), "the recording has gaps")
