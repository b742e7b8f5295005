"""Demo processes: define each process with its port, environment and readiness check."""

import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self

from storefront.dev.runtime.ports import HOST, free_port
from storefront.dev.runtime.processes import Child
from storefront.ops.environment import override

WEB_PORT = 8000
SMTP_OFFSET = 25
SANDBOXES = "storefront.dev.sandboxes"
WEBHOOK_SECRET = "whsec_ZGVtbyByZWNlaXZlciBvZiB3ZWJob29rcyE="  # noqa: S105 - of the demo
HOOK_PATH = "/hooks/cj-cj-sandbox/"  # connector, then supplier code
MAIL_HOOK_PATH = "/hooks/postmark/"
SMS_ACCOUNT, SMS_SENDER = f"AC{'0' * 32}", "+15005550006"
SANDBOX_PACE_S = 6  # seconds between two steps of an order, so that its progress is visible
TRACKER_PACE_S = 15  # seconds between two events of a parcel at the tracking provider
TRACKING_GRACE_MIN = 1
ANNOUNCE_S = 3  # until the carrier confirms a return label
BIGBUY_PRODUCTS = 60
BIGBUY_HOUR_S = 300  # short, so that hourly rate limits reset during the demo
# The feed supplier has the last 20 of the CJ sandbox's 160 products, and 20 of its own.
FEED_PRODUCTS = 40
FEED_SKIPS = 140
# The web server takes 150 MB with one worker, a process of the Celery worker 40 to 50 MB.
WEB_WORKERS = 1
WEB_THREADS = 4
# One slot each for orders, webhooks, syncs and claims: a supplier occupies at most four of the five
# worker processes.
SUPPLIER_SLOTS = 1
WORKER_PROCESSES = 5
# A new process shares its memory with the others; one that imported products keeps 15 MB more.
TASKS_PER_PROCESS = 100
STORES = ("shopify", "woocommerce", "bigcommerce")  # platforms with a sandbox
QUEUES = "celery,syncs,bulk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The port of each process of this demo."""

    web: int
    sandbox: int
    bigbuy: int
    feed: int
    gateway: int
    sms: int
    tracker: int
    labels: int
    smtp: int
    receiver: int = 0
    # stores of sales channels; 0: not started
    shopify: int = 0
    woocommerce: int = 0
    bigcommerce: int = 0

    @classmethod
    def choose(cls, first: int) -> Self:
        """Choose the usual port of each process, or the next free one."""
        return cls(
            web=free_port(first),
            sandbox=free_port(first + 1),
            gateway=free_port(first + 2),
            bigbuy=free_port(first + 3),
            feed=free_port(first + 4),
            sms=free_port(first + 6),
            tracker=free_port(first + 5),
            labels=free_port(first + 7),
            smtp=free_port(first + SMTP_OFFSET),
            receiver=free_port(first + 10),
            shopify=free_port(first + 8),
            woocommerce=free_port(first + 9) if has_all_stores() else 0,
            bigcommerce=free_port(first + 10) if has_all_stores() else 0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """State that all processes of one demo share."""

    root: Path
    var: Path
    ports: Ports
    env: Mapping[str, str]

    def child(
        self,
        name: str,
        module: Sequence[str],
        *,
        is_ready: Callable[[], bool] = lambda: True,
        patience_s: float = 10.0,
    ) -> Child:
        return Child(
            name=name,
            command=[sys.executable, *module],
            log=self.log(name),
            env=self.env,
            cwd=self.root,
            is_ready=is_ready,
            patience_s=patience_s,
        )

    def log(self, name: str) -> Path:
        return self.var / "log" / f"{name}.log"

    def quietly(self, name: str, *words: str) -> Child:
        """Return a command that prints its progress, but logs only warnings."""
        return replace(self, env={**self.env, "LOG_LEVEL": "WARNING"}).child(name, words)


def urls(ports: Ports) -> dict[str, str]:
    """Return the addresses that a person or a script may open."""
    shop = url_of(ports.web)
    others = {
        name: getattr(ports, name)
        for name in ("sandbox", "bigbuy", "feed", "gateway", "tracker", "labels", "sms", "receiver")
    }
    return {
        "shop": f"{shop}/",
        "shop_az": f"{shop}/az-market/",
        "admin": f"{shop}/admin/",
        "api": f"{shop}/api/docs/",
        "mailbox": f"{shop}/dev/mailbox/",
        **{name: f"{url_of(port)}/" for name, port in others.items()},
        **{name: f"{url_of(port)}/" for name, port in stores(ports).items()},
    }


def has_all_stores() -> bool:
    """Return whether the demo shall run a store on each platform, which takes more memory."""
    return os.environ.get("DEMO_CHANNELS") == "all"


def stores(ports: Ports) -> dict[str, int]:
    """Return the ports of the stores that are started, by platform."""
    known = {platform: getattr(ports, platform) for platform in STORES}
    return {platform: port for platform, port in known.items() if port}


def url_of(port: int) -> str:
    return f"http://{HOST}:{port}"


def settings(
    *, var: Path, ports: Ports, keys: Mapping[str, str], addresses: Mapping[str, str]
) -> dict[str, str]:
    """Return the settings of every process of this demo."""
    return {
        **keys,
        **addresses,
        "PAYMENT_GATEWAY": "stripe",
        "BULKHEAD_SLOTS_PER_SUPPLIER": str(SUPPLIER_SLOTS),
        "ENVIRONMENT": "local",
        "VAR_DIR": str(var),
        "PUBLIC_URL": url_of(ports.web),
        "SANDBOX_SUPPLIER_URL": url_of(ports.sandbox),
        "SANDBOX_BIGBUY_URL": url_of(ports.bigbuy),
        "SANDBOX_FEED_URL": url_of(ports.feed),
        "STRIPE_API_URL": url_of(ports.gateway),
        "STRIPE_PAGES_URL": url_of(ports.gateway),
        "TWILIO_API_URL": url_of(ports.sms),
        "TWILIO_ACCOUNT_SID": SMS_ACCOUNT,
        "TWILIO_FROM": SMS_SENDER,
        "SEVENTEEN_TRACK_URL": url_of(ports.tracker),
        "SENDCLOUD_URL": f"{url_of(ports.labels)}/api/v3",
        **{
            f"SANDBOX_{platform.upper()}_URL": url_of(port)
            for platform, port in stores(ports).items()
        },
        "SANDBOX_RECEIVER_URL": url_of(ports.receiver),
        "TRACKING_GRACE_MIN": str(TRACKING_GRACE_MIN),
        "MAIL_PROVIDER": "postmark",
        "SMTP_URL": f"smtp://{HOST}:{ports.smtp}",
        "PYTHONUNBUFFERED": "1",
        # With fixed limits, the C library returns memory after each large read; by default they grow.
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_MMAP_THRESHOLD_": "65536",
        "MALLOC_TRIM_THRESHOLD_": "65536",
    }


def environment(settings_of_shop: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of every process: the settings of this shop over the current one."""
    return override(os.environ, settings_of_shop)


def outsiders(stage: Stage) -> list[Child]:
    """Return the external services: suppliers, gateway, providers, stores, receiver, mail server."""
    ports, var = stage.ports, stage.var
    pace = ["--pace", str(SANDBOX_PACE_S)]

    def service(name: str, module: str, port: int, folder: str, *words: str) -> Child:
        command = ["-m", f"{SANDBOXES}.{module}", "--port", str(port)]
        command += ["--data", str(var / folder), *words]
        return stage.child(name, command, is_ready=lambda: _status(port) > 0)

    hook = f"{url_of(ports.web)}{HOOK_PATH}"
    mail = ["-m", f"{SANDBOXES}.mail", "--port", str(ports.smtp)]
    mail += ["--dir", str(var / "mail"), "--webhook-url", f"{url_of(ports.web)}{MAIL_HOOK_PATH}"]
    few = ["--count", str(BIGBUY_PRODUCTS), "--hour", str(BIGBUY_HOUR_S)]
    files = ["--count", str(FEED_PRODUCTS), "--skip", str(FEED_SKIPS)]
    return [
        service("sandbox", "cj", ports.sandbox, "sandbox", *pace, "--webhook-url", hook),
        service("bigbuy", "bigbuy", ports.bigbuy, "bigbuy", *pace, *few),
        service("feed", "feeds", ports.feed, "wholesaler", *files),
        service("gateway", "stripe", ports.gateway, "gateway"),
        service("sms", "twilio", ports.sms, "sms"),
        service(
            "tracker", "seventeen_track", ports.tracker, "tracker", "--pace", str(TRACKER_PACE_S)
        ),
        service("labels", "sendcloud", ports.labels, "labels", "--announce", str(ANNOUNCE_S)),
        service(
            *("receiver", "webhook_receiver", ports.receiver, "receiver"),
            *("--demo-secret", WEBHOOK_SECRET),
        ),
        *(service(platform, platform, port, platform) for platform, port in stores(ports).items()),
        stage.child("mail", mail, is_ready=lambda: _greets(ports.smtp)),
    ]


def together(stage: Stage, services: Sequence[Child]) -> Child:
    """Return one process for all external services, which saves memory and processes."""
    words = ["-m", SANDBOXES]
    for child in services:
        module, *rest = child.command[2:]
        words += [module.removeprefix(f"{SANDBOXES}."), *rest, "--"]
    is_ready = lambda: all(child.is_ready() for child in services)  # noqa: E731
    return stage.child("sandboxes", words, is_ready=is_ready)


def web(stage: Stage) -> Child:
    port = stage.ports.web
    # Not storefront.server: with a single worker there is no other to share memory with.
    words = ["-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)]
    words += ["--workers", str(WEB_WORKERS), "--blocking-threads", str(WEB_THREADS)]
    words += ["--workers-kill-timeout", "3", "--respawn-failed-workers"]
    words.append("storefront.wsgi:application")
    return stage.child("web", words, is_ready=lambda: _status(port) == HTTPStatus.OK)


def worker(stage: Stage, *, app: str = "storefront") -> Child:
    """Return one worker for all queues; production has one worker for each."""
    log = stage.log("worker")
    words = ["-m", "celery", "-A", app, "worker", "--loglevel", "INFO"]
    words += ["--queues", QUEUES, "--concurrency", str(WORKER_PROCESSES)]
    words += ["--max-tasks-per-child", str(TASKS_PER_PROCESS)]
    words += ["--without-mingle", "--without-gossip"]
    return stage.child("worker", words, is_ready=lambda: _says(log, " ready."))


def beat(stage: Stage, *, app: str = "storefront.beat") -> Child:
    """Return beat; it is ready when it logs its start, after the lines of an earlier beat."""
    log = stage.log("beat")
    before = log.stat().st_size if log.exists() else 0
    words = ["-m", "celery", "-A", app, "beat", "--loglevel", "INFO"]
    words += ["--schedule", str(stage.var / "beat-schedule"), "--pidfile="]
    return stage.child("beat", words, is_ready=lambda: _says(log, "beat: Starting", since=before))


def _status(port: int) -> int:
    """Return the status of the health check, 0 if the server does not respond."""
    with closing(HTTPConnection(HOST, port, timeout=5)) as connection:
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status
        except (OSError, HTTPException):
            return 0


def _greets(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            return connection.recv(3) == b"220"
    except OSError:
        return False


def _says(log: Path, words: str, *, since: int = 0) -> bool:
    return log.exists() and words.encode() in log.read_bytes()[since:]
