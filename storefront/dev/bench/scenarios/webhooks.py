"""Webhook scenario: post tracking webhooks at a steady rate, time the acknowledgements.

The limit is a view that inserts the same bodies.
"""

import json
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from storefront.dev.bench.harness.bare import views
from storefront.dev.bench.harness.load import HOST, PIECE, Timing
from storefront.dev.bench.harness.servers import BARE, Server, serving
from storefront.lib.security import webhook_signing
from storefront.webhooks.models import InboundWebhook
from storefront.webhooks.sources import system_source_name
from storefront.webhooks.supplier_system.secrets import rotate_secret
from suppliers.models import Supplier

CODE = "caller"
A_SECOND, SECONDS, WARM_UP = 50, 4, 25
AT_ONCE = 16


class LostCallError(RuntimeError):
    """A webhook was refused, or acknowledged but not stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Response times of webhooks, and CPU of the server and its queries per webhook."""

    what: str
    timing: Timing
    cpu_ms: float

    @property
    def words(self) -> str:
        p50, p99 = (self.timing.percentile_ms(rate) for rate in (0.5, 0.99))
        return (
            f"{len(self.timing.latencies_s)} calls, {self.timing.per_second:.0f} a second,"
            f" {self.what}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, CPU {self.cpu_ms:.2f} ms"
        )


def measure(say: Callable[[str], None]) -> tuple[Calls, Calls]:
    """Post distinct webhooks at a steady rate; late ones do not delay the next.

    Raises: LostCallError
    """
    supplier, _ = Supplier.objects.get_or_create(
        code=CODE, defaults={"name": CODE, "adapter": "feed", "currency": "EUR"}
    )
    with connection.cursor() as cursor:
        cursor.execute(views.CALLS)
    with serving("calls") as shop, serving("bare", BARE) as bare:
        before = InboundWebhook.objects.count()
        path = f"/hooks/{system_source_name(supplier)}/"
        found = (
            _measure("stored", supplier, shop, path),
            _measure("bare INSERT", supplier, bare, "/keep/"),
        )
    kept = InboundWebhook.objects.count() - before
    if kept != WARM_UP + A_SECOND * SECONDS:
        raise LostCallError(f"{kept} of {WARM_UP + A_SECOND * SECONDS} calls are stored")
    for each in found:
        say(each.words)
    return found


def _measure(what: str, supplier: Supplier, server: Server, path: str) -> Calls:
    _post_all(supplier, server.port, path, WARM_UP)
    before, began = server.cpu(), time.perf_counter()
    latencies_s = _post_all(supplier, server.port, path, A_SECOND * SECONDS)
    seconds = time.perf_counter() - began
    return Calls(
        what=what,
        timing=Timing(seconds=seconds, latencies_s=latencies_s),
        cpu_ms=server.cpu().since(before).whole_s * 1000 / len(latencies_s),
    )


def _post_all(supplier: Supplier, port: int, path: str, count: int) -> list[float]:
    """Post webhooks at the steady rate; return the seconds until each was acknowledged."""
    secret = rotate_secret(
        supplier=supplier, overlap=timedelta(), actor="bench", now=timezone.now()
    )
    began = time.perf_counter() + 0.1

    def call(turn: int) -> float:
        """Post one webhook at its time; return the seconds since that time."""
        due = began + turn / A_SECOND
        number = uuid.uuid4().hex[:12].upper()
        body = json.dumps({"order": f"FL-{number}", "parcels": [{"number": number}]}).encode()
        headers = webhook_signing.headers_for(
            message_id=uuid.uuid4().hex, body=body, at=timezone.now(), secret=secret
        )
        time.sleep(max(0.0, due - time.perf_counter()))
        answer = _posted(port, path, body, headers)
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise LostCallError(repr(answer[:300]))
        return time.perf_counter() - due

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(pool.map(call, range(count)))


def _posted(port: int, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Post on a new connection, as rare callers do; return the whole response."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {HOST}", "Connection: close"]
    lines += [f"Content-Length: {len(body)}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection((HOST, port), timeout=10) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return b"".join(iter(lambda: line.recv(PIECE), b""))
