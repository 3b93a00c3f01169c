"""Tokens that nobody would get from the API: expired, for something else, signed by a stranger.

They are signed with the installation's own keys, which the master key opens, so that nothing but the claim in question is wrong.
"""
import base64
import ctypes
import ctypes.util
import json
import os
import time


def sodium():
    library = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
    library.sodium_init()
    return library


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read(token):
    """The claims of a token."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Mint:
    def __init__(self, system):
        self.sodium = sodium()
        master = bytes.fromhex((system.folder / "master.key").read_text().strip())
        self.keys = {}
        rows = system.sql("select audience, key_id, encode(sealed_secret, 'hex') from signing_keys where retired_at is null")
        for audience, key_id, sealed in rows:
            sealed = bytes.fromhex(sealed)
            plain = ctypes.create_string_buffer(len(sealed) - 40)
            opened = self.sodium.crypto_secretbox_open_easy(plain, sealed[24:], ctypes.c_ulonglong(len(sealed) - 24), sealed[:24], master)
            assert opened == 0, "the master key does not open the signing key"
            self.keys[audience] = (key_id, plain.raw[len(audience) + 1:])

    def sign(self, audience, claims, key_of=None, secret=None):
        """A token; the key of another audience or of a stranger may be given."""
        key_id, own = self.keys[key_of or audience]
        now = int(time.time())
        claims = {"aud": audience, "sub": "users/1", "iat": now - 60, "exp": now + 600, **claims}
        text = encode(json.dumps({"alg": "EdDSA", "kid": key_id, "typ": "JWT"}).encode()) + "." + encode(json.dumps(claims).encode())
        signature = ctypes.create_string_buffer(64)
        self.sodium.crypto_sign_detached(signature, None, text.encode(), ctypes.c_ulonglong(len(text)), secret or own)
        return text + "." + encode(signature.raw)

    def stranger(self):
        """The secret half of a pair that nobody knows."""
        public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
        self.sodium.crypto_sign_seed_keypair(public, secret, os.urandom(32))
        return secret.raw

    def bad(self, audience, good, other):
        """Tokens that must be refused, by what is wrong with them. `good` are claims that would do, `other` change what it is for."""
        past = int(time.time()) - 7200
        header, payload, _ = self.sign(audience, good).split(".")
        return {
            "expired": self.sign(audience, {**good, "iat": past, "exp": past + 3600}),
            "without an end": self.sign(audience, {**good, "exp": "never"}),
            "for another": self.sign(audience, {**good, **other}),
            "of another VOD service": self.sign(audience, {**good, "res": 999999}),
            "of another audience": self.sign("session", good),
            "signed by another audience's key": self.sign(audience, good, key_of="session"),
            "signed by a stranger": self.sign(audience, good, secret=self.stranger()),
            "unsigned": encode(b'{"alg":"none","typ":"JWT"}') + f".{payload}.",
            "without a signature": f"{header}.{payload}.",
            "nonsense": "x.y.z",
        }
