#!/usr/bin/env python3
"""`syncwarden healthcheck` against a daemon that wants to see certificates: healthy with one of its authority, not without
and not with a stranger's."""
import argparse
import subprocess

import harness
from harness import Daemon, check, workplace

WEB = """tls_server_config:
  cert_file: server.pem
  key_file: server.key
  client_ca_file: authority.pem
  client_auth_type: RequireAndVerifyClientCert
"""


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=60)


def authority(folder, name):
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")


def certificate(folder, name, by):
    openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.csr")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial",
            "-days", "2", "-out", f"{name}.pem")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    arguments = parser.parse_args()
    with workplace("healthcheck") as folder:
        for name in ("authority", "stranger"):
            authority(folder, name)
        for name, by in (("server", "authority"), ("prober", "authority"), ("foreign", "stranger")):
            certificate(folder, name, by)
        (folder / "web.yaml").write_text(WEB)
        text = harness.config_text("http://127.0.0.1:1", folder / "state.db", rules="[]")
        text = text.replace("web: {", "web: {config_file: web.yaml, ")
        daemon = Daemon(arguments.binary, folder, harness.write(folder / "syncwarden.yaml", text))

        def healthcheck(*flags):
            done = subprocess.run([arguments.binary, "healthcheck", "--web.listen-address", f"127.0.0.1:{port}", *flags],
                                  cwd=folder, capture_output=True, text=True, timeout=30, check=False)
            return done.returncode, done.stderr

        with harness.running(daemon):
            daemon.wait_started()
            port = daemon.base.rsplit(":", 1)[1]
            shown = healthcheck("--tls.cert-file", "prober.pem", "--tls.key-file", "prober.key")
            check(shown[0] == 0, f"with a certificate: {shown}")
            for flags in ((), ("--tls.cert-file", "foreign.pem", "--tls.key-file", "foreign.key")):
                refused = healthcheck(*flags)
                check(refused[0] == 1 and "--tls.cert-file" in refused[1], f"{flags}: {refused}")
            absent = healthcheck("--tls.cert-file", "absent.pem", "--tls.key-file", "prober.key")
            check(absent[0] == 1 and "absent.pem" in absent[1], f"absent: {absent}")
            half = healthcheck("--tls.cert-file", "prober.pem")
            check(half[0] == 2 and "give both" in half[1], f"half: {half}")
            check(daemon.terminate() == 0, "the daemon did not stop in order")
    print("healthy with a certificate of its authority; not without one, and not with a stranger's")


if __name__ == "__main__":
    main()
