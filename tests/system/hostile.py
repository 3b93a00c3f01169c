"""What no well-behaved program sends: damaged bytes, two writers at once, bad tokens, oversize messages, a resource that joins twice."""
import base64
import hashlib
import re
import socket
import threading
import urllib.parse

import faults
import media
import tokens
import uploading
from system import System, check, decode, fetch, wait_until

MIB = 1 << 20


def wrong_checksum(system, course, mint):
    lecture = system.lecture(course, "damaged")
    path = media.padded(system.folder / "damaged.mp4", 8 * MIB, seconds=4)
    claims = uploading.announce(system, lecture, path)
    token, data = mint.sign("upload", claims), path.read_bytes()
    upload = uploading.create(system, token, claims["size"])

    def send(start, size, digest_of):
        checksum = base64.b64encode(hashlib.sha256(digest_of).digest()).decode()
        return uploading.patch(system, upload, token, start, data[start:start + size], {"Upload-Checksum": f"sha256 {checksum}"})

    check(send(0, MIB, data[:MIB])[0] == 204, "a part with the right checksum is refused")
    status, _, body = send(MIB, MIB, data[:MIB])
    check(status == 460 and b"CHECKSUM_MISMATCH" in body, f"a wrong checksum: {status} {body}")
    check(uploading.offset(system, upload, token) == MIB, "damaged bytes were kept, or good ones were lost")
    system.upload(lecture, path)
    check(stored_digests(system, lecture) == [hashlib.sha256(data).hexdigest()], "the recording is not the file that was sent")
    faults.everything_holds(system, lecture)


def stored_digests(system, lecture):
    """Of the recordings that the lecture has: the files themselves, and what the database was told."""
    digests = []
    for upload, told in system.sql(f"select upload_id, sha256 from assets where lecture_id = {lecture.split('/')[1]}"):
        files = [path for path in (system.folder / "vod/media").rglob("*") if path.is_file() and upload in str(path) and
                 path.stat().st_size > 5 * MIB]
        check(len(files) == 1, f"the recording is stored as {files}")
        digests.append(hashlib.sha256(files[0].read_bytes()).hexdigest())
        check(told in (digests[-1], ""), f"the database was told {told}, the file is {digests[-1]}")
    return digests


def write_all(system, upload, token, data, refusals):
    """A stubborn writer: asks where to go on, sends, and begins again when it is refused."""
    for _ in range(200):
        start = uploading.offset(system, upload, token)
        if start == len(data):
            return
        try:
            status = uploading.patch(system, upload, token, start, data[start:start + 2 * MIB])[0]
        except OSError:
            status = 0   # the connection was closed on it
        if status != 204:
            refusals.append(status)
    raise AssertionError("a writer comes to no end")


