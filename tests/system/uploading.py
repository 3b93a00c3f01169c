"""Uploads below lecternctl: single tus requests, for what a well-behaved client never sends."""
import http.client
import signal
import urllib.parse

from system import check, wait_until


def announce(system, lecture, path):
    """Registers an upload with the API as lecternctl does, and ends before a byte has left. Returns the claims of its token."""
    vod = system.processes["vod"]
    vod.send(signal.SIGSTOP)
    running = system.start_ctl("lecture", "upload", lecture, "--view", "comb", path, person="lecturer@example.org")
    try:
        row = wait_until("the upload is announced", lambda: system.sql(
            "select upload_id, vod_resource_id, organization_id from assets where state = 'uploading' "
            f"and lecture_id = {lecture.split('/')[1]}"), 10)[0]
    finally:
        running.kill()
        running.communicate()
        vod.send(signal.SIGCONT)
    return {"upl": row[0], "res": int(row[1]), "org": int(row[2]), "lec": int(lecture.split("/")[1]), "view": "comb",
            "size": path.stat().st_size}


def request(system, method, path, token, headers=None, body=None):
    """(status, headers, body) of one tus request."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(system.urls["vod"]).netloc, timeout=30)
    try:
        bearer = {"Authorization": f"Bearer {token}"} if token is not None else {}
        connection.request(method, path, body, {"Tus-Resumable": "1.0.0", **bearer, **(headers or {})})
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()
    finally:
        connection.close()


def create(system, token, size):
    status, headers, body = request(system, "POST", "/uploads", token, {"Upload-Length": str(size)})
    check(status == 201, f"creating an upload: {status} {body}")
    return urllib.parse.urlsplit(headers["Location"]).path


def patch(system, path, token, offset, data, headers=None):
    return request(system, "PATCH", path, token, {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream",
                                                  **(headers or {})}, data)


def offset(system, path, token):
    status, headers, _ = request(system, "HEAD", path, token)
    check(status == 200, f"HEAD of an upload: {status}")
    return int(headers["Upload-Offset"])
