#!/usr/bin/env python3
"""A thousand requests that nobody should send, and connections that say nothing, against the real daemon with users.

Each kind has the status that must come back. Meanwhile /livez answers within 100 ms, and afterwards the number of series
is what it was: nothing that a stranger sends becomes a label."""
import argparse
import base64
import random
import socket
import threading
import time

import harness
from harness import Daemon, check, workplace

HASH = "$2b$10$hNf2lSsxfm0.i4a.1kVpSONtgKufVdOAnWzEO9bozmsmBipUhL7XK"  # of "secret"
TOKEN = "0123456789abcdef0123456789abcdef"
WEB = f"""
basic_auth_users:
  alice: {HASH}
bearer_tokens:
  - {{name: ci, token: {TOKEN}, role: admin}}
  - {{name: prometheus, token: metrics-{TOKEN}, role: metrics}}
"""
HOOK = "webhook-0123456789abcdef"
HOST = "Host: localhost\r\n"
KNOWN = HOST + f"Authorization: Bearer {TOKEN}\r\n"
SCRAPE = {"Authorization": f"Bearer metrics-{TOKEN}"}


def basic(text):
    return HOST + "Authorization: Basic " + base64.b64encode(text.encode("latin-1")).decode() + "\r\n"


def hook(token, body, fields="", length=None):
    """As Airbyte's client sends it, which would rather speak HTTP/2."""
    return (f"POST /webhooks/airbyte/{token} HTTP/1.1\r\nHost: warden.internal\r\nContent-Type: application/json\r\n{fields}"
            f"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAA\r\n"
            f"Content-Length: {len(body) if length is None else length}\r\n\r\n{body}")


