"""An HTTP proxy between the daemon and Airbyte that is as unkind as a network may be, to requests that start syncs only.

Four fates: `pass`; `late`, held back past the client's deadline and delivered all the same, whether or not the client is
still there; `no_reply`, delivered, but the answer is thrown away; `lost`, never delivered. `deliveries` remembers each
request that had another fate than `pass`, so that a test can tell that what it wanted to see has happened.
"""
import http.client
import random
import select
import socket
import threading
import time


class DelayProxy:
    """Listens on 127.0.0.1:`port` from the constructor on, until close()."""

    def __init__(self, upstream_port, seed, late=0.25, no_reply=0.15, lost=0.02, delay=(1.2, 6.0)):
        self.upstream_port = upstream_port
        self.delay = delay
        self.chances = {"late": late, "no_reply": no_reply, "lost": lost}
        self.deliveries = []
        self.passed = 0
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._open = True
        self._pending = 0
        self._server = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def be_kind(self):
        """Everything passes from now on; what is held back still comes."""
        with self._lock:
            self.chances = {}

    def pending(self):
        """Requests that are still held back."""
        with self._lock:
            return self._pending

    def count(self, fate, client_gone=None):
        with self._lock:
            return sum(1 for one in self.deliveries
                       if one["fate"] == fate and client_gone in (None, one["client_gone"]))

    def close(self):
        self._open = False
        self._server.close()

    def _accept(self):
        while self._open:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client, ), daemon=True).start()

    def _fate(self, path):
        if not path.endswith("/connections/sync"):
            return "pass"
        with self._lock:
            draw = self._random.random()
            for fate, chance in self.chances.items():
                if draw < chance:
                    return fate
                draw -= chance
            self.passed += 1
        return "pass"

    def _serve(self, client):
        upstream = http.client.HTTPConnection("127.0.0.1", self.upstream_port, timeout=120)
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader = client.makefile("rb")
            while self._one(client, reader, upstream):
                pass
        except (OSError, http.client.HTTPException, ValueError):
            pass
        finally:
            client.close()
            upstream.close()

    def _one(self, client, reader, upstream):
        """Handles one request; false once the connection is over."""
        first = reader.readline()
        if not first:
            return False
        method, path, _ = first.decode().split(" ", 2)
        headers = {}
        while (line := reader.readline().decode().strip()):
            name, value = line.split(":", 1)
            headers[name.strip().lower()] = value.strip()
        body = reader.read(int(headers.get("content-length", "0")))
        fate = self._fate(path)
        if fate == "lost":
            self._remember(fate, None, False)
            return False
        headers["host"] = f"127.0.0.1:{self.upstream_port}"
        if fate == "late":
            with self._lock:
                self._pending += 1
                pause = self._random.uniform(*self.delay)
            try:
                time.sleep(pause)
                status, kept, text = self._deliver(upstream, method, path, headers, body)
                self._remember(fate, status, self._gone(client))
            finally:
                with self._lock:
                    self._pending -= 1
        else:
            status, kept, text = self._deliver(upstream, method, path, headers, body)
        if fate == "no_reply":
            self._remember(fate, status, self._gone(client))
            return False
        kept["content-length"] = str(len(text))
        head = f"HTTP/1.1 {status} Proxied\r\n" + "".join(f"{name}: {value}\r\n" for name, value in kept.items())
        client.sendall(head.encode() + b"\r\n" + text)
        return headers.get("connection", "").lower() != "close"

    @staticmethod
    def _deliver(upstream, method, path, headers, body):
        upstream.request(method, path, body=body or None, headers=headers)
        reply = upstream.getresponse()
        text = reply.read()
        kept = {name.lower(): value for name, value in reply.getheaders()
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "keep-alive")}
        return reply.status, kept, text

    @staticmethod
    def _gone(client):
        readable, _, _ = select.select([client], [], [], 0)
        if not readable:
            return False
        try:
            return client.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True

    def _remember(self, fate, status, client_gone):
        with self._lock:
            self.deliveries.append({"fate": fate, "status": status, "client_gone": client_gone})
