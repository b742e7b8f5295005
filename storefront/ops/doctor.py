"""Doctor: examine settings, services, suppliers and the machine; say how to repair each fault."""

import shutil
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from storefront.dashboard.go_live import checklist
from storefront.dashboard.home import feed_freshness
from storefront.lib.security import key_rotation
from storefront.ops import health
from suppliers.models import CircuitBreaker, Connection

MAX_CLOCK_DIFFERENCE_S = 2.0
MIN_CERTIFICATE_DAYS = 14
MIN_FREE_SHARE = 0.2
MIN_POSTGRESQL = 15_00_00
CONNECT_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault, and what to do. ``is_urgent``: the shop does not work as it should."""

    subject: str
    fault: str
    repair: str
    is_urgent: bool = True


def examine() -> Iterator[tuple[str, list[Finding]]]:
    """Yield each examination with its findings. Without a database, the others are left out."""
    yield "settings", list(_settings())
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        repair = "Start PostgreSQL, or correct DATABASE_URL."
        yield "database", [Finding(subject="database", fault=str(error).strip(), repair=repair)]
        return
    for subject, examination in EXAMINATIONS.items():
        yield subject, list(examination())


def _settings() -> Iterator[Finding]:
    for message in checks.run_checks(include_deployment_checks=settings.IS_PRODUCTION):
        if message.level >= checks.WARNING:
            yield Finding(
                subject="settings",
                fault=message.msg,
                repair=message.hint or f"See {message.id}.",
                is_urgent=message.level >= checks.ERROR,
            )


def _version() -> Iterator[Finding]:
    version = connection.cursor().connection.info.server_version
    if version < MIN_POSTGRESQL:
        yield Finding(
            subject="version",
            fault=f"PostgreSQL {version // 10_000} is too old.",
            repair=f"Update to PostgreSQL {MIN_POSTGRESQL // 10_000} or later.",
        )


def _migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        names = ", ".join(f"{each.app_label}.{each.name}" for each, _ in plan[:5])
        yield Finding(
            subject="migrations",
            fault=f"{len(plan)} migrations are not applied: {names}.",
            repair="Run manage.py migrate.",
        )


def _keys() -> Iterator[Finding]:
    for column, count in key_rotation.count_broken().items():
        yield Finding(
            subject="keys",
            fault=f"Values that no key decrypts: {count} in {column}.",
            repair="Add the key that encrypted them to FIELD_KEYS, and restart.",
        )


def _clock() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        began = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        middle = (began + time.time()) / 2
        difference = abs(float(cursor.fetchone()[0]) - middle)
    if difference > MAX_CLOCK_DIFFERENCE_S:
        yield Finding(
            subject="clock",
            fault=f"The clocks of this machine and of the database differ by {difference:.0f} s.",
            repair="Synchronize both by NTP: reservations and due times depend on them.",
        )


def _services() -> Iterator[Finding]:
    for part, state in health.parts():
        if state != "ok":
            yield Finding(subject="services", fault=f"{part}: {state}.", repair=_repair_of(part))


def _repair_of(part: str) -> str:
    kind = part.partition(" ")[0]
    return {
        "redis": "Start Redis, or correct REDIS_URL.",
        "beat": "Start beat. Until then, nothing is done on schedule.",
        "worker": "Start a worker of this queue.",
        "queue": "Look for a hanging supplier in the worker's log, or start more processes.",
        "outbox": "Look at Customer notifications in the admin for the mail server's answer.",
        "inbound": "Look at Incoming webhooks in the admin for the problem.",
    }.get(kind, "Read the log of web.")


def _mail() -> Iterator[Finding]:
    options = settings.MAILERS["default"]["OPTIONS"]
    sender = smtplib.SMTP_SSL if options.get("use_ssl") else smtplib.SMTP
    try:
        with sender(options["host"], options["port"], timeout=CONNECT_TIMEOUT_S) as server:
            if options.get("use_tls"):
                server.starttls(context=ssl.create_default_context())
            if "username" in options:
                server.login(options["username"], options["password"])
    except (OSError, smtplib.SMTPException) as error:
        yield Finding(
            subject="mail",
            fault=f"The mail server {options['host']}:{options['port']} refuses us: {error}.",
            repair="Correct SMTP_URL, or ask the mail provider.",
        )


def _certificate() -> Iterator[Finding]:
    address = urlsplit(settings.PUBLIC_URL)
    if address.scheme != "https" or not address.hostname:
        return
    try:
        with (
            closing(
                socket.create_connection(
                    (address.hostname, address.port or 443), timeout=CONNECT_TIMEOUT_S
                )
            ) as plain,
            ssl.create_default_context().wrap_socket(
                plain, server_hostname=address.hostname
            ) as secure,
        ):
            ends_at = ssl.cert_time_to_seconds(str((secure.getpeercert() or {})["notAfter"]))
    except (OSError, KeyError) as error:
        yield Finding(
            subject="certificate",
            fault=f"{settings.PUBLIC_URL} cannot be reached over TLS from here: {error}.",
            repair="Check DNS, the proxy and its certificate.",
        )
        return
    left = datetime.fromtimestamp(ends_at, UTC) - timezone.now()
    if left < timedelta(days=MIN_CERTIFICATE_DAYS):
        yield Finding(
            subject="certificate",
            fault=f"The certificate of {address.hostname} expires in {left.days} days.",
            repair="Renew it; check why it is not renewed automatically.",
        )


def _suppliers() -> Iterator[Finding]:
    connections = Connection.objects.filter(supplier__status="active").select_related("supplier")
    for each in connections.order_by("supplier__code"):
        if not each.secrets_encrypted and not each.tokens_encrypted:
            yield Finding(
                subject="suppliers",
                fault=f"{each.supplier.code} has no key.",
                repair=f"manage.py supplier add --code {each.supplier.code} --secret api_key=-",
                is_urgent=False,
            )
    for breaker in CircuitBreaker.objects.filter(opened_at__isnull=False).order_by("pk"):
        yield Finding(
            subject="suppliers",
            fault=f"Calls are paused: {breaker}, {breaker.last_failure}.",
            repair="Ask the supplier or gateway. Calls go on once it answers.",
        )
    for job in feed_freshness.job_freshness(now=timezone.now()):
        if job.is_late:
            yield Finding(
                subject="suppliers",
                fault=f"{job.supplier}: {job.kind.label} is late.",
                repair="Open its sync runs in the admin: failed, or quarantined?",
            )


def _disk() -> Iterator[Finding]:
    for name in settings.DATA_ROOTS:
        usage = shutil.disk_usage(getattr(settings, name))
        if usage.free < MIN_FREE_SHARE * usage.total:
            yield Finding(
                subject="disk",
                fault=f"{name} has {100 * usage.free // usage.total} % free.",
                repair="Remove old images, logs and backups, or add space.",
                is_urgent=False,
            )


def _first_steps() -> Iterator[Finding]:
    """Yield the open steps of the go-live page, of which the last backup is one."""
    for step in checklist.open_steps(now=timezone.now()):
        is_missing = step.state is checklist.State.MISSING
        yield Finding(
            subject="go live",
            fault=f"{step.title}: {step.detail}",
            repair=f"{step.place}. {step.why}",
            is_urgent=is_missing and settings.IS_PRODUCTION,
        )


EXAMINATIONS: Mapping[str, Callable[[], Iterator[Finding]]] = {
    "version": _version,
    "migrations": _migrations,
    "keys": _keys,
    "clock": _clock,
    "services": _services,
    "mail": _mail,
    "certificate": _certificate,
    "suppliers": _suppliers,
    "disk": _disk,
    "go live": _first_steps,
}