def word(chance, length, alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"):
    return "".join(chance.choice(alphabet) for _ in range(length))


# (what it is, the status or statuses that may come back, how to make one)
KINDS = [
    # What Beast lets pass and we must not (the parser's own list).
    ("a method that does not exist", (405, 501), lambda c: f"{word(c, 9)} /metrics HTTP/1.1\r\n{KNOWN}\r\n"),
    ("a lower-case method", (405, 501), lambda c: f"get /metrics HTTP/1.1\r\n{KNOWN}\r\n"),
    ("a method of 4,000 bytes", (400, 405, 431, 501), lambda c: f"{word(c, 4000)} / HTTP/1.1\r\n{KNOWN}\r\n"),
    ("no host", (400,), lambda c: "GET /metrics HTTP/1.1\r\n\r\n"),
    ("two hosts", (400,), lambda c: f"GET /metrics HTTP/1.1\r\n{HOST}{KNOWN}\r\n"),
    ("an absolute target", (400,), lambda c: f"GET http://evil.example/ HTTP/1.1\r\n{KNOWN}\r\n"),
    ("CONNECT", (400, 405, 501), lambda c: f"CONNECT evil.example:443 HTTP/1.1\r\n{KNOWN}\r\n"),
    *[(f"Transfer-Encoding: {coding}", (400, 411, 501),
       lambda c, coding=coding: f"POST /-/reload HTTP/1.1\r\n{KNOWN}Transfer-Encoding: {coding}\r\n\r\n0\r\n\r\n")
      for coding in ("chunked", "identity", "xchunked", "chunked, identity", "gzip, chunked")],
    ("chunked and a length", (400, 411, 501),
     lambda c: f"POST /-/reload HTTP/1.1\r\n{KNOWN}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    ("chunked in HTTP/1.0", (400, 411, 501),
     lambda c: f"POST /-/reload HTTP/1.0\r\n{KNOWN}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    *[(f"Content-Length: {length}", (400, 413),
       lambda c, length=length: f"POST /-/reload HTTP/1.1\r\n{KNOWN}Content-Length: {length}\r\n\r\n12345")
      for length in ("5,5", "+5", "-1", "18446744073709551616", "5 5", "0x5")],
    ("two equal lengths", (400,),
     lambda c: f"POST /-/reload HTTP/1.1\r\n{KNOWN}Content-Length: 5\r\nContent-Length: 5\r\n\r\n12345"),
    ("a folded line", (400,), lambda c: f"GET /metrics HTTP/1.1\r\n{KNOWN}X-A: a\r\n b\r\n\r\n"),
    ("eight-bit bytes in a field", (400,), lambda c: f"GET /metrics HTTP/1.1\r\n{KNOWN}X-A: \xff\xfe\r\n\r\n"),
    ("1,500 fields", (400, 431), lambda c: f"GET /metrics HTTP/1.1\r\n{KNOWN}" + "a:b\r\n" * 1500 + "\r\n"),
    ("a field of 16 kB", (431, 400), lambda c: f"GET /metrics HTTP/1.1\r\n{KNOWN}X-A: {word(c, 16000)}\r\n\r\n"),
    ("a target of 4 kB", (414, 400), lambda c: f"GET /{word(c, 4000)} HTTP/1.1\r\n{KNOWN}\r\n"),
    ("a raw byte in the target", (400,), lambda c: f"GET /metrics\xc3\xa9 HTTP/1.1\r\n{KNOWN}\r\n"),
    ("a dotted target", (400, 404), lambda c: f"GET /../%2e%2e/%00 HTTP/1.1\r\n{KNOWN}\r\n"),
    ("a space before the colon", (400,), lambda c: f"GET /metrics HTTP/1.1\r\n{KNOWN}X-A : b\r\n\r\n"),
    ("a bare line feed", (400,), lambda c: f"GET /metrics HTTP/1.1\n{KNOWN}\r\n"),
    ("a NUL in a field", (400,), lambda c: f"GET /metrics HTTP/1.1\r\n{KNOWN}X-A: \0\r\n\r\n"),
    ("HTTP/0.9", (400, 505), lambda c: "GET /metrics\r\n\r\n"),
    ("HTTP/2.0", (400, 505), lambda c: f"GET /metrics HTTP/2.0\r\n{KNOWN}\r\n"),
    ("a body of 1 MB", (413,), lambda c: f"POST /-/reload HTTP/1.1\r\n{KNOWN}Content-Length: 1000000\r\n\r\n"),
    # What happened to others.
    ("a path that nobody has", (404,), lambda c: f"GET /{word(c, 12)} HTTP/1.1\r\n{KNOWN}Connection: close\r\n\r\n"),
    ("an open redirect", (400, 404), lambda c: f"GET //evil.example/new HTTP/1.1\r\n{KNOWN}Connection: close\r\n\r\n"),
    ("another open redirect", (400, 404), lambda c: f"GET /\\evil.example HTTP/1.1\r\n{KNOWN}Connection: close\r\n\r\n"),
    ("a compressed body", (400, 415),
     lambda c: f"POST /api/v1/sync HTTP/1.1\r\n{KNOWN}Content-Type: application/json\r\nContent-Encoding: gzip\r\n"
               "Content-Length: 4\r\nConnection: close\r\n\r\n\x1f\x8b\x08\x00"),
    ("a host of somebody else", (421,),
     lambda c: f"GET / HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"),
    ("a page of somebody else", (403,),
     lambda c: f"POST /-/reload HTTP/1.1\r\n{KNOWN}Origin: http://evil.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    ("a form of somebody else", (415,),
     lambda c: f"POST /api/v1/sync HTTP/1.1\r\n{KNOWN}Content-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"),
    ("a change by GET", (405,), lambda c: f"GET /-/reload HTTP/1.1\r\n{KNOWN}Connection: close\r\n\r\n"),
    ("nobody", (401,), lambda c: f"GET /metrics HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"),
    ("a wrong token", (401,),
     lambda c: f"GET /metrics HTTP/1.1\r\n{HOST}Authorization: Bearer {word(c, 32)}\r\nConnection: close\r\n\r\n"),
    ("a token in the query", (401,), lambda c: f"GET /metrics?token={TOKEN} HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"),
    ("a scraper that wants more", (403,),
     lambda c: f"POST /-/reload HTTP/1.1\r\n{HOST}Authorization: Bearer metrics-{TOKEN}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    ("a wrong password", (401, 429), lambda c: f"GET /metrics HTTP/1.1\r\n{basic('alice:' + word(c, 9))}Connection: close\r\n\r\n"),
    ("the hash as password", (401, 429), lambda c: f"GET /metrics HTTP/1.1\r\n{basic('alice:' + HASH)}Connection: close\r\n\r\n"),
    ("a NUL behind the password", (401,), lambda c: f"GET /metrics HTTP/1.1\r\n{basic('alice:secret' + chr(0) + 'x')}Connection: close\r\n\r\n"),
    ("an empty name and password", (401, 429), lambda c: f"GET /metrics HTTP/1.1\r\n{basic(':')}Connection: close\r\n\r\n"),
    # Airbyte's webhook: whoever knows its token is heard, and nobody else.
    ("a webhook with a guess", (404,), lambda c: hook(word(c, len(HOOK)), "{}")),
    ("a webhook with our other token", (404,), lambda c: hook(TOKEN, "{}")),
    ("a webhook without a token", (404,), lambda c: hook("", "{}")),
    ("a webhook with more behind the token", (404,), lambda c: hook(HOOK + "/..", "{}")),
    ("a webhook with an encoded token", (404,), lambda c: hook("%77" + HOOK[1:], "{}")),
    ("a webhook by GET", (405,), lambda c: f"GET /webhooks/airbyte/{HOOK} HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"),
    ("a webhook of a page", (403,), lambda c: hook(HOOK, "{}", "Origin: http://evil.example\r\n")),
    ("a webhook that is no JSON", (400, 429), lambda c: hook(HOOK, word(c, 40))),
    ("a webhook as deep as it is long", (400, 429), lambda c: hook(HOOK, '{"data":' + "[" * 60000)),
    ("a webhook of 1 MB", (413,), lambda c: hook(HOOK, "", length=1_000_000)),
    ("credentials twice", (401,), lambda c: f"GET /metrics HTTP/1.1\r\n{KNOWN}Authorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"),
]


class Gate:
    def __init__(self, base):
        host, port = base.removeprefix("http://").rsplit(":", 1)
        self.address = (host, int(port))

    def talk(self, text, timeout=15):
        """The status of the first answer."""
        with socket.create_connection(self.address, timeout) as connection:
            try:
                connection.sendall(text.encode("latin-1"))
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has answered by then
            received = b""
            while b"\r\n" not in received:
                part = connection.recv(4096)
                if not part:
                    break
                received += part
        return int(received.split()[1]) if received.startswith(b"HTTP/1.1 ") else None

    def scrape(self):
        status, text = harness.http_request(f"http://{self.address[0]}:{self.address[1]}/metrics", headers=SCRAPE)
        check(status == 200, f"a scrape was answered with {status}")
        return [line.split(" ")[0] for line in text.splitlines() if line and not line.startswith("#")]


class Pulse:
    """Asks /livez all the time, and remembers the slowest answer."""

    def __init__(self, gate):
        self.gate, self.slowest, self.answers, self.over = gate, 0.0, 0, False
        self.thread = threading.Thread(target=self.beat)
        self.thread.start()

    def beat(self):
        while not self.over:
            began = time.monotonic()
            status = self.gate.talk("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.answers += status == 200
            time.sleep(0.005)

    def stop(self):
        self.over = True
        self.thread.join()


def thousand(gate, chance):
    order = [KINDS[i % len(KINDS)] for i in range(1000)]
    chance.shuffle(order)
    wrong = {}
    for what, allowed, make in order:
        status = gate.talk(make(chance))
        if status not in allowed:
            wrong[what] = status
    check(not wrong, f"answered otherwise than they should be: {wrong}")


def silent_connections(gate):
    held = []
    for number in range(512):
        connection = socket.create_connection(gate.address, 15)
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: local" if number % 2 else b"")
        held.append(connection)
    began = time.monotonic()
    series = gate.scrape()
    took = time.monotonic() - began
    check(series, "no scrape among 512 connections that say nothing")
    for connection in held:
        connection.close()
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with workplace("hostile") as folder:
        harness.write(folder / "web.yaml", WEB)
        text = harness.config_text("http://127.0.0.1:1", folder / "state.db", rules="[]")
        text = text.replace("web: {", f"web: {{config_file: web.yaml, airbyte_webhook_token: {HOOK}, ")
        daemon = Daemon(arguments.binary, folder, harness.write(folder / "syncwarden.yaml", text))
        with harness.running(daemon):
            daemon.wait_started()
            gate = Gate(daemon.base)
            # So that every status has its series, also that of an address which is wrong too often.
            for what, allowed, make in KINDS + 10 * [kind for kind in KINDS if 429 in kind[1]]:
                gate.talk(make(chance))
            gate.scrape()
            before = gate.scrape()
            pulse = Pulse(gate)
            thousand(gate, chance)
            pulse.stop()
            after = gate.scrape()
            check(before == after, f"series came or went: {set(before) ^ set(after)}")
            check(pulse.answers > 20, f"/livez was asked {pulse.answers} times only")
            check(pulse.slowest < 0.1, f"/livez took {pulse.slowest * 1000:.0f} ms")
            print(f"{len(KINDS)} kinds, 1000 requests, each refused as it should be; {len(after)} series before and after; "
                  f"/livez {pulse.answers} times, at most {pulse.slowest * 1000:.1f} ms")
            print(f"a scrape beside 512 silent connections: {silent_connections(gate) * 1000:.1f} ms")
            said = daemon.output() + "".join(after)
            check(not [secret for secret in (TOKEN, HASH, HOOK) if secret in said], "a secret is in the log or in a label")
            check(daemon.terminate() == 0, "the daemon did not stop in order")


if __name__ == "__main__":
    main()
