"""Faults of Airbyte and of the way to it. Each function's docstring says what must happen."""
import socket
import time

from fault_place import CLIENT, PASSWORD, SLOW_POLL, UP, agree, as_nobody, says, started_ticks
from harness import Emulator, check, rows, running, wait_until
from tls_front import Authority, TlsFront


# --- Airbyte is away --------------------------------------------------------------------------------------------

def fault_airbyte_down_at_start(place):
    """The daemon comes up, alive, says that Airbyte is away, and starts what was due once it is back."""
    # Bound and not listening: it refuses, and nobody else is given it meanwhile.
    reserved = socket.socket()
    reserved.bind(("127.0.0.1", 0))
    port = reserved.getsockname()[1]
    with running(place.daemon(f"http://127.0.0.1:{port}/api/v1", rules='[{match: {name: "*"}, schedule: {every: 2s}}]')
                 ) as daemon:
        daemon.wait_started()
        daemon.wait_for_output(r"Airbyte unreachable.*refused")
        check(daemon.get("/livez")[0] == 200, "/livez fails because Airbyte is down")
        check(daemon.metrics().sum(UP) == 0, f"{UP} is not 0")
        reserved.close()
        with running(Emulator(place.binary, place.folder, "--fleet", "2", "--shortest", "300ms", "--longest", "600ms",
                              listen=f"127.0.0.1:{port}")) as emulator:
            daemon.wait_metric(UP, 1)
            daemon.wait_ready()
            daemon.wait_metric("syncwarden_ticks_total", lambda n: n >= 2, outcome="started")
            # And once more, in mid-life: what comes due meanwhile is decided afterwards.
            emulator.faults(down=True)
            daemon.wait_metric(UP, 0)
            before = started_ticks(place)
            time.sleep(2.5)
            check(daemon.get("/readyz")[0] == 200, "not ready because Airbyte is down")
            emulator.faults(down=False)
            daemon.wait_metric(UP, 1)
            wait_until(lambda: started_ticks(place) > before, "what came due meanwhile to be started")
            agree(place, emulator)
            check(daemon.terminate() == 0, "SIGTERM did not end it with 0")


def fault_bad_gateway_with_html(place):
    """A page of nginx is no answer: told as such, and read again later; no tick fails for it."""
    with running(place.emulator()) as emulator, running(place.daemon(emulator.api)) as daemon:
        daemon.wait_ready()
        emulator.faults(http_502=1)
        daemon.wait_metric(UP, 0)
        says(daemon.output(), r"Airbyte unreachable.*502")
        check("<html" not in daemon.output(), "the page itself is in the log")
        emulator.faults(http_502=0)
        daemon.wait_metric(UP, 1)
        # A trigger that met the page is unclear: it waits as an intent for evidence, which takes the settle time.
        agree(place, emulator)
        check(daemon.metrics().sum("syncwarden_ticks_total", outcome="failed_to_start") == 0, "a tick failed for it")


def fault_bad_gateway_after_the_effect(place):
    """A 502 that hides a started job is unclear, never a refusal: the job is found and adopted."""
    with running(place.emulator("--fault", "bad_gateway_after=1")) as emulator, \
            running(place.daemon(emulator.api)) as daemon:
        daemon.wait_ready()
        wait_until(lambda: started_ticks(place) >= 3, "jobs to be adopted")
        agree(place, emulator)


def fault_lost_replies(place):
    """An answer that never arrives leaves an intent, and the poll finds its job."""
    with running(place.emulator("--fault", "lose_reply=1")) as emulator, running(place.daemon(emulator.api)) as daemon:
        daemon.wait_ready()
        wait_until(lambda: started_ticks(place) >= 3, "jobs to be adopted")
        agree(place, emulator)


# --- credentials ------------------------------------------------------------------------------------------------

def wrong_credentials(place, emulator_auth, auth, secrets, words=("credentials|password|token|secret", )):
    with running(place.emulator("--auth", emulator_auth)) as emulator:
        with running(place.daemon(emulator.api, auth=auth)) as daemon:
            daemon.wait_started()
            daemon.wait_for_output(r"Airbyte unreachable")
            says(daemon.output(), *words)
            check(daemon.metrics().sum(UP) == 0, f"{UP} is not 0 with wrong credentials")
            check(daemon.alive() and daemon.get("/livez")[0] == 200, "wrong credentials ended it")
            scrape = daemon.metrics().text + daemon.get("/readyz?verbose")[1]
            check(not any(secret in scrape for secret in secrets), "a secret is served")
            check(emulator.jobs() == [], "it started something without credentials")
        status, said = place.command("check", "--online", "--verbose", "--config.file", place.config_path)
        check(status == 3, f"check --online ended with {status} instead of 3:\n{said}")
        says(said, *words)
        place.nothing_leaked(*secrets)