def two_writers(system, course, mint):
    lecture = system.lecture(course, "two writers")
    path = media.padded(system.folder / "two.mp4", 30 * MIB, seconds=3)
    claims = uploading.announce(system, lecture, path)
    token, data = mint.sign("upload", claims), path.read_bytes()
    upload = uploading.create(system, token, len(data))
    refusals = []
    writers = [threading.Thread(target=write_all, args=(system, upload, token, data, refusals)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    print(f"two writers: {len(refusals)} refusals {sorted(set(refusals))}")
    check(set(refusals) <= {0, 409}, f"refusals: {refusals}")
    check(uploading.offset(system, upload, token) == len(data), "the upload is not complete")
    faults.everything_holds(system, lecture)
    check(stored_digests(system, lecture) == [hashlib.sha256(data).hexdigest()], "the recording is not the file that was sent")
    check(system.sql(f"select count(*) from tasks where kind = 'publish_recording' and lecture_id = {lecture.split('/')[1]}") == [["1"]],
          "the recording is published twice")


def two_programs(system, course):
    """The same with lecternctl: whoever is not needed any more ends in peace."""
    lecture = system.lecture(course, "two programs")
    path = media.padded(system.folder / "programs.mp4", 150 * MIB, seconds=3)
    running = [system.start_ctl("lecture", "upload", lecture, "--view", "comb", path, "--wait", person="lecturer@example.org")
               for _ in range(2)]
    for one in running:
        _, errors = one.communicate(timeout=90)
        check(one.returncode == 0, f"one of two uploads of the same file failed: {errors}")
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    check(stored_digests(system, lecture) == [digest], "the recording is not the file that was sent")


def playback_tokens(system, mint, lecture, other):
    number, other_number = (int(one.split("/")[1]) for one in (lecture, other))
    base, good_token, rest = re.fullmatch(r"http://[^/]+(/p)/([^/]+)/(.*)", system.url(lecture)).groups()
    good = {key: value for key, value in tokens.read(good_token).items() if key in ("res", "lec", "view", "org")}
    unknown = mint.sign("playback", {**good, "lec": 999999})
    for server in (system.urls["edge"], system.urls["vod"]):
        def status(token, path=rest):
            return fetch(f"{server}{base}/{token}/{path}")[0]
        check(status(mint.sign("playback", good)) == 200, f"{server}: a good token of our own is refused")
        check(status("") == 401, f"{server}: no token: {status('')}")
        for what, token in mint.bad("playback", good, {"lec": other_number}).items():
            if what == "of another VOD service" and server == system.urls["edge"]:
                continue   # it says where the edge looks; the right is to the lecture
            check(status(token) == 403, f"{server}: a token {what}: {status(token)}, not 403")
        moved = rest.replace(str(number), "999999", 1)
        check(status(unknown, moved) == 404, f"{server}: an unknown lecture: {status(unknown, moved)}")
        check(status(mint.sign("playback", good), moved) == 403, f"{server}: a good token at an unknown lecture")


def upload_tokens(system, course, mint):
    lecture = system.lecture(course, "tokens")
    path = media.video(system.folder / "tokens.mp4", 3)
    good = uploading.announce(system, lecture, path)
    own = mint.sign("upload", good)
    upload = uploading.create(system, own, good["size"])
    bad = mint.bad("upload", good, {"upl": "0" * 32})
    for method, headers, body in (("HEAD", {}, None), ("DELETE", {}, None), ("PUT", {}, b"x" * good["size"]), (
            "PATCH", {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}, b"x")):
        status = uploading.request(system, method, upload, None, headers, body)[0]
        check(status == 401, f"{method} without a token: {status}")
        for what, token in bad.items():
            status = uploading.request(system, method, upload, token, headers, body)[0]
            check(status == 403, f"{method} with a token {what}: {status}, not 403")
    missing = {**good, "upl": "f" * 32}
    check(uploading.request(system, "HEAD", f"/uploads/{'f' * 32}", mint.sign("upload", missing))[0] == 404, "an unknown upload")
    check(uploading.offset(system, upload, own) == 0, "a bad token has changed the upload")
    system.upload(lecture, path)


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def request_headers(path):
    """Literals without compression, so that nothing has to be known of HPACK."""
    fields = ((":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
              ("content-type", "application/grpc"), ("te", "trailers"))
    return b"".join(b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode() for name, value in fields)


def grpc_answer(port, path, message):
    """What the server says (headers and trailers as they come) to a gRPC message that no client library would send. HTTP/2 by hand."""
    data, answer, windows = b"\0" + len(message).to_bytes(4, "big") + message, b"", {0: 65535, 1: 65535}
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection, connection.makefile("rb") as incoming:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(1, 4, 1, request_headers(path)))
        while True:
            room = min(*windows.values(), 16384, len(data))
            if room > 0:
                connection.sendall(frame(0, 0, 1, data[:room]))
                data = data[room:]
                windows = {stream: window - room for stream, window in windows.items()}
                continue
            head = incoming.read(9)
            if len(head) < 9:
                return answer
            payload, kind, flags, stream = incoming.read(int.from_bytes(head[:3], "big")), head[3], head[4], int.from_bytes(head[5:], "big")
            if kind == 1:
                answer += payload
                if flags & 1:
                    return answer
            elif kind == 4 and not flags & 1:
                settings = {payload[k:k + 2]: int.from_bytes(payload[k + 2:k + 6], "big") for k in range(0, len(payload), 6)}
                windows[1] += settings.get(b"\0\4", 65535) - 65535
                connection.sendall(frame(4, 1, 0))
            elif kind == 6 and not flags & 1:
                connection.sendall(frame(6, 1, 0, payload))
            elif kind == 8:
                windows[stream] += int.from_bytes(payload, "big")


def oversize(system, course):
    answer = grpc_answer(system.grpc_ports[0], "/lectern.v1.AuthService/Login", bytes(5 * MIB))
    check(b"grpc-status\x018" in answer and b"larger" in answer, f"a message of 5 MiB: {answer[-300:]!r}")
    title = "x" * 120_000
    result = system.run_ctl("lecture", "create", "--course", course, "--title", title)
    check(result.returncode == 1 and len(result.stderr.splitlines()) == 1 and len(result.stderr) < 300 and "title" in result.stderr,
          f"a title of 120 kB: {result.returncode} {result.stderr[:400]}")
    print(result.stderr.strip())
    check(system.ctl_json("whoami")["email"] == "admin@example.org", "the API does not answer any more")


def joins_twice(system, organization):
    before = system.resources()["worker"]["name"]
    token = system.token(organization)
    state = system.processes["worker"].folder / "worker" / "state"
    own = [word for word in system.processes["worker"].argv if not word.startswith(("--scratch_dir=", "--admin_port="))]
    second = system.add("twin", [*own, f"--scratch_dir={system.folder}/twin-scratch", "--admin_port=0"], {"LECTERN_TOKEN": token})
    wait_until("the second process ends", lambda: second.popen.poll() is not None, 15)
    complaints = [line for line in second.log.read_text().splitlines() if "another process uses" in line]
    check(second.popen.returncode != 0 and len(complaints) == 1, f"a second process with the same state folder:\n{second.tail()}")
    check(system.ready("worker"), "the first one is disturbed")
    check(system.processes["worker"].stop() == 0, "the worker did not drain cleanly")
    (state / "credential").unlink()
    system.start_worker(organization, "worker")
    system.wait_ready("worker")
    check(system.resources()["worker"]["name"] == before, "the same instance joined as another resource")
    check(len([one for one in system.ctl_json("resource", "list")["resources"] if one["host"] == "worker"]) == 1, "it is listed twice")


def main():
    with System() as system:
        organization, course = system.standard()
        mint = tokens.Mint(system)
        lecture, other = system.lecture(course), system.lecture(course)
        system.upload(lecture, media.video(system.folder / "talk.mp4", 4))
        playback_tokens(system, mint, lecture, other)
        upload_tokens(system, course, mint)
        wrong_checksum(system, course, mint)
        two_writers(system, course, mint)
        two_programs(system, course)
        oversize(system, course)
        joins_twice(system, organization)
        check(decode(system.url(lecture)) > 0, "it does not play after all that")


main()
