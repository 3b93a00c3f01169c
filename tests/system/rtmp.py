"""Just enough RTMP to knock at a front in ways that no encoder does."""
import os
import socket
import struct


def amf(value):
    if value is None:
        return b"\x05"
    if isinstance(value, bool):
        return b"\x01" + bytes([value])
    if isinstance(value, (int, float)):
        return b"\x00" + struct.pack(">d", value)
    if isinstance(value, dict):
        return b"\x03" + b"".join(struct.pack(">H", len(k)) + k.encode() + amf(v) for k, v in value.items()) + b"\x00\x00\x09"
    text = value.encode()
    return b"\x02" + struct.pack(">H", len(text)) + text


class Knock:
    """A connection up to `publish`; afterwards `accepted` waits for what the server does."""

    def __init__(self, port, key, app="live", timeout=15):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.sendall(b"\x03" + struct.pack(">II", 0, 0) + os.urandom(1528))
        answer = self.read(1 + 1536 + 1536)
        self.socket.sendall(answer[1:1537])
        self.command(0, "connect", 1, {"app": app, "flashVer": "FMLE/3.0 (test)", "tcUrl": f"rtmp://127.0.0.1/{app}"})
        self.command(0, "createStream", 2, None)
        self.command(1, "publish", 3, None, key, "live")

    def read(self, count):
        got = b""
        while len(got) < count:
            part = self.socket.recv(count - len(got))
            if not part:
                raise ConnectionError("closed")
            got += part
        return got

    def command(self, stream, *values):
        body = b"".join(amf(value) for value in values)
        head = b"\x03" + b"\x00\x00\x00" + struct.pack(">I", len(body))[1:] + b"\x14" + struct.pack("<I", stream)
        chunks = [body[i:i + 128] for i in range(0, len(body), 128)]
        self.socket.sendall(head + b"\xc3".join(chunks))

    def accepted(self):
        """True where NetStream.Publish.Start comes; False where the connection is closed instead."""
        seen = b""
        try:
            while b"NetStream.Publish.Start" not in seen:
                part = self.socket.recv(4096)
                if not part:
                    return False
                seen += part
        except (ConnectionError, socket.timeout):
            return False
        return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def knock(port, key, timeout=15):
    try:
        with Knock(port, key, timeout=timeout) as one:
            return one.accepted()
    except (ConnectionError, OSError):
        return False


# --- FLV files ---

def tags(path):
    """(type, milliseconds, body) of each tag."""
    data = open(path, "rb").read()
    at = 13
    while at + 11 <= len(data):
        size = int.from_bytes(data[at + 1:at + 4], "big")
        stamp = int.from_bytes(data[at + 4:at + 7], "big") | data[at + 7] << 24
        yield data[at], stamp, data[at + 11:at + 11 + size]
        at += 11 + size + 4


def write_flv(path, all_tags):
    with open(path, "wb") as file:
        file.write(b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00")
        for kind, stamp, body in all_tags:
            head = bytes([kind]) + len(body).to_bytes(3, "big") + (stamp & 0xffffff).to_bytes(3, "big") + bytes([stamp >> 24 & 0xff]) + bytes(3)
            file.write(head + body + (11 + len(body)).to_bytes(4, "big"))
    return path


def join(path, first, second, jump_ms=0):
    """The second clip behind the first one, `jump_ms` later than it should be."""
    parts = list(tags(first))
    base = max(stamp for _, stamp, _ in parts) + 40 + jump_ms
    return write_flv(path, parts + [(kind, stamp + base, body) for kind, stamp, body in tags(second)])