def fault_wrong_password(place):
    """Basic: up 0, the message names the credentials, `check --online` ends with 3, the password is nowhere."""
    wrong_credentials(place, "basic", f"{{type: basic, username: airbyte, password: {PASSWORD}}}", [PASSWORD])


def fault_wrong_token(place):
    """Token: the same."""
    wrong_credentials(place, "bearer", f"{{type: token, token: {PASSWORD}}}", [PASSWORD])


def fault_wrong_client_secret(place):
    """Client credentials: the same."""
    wrong_credentials(place, "bearer",
                      f"{{type: client_credentials, client_id: emulator, client_secret: {PASSWORD}}}", [PASSWORD])


def fault_right_credentials_from_files(place):
    """Basic and client credentials from files work, and stand nowhere afterwards."""
    secret = place.folder / "secret-password"
    secret.write_text("password\n")
    with running(place.emulator("--auth", "basic")) as emulator, \
            running(place.daemon(emulator.api, auth=f"{{type: basic, username: airbyte, password_file: {secret}}}")
                    ) as daemon:
        daemon.wait_ready()
        daemon.wait_metric(UP, 1)
        wait_until(lambda: started_ticks(place) >= 1, "a sync")


def fault_token_dies_in_mid_life(place):
    """A 401 in mid-life costs one new token, and nobody notices."""
    with running(place.emulator("--auth", "bearer")) as emulator:
        secret = place.folder / "secret-client"
        secret.write_text(CLIENT["client_secret"])
        auth = f"{{type: client_credentials, client_id: {CLIENT['client_id']}, client_secret_file: {secret}}}"
        with running(place.daemon(emulator.api, auth=auth)) as daemon:
            daemon.wait_ready()
            tokens = daemon.metrics().sum("syncwarden_airbyte_requests_total", operation="get_token")
            check(tokens == 1, f"{tokens} tokens were fetched at the start instead of one")
            emulator.do(expire_tokens=True)
            daemon.wait_metric("syncwarden_airbyte_requests_total", lambda n: n > tokens, operation="get_token")
            before = started_ticks(place)
            wait_until(lambda: started_ticks(place) > before + 1, "syncs after the token's death")
            check(daemon.metrics().sum("syncwarden_airbyte_requests_total", operation="get_token") == tokens + 1,
                  "more than one token was fetched")
            check("Airbyte unreachable" not in daemon.output(), "it lost sight of Airbyte:\n" + daemon.output()[-2000:])
            check(daemon.metrics().sum("syncwarden_ticks_total", outcome="failed_to_start") == 0, "a tick failed")
            agree(place, emulator)


def fault_unreadable_secret_file(place):
    """A secret that is not there, or not for us: exit 2 with the place and the file, before anything starts."""
    missing = place.folder / "secret-missing"
    place.refuses(2, r"syncwarden\.yaml:\d+:\d+", "secret-missing", "password_file",
                  auth=f"{{type: basic, username: airbyte, password_file: {missing}}}")
    locked = place.folder / "secret-locked"
    locked.write_text(PASSWORD)
    locked.chmod(0)
    place.refuses(2, r"syncwarden\.yaml:\d+:\d+", "secret-locked", "permission|cannot be read",
                  auth=f"{{type: basic, username: airbyte, password_file: {locked}}}", preexec=as_nobody)
    place.nothing_leaked(PASSWORD)


# --- limits, slowness, size -------------------------------------------------------------------------------------

def rate_limited(place, **retry):
    with running(place.emulator()) as emulator, running(place.daemon(emulator.api)) as daemon:
        daemon.wait_ready()
        emulator.faults(rate_limit=1, **retry)
        daemon.wait_metric("syncwarden_airbyte_request_failures_total", lambda n: n >= 1, reason="rate_limited")
        check(daemon.get("/livez")[0] == 200, "a 429 ended it")
        emulator.faults(rate_limit=0)
        polls = daemon.metrics().sum("syncwarden_airbyte_request_failures_total", reason="rate_limited")
        daemon.wait_metric(UP, 1)
        before = daemon.metrics().sum("syncwarden_airbyte_last_poll_success_timestamp_seconds", poll="jobs")
        daemon.wait_metric("syncwarden_airbyte_last_poll_success_timestamp_seconds", lambda at: at > before, poll="jobs")
        check(daemon.metrics().sum("syncwarden_ticks_total", outcome="failed_to_start") == 0, "a tick failed for a 429")
        agree(place, emulator)
        return polls, daemon


def fault_rate_limited_with_retry_after(place):
    """429 with Retry-After: counted, nobody hammers meanwhile, and the polls go on afterwards."""
    began = time.monotonic()
    limited, _ = rate_limited(place, retry_after_s=1)
    check(limited < 20 + 10 * (time.monotonic() - began), f"{limited} requests ran into the limit")


def fault_rate_limited_without_retry_after(place):
    """429 as Airbyte's own proxy says it, without a word about when: the same."""
    rate_limited(place)


