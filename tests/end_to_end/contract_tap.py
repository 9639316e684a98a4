"""A proxy in front of prism that writes down what passed, and what prism said of it.

Prism's own log does not tell which of several simultaneous requests a complaint belongs to; its answers do.
"""

import http.client
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Of one hop only; the length is written anew.
HOP_HEADERS = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
ID = re.compile(r"/([0-9]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=/|$)")


class Exchange:
    """One request with its answer. `violation` is prism's refusal, `unlisted` its remark that the document does not
    list the answer's status."""

    def __init__(self, method, path, status, headers, body):
        self.operation = f"{method} {ID.sub('/{id}', path.split('?')[0])}"
        self.status = status
        self.violation = None
        self.unlisted = False
        if headers.get("Content-Type", "").startswith("application/problem+json"):
            self.violation = self._refusal(body)
        for remark in json.loads(headers.get("sl-violations") or "[]"):
            if remark["severity"] == "Warning" and "returned status code" in remark["message"]:
                self.unlisted = True
            elif self.violation is None:
                self.violation = json.dumps(remark)

    @staticmethod
    def _refusal(body):
        """Prism's own problem documents; Airbyte's point elsewhere."""
        try:
            problem = json.loads(body)
        except ValueError:
            return None
        if not str(problem.get("type", "")).startswith("https://stoplight.io/prism/"):
            return None
        kind = problem["type"].partition("#")[2]
        return f"{kind}: {json.dumps(problem.get('validation', problem.get('detail')))}"


class Tap:
    """Listens on a free port of the loopback and passes on to `upstream_port`."""

    def __init__(self, upstream_port):
        self._exchanges = []
        self._lock = threading.Lock()
        tap = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def _pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_HEADERS}
                upstream = http.client.HTTPConnection("127.0.0.1", upstream_port, timeout=120)
                try:
                    upstream.request(self.command, self.path, body or None, headers)
                    answer = upstream.getresponse()
                    content = answer.read()
                finally:
                    upstream.close()
                with tap._lock:
                    tap._exchanges.append(Exchange(self.command, self.path, answer.status, answer.headers, content))
                self.send_response_only(answer.status)
                for key, value in answer.headers.items():
                    if key.lower() not in HOP_HEADERS:
                        self.send_header(key, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _pass_on

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # clients may go away
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self):
        """What passed since the last call."""
        with self._lock:
            taken, self._exchanges = self._exchanges, []
        return taken

    def close(self):
        self._server.shutdown()
        self._server.server_close()