def fault_slow_sync_reply(place):
    """An answer after 100 s: given up after its deadline, but the job is seen by the poll and followed to its end."""
    with running(place.emulator("--fault", "slow_sync=100s")) as emulator, \
            running(place.daemon(emulator.api, poll=SLOW_POLL)) as daemon:
        daemon.wait_ready()
        daemon.wait_metric("syncwarden_airbyte_request_failures_total", lambda n: n >= 1, operation="trigger_job",
                           reason="timeout")
        wait_until(lambda: rows(place.state, "SELECT 1 FROM run WHERE verdict = 'succeeded'"), "a run to succeed")
        adopted = rows(place.state, "SELECT count(*) AS n FROM run WHERE attribution = 'adopted'")[0]["n"]
        check(adopted >= 1, "no job was adopted")
        agree(place, emulator)


def fault_sync_reply_never_comes(place):
    """The same without any answer; and the watching goes on while every trigger hangs."""
    with running(place.emulator("--fault", "hang_sync", fleet=12)) as emulator, \
            running(place.daemon(emulator.api)) as daemon:
        daemon.wait_ready()
        wait_until(lambda: len(rows(place.state, "SELECT 1 FROM run WHERE verdict = 'succeeded'")) >= 12,
                   "runs to succeed")
        polls = daemon.metrics().sum("syncwarden_airbyte_polls_total", poll="jobs")
        daemon.wait_metric("syncwarden_airbyte_polls_total", lambda n: n > polls + 2, poll="jobs")
        agree(place, emulator)


def fault_reply_of_200_megabytes(place):
    """A reply without end is cut off: memory stays flat, the job is adopted."""
    with running(place.emulator(fleet=1)) as emulator, \
            running(place.daemon(emulator.api, trigger="20s", settle="81s", poll=SLOW_POLL)) as daemon:
        daemon.wait_ready()
        before = daemon.peak_memory()
        emulator.faults(huge_reply=200_000_000)
        known = len(emulator.jobs())
        wait_until(lambda: len(emulator.jobs()) > known, "a sync to be created", every=0.1)
        wait_until(lambda: rows(place.state, "SELECT 1 FROM run WHERE verdict = 'succeeded' AND job_id > ?", known),
                   "the job behind the huge reply to be followed to its end")
        # A poll that shows the job first ends the request before its reply is refused; not every time.
        daemon.wait_metric("syncwarden_airbyte_request_failures_total", lambda count: count >= 1,
                           operation="trigger_job")
        emulator.faults(huge_reply=0)
        grown = daemon.peak_memory() - before
        # AddressSanitizer keeps what was freed for a while.
        most = 64 << 20 if not place.sanitized() else 400 << 20
        check(grown < most, f"the daemon grew by {grown >> 20} MiB for a reply that it should not keep")
        agree(place, emulator)
        print(f"    the daemon's peak grew by {grown / (1 << 20):.1f} MiB")


# --- TLS --------------------------------------------------------------------------------------------------------

def tls(place, certificate, words, trusted=True):
    authority = Authority(place.folder)
    with running(place.emulator()) as emulator:
        front = TlsFront(*certificate(authority), emulator.port)
        try:
            url = f"https://127.0.0.1:{front.port}/api/v1"
            options = f"{{ca_file: {authority.ca}}}" if trusted else "{}"
            with running(place.daemon(url, tls=options)) as daemon:
                daemon.wait_started()
                if words is None:
                    daemon.wait_ready()
                    daemon.wait_metric(UP, 1)
                else:
                    daemon.wait_for_output(r"Airbyte unreachable")
                    says(daemon.output(), *words)
                    check(daemon.metrics().sum(UP) == 0, f"{UP} is not 0")
            status, said = place.command("check", "--online", "--config.file", place.config_path)
            says(said, *(words or ["2 connections"]))
            check(status == (3 if words else 0), f"check --online ended with {status}:\n{said}")
            if words:
                check(emulator.jobs() == [], "it spoke with a server that it should not trust")
        finally:
            front.close()


def fault_tls_wrong_host(place):
    """A certificate for somebody else: refused, with the name that was expected."""
    tls(place, lambda authority: authority.issue("wrong", names="DNS:elsewhere.example"),
        ["certificate", r"127\.0\.0\.1|host|name"])


def fault_tls_expired(place):
    """An expired certificate: refused, and told as expired."""
    tls(place, lambda authority: authority.issue("old", days=-1), ["certificate", "expired"])


def fault_tls_unknown_issuer(place):
    """An authority that nobody trusts: refused, and the message names the key that changes it."""
    tls(place, lambda authority: authority.issue("good"), ["certificate", "issuer|authority|self.signed", "ca_file"],
        trusted=False)


def fault_tls_own_authority(place):
    """The same certificate with `ca_file` works."""
    tls(place, lambda authority: authority.issue("good"), None)
