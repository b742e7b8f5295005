"""Webhook scenario: post tracking webhooks at a steady rate, time the acknowledgements."""

import json
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from django.utils import timezone

from storefront.dev.bench.harness.load import HOST, PIECE, Timing
from storefront.dev.bench.harness.servers import serving
from storefront.lib.security import webhook_signing
from storefront.webhooks.models import InboundWebhook
from storefront.webhooks.sources import TRACKING, tracking_secrets
from suppliers.models import Supplier

CODE = "caller"
A_SECOND, SECONDS, WARM_UP = 50, 6, 25
AT_ONCE = 16


class LostCallError(RuntimeError):
    """A webhook was refused, or acknowledged but not stored."""


def measure(say: Callable[[str], None]) -> Timing:
    """Post distinct webhooks at a steady rate; late ones do not delay the next.

    Raises: LostCallError
    """
    supplier, _ = Supplier.objects.get_or_create(
        code=CODE, defaults={"name": CODE, "adapter": "feed", "currency": "EUR"}
    )
    with serving("calls") as server:
        _storm(supplier, server.port, WARM_UP)
        before = InboundWebhook.objects.count()
        began = time.perf_counter()
        latencies = _storm(supplier, server.port, A_SECOND * SECONDS)
        seconds = time.perf_counter() - began
    kept = InboundWebhook.objects.count() - before
    if kept != len(latencies):
        raise LostCallError(f"{len(latencies)} were acknowledged, {kept} are stored")
    found = Timing(seconds=seconds, latencies_s=latencies)
    say(
        f"{len(latencies)} calls, {found.per_second:.0f} a second:"
        f" p50 {found.percentile_ms(0.5):.1f} ms, p99 {found.percentile_ms(0.99):.1f} ms"
    )
    return found


def _storm(supplier: Supplier, port: int, count: int) -> list[float]:
    secret = tracking_secrets(supplier)[0]
    began = time.perf_counter() + 0.1

    def call(turn: int) -> float:
        """Post one webhook at its time; return the seconds since that time."""
        due = began + turn / A_SECOND
        number = uuid.uuid4().hex[:12].upper()
        body = json.dumps({"purchase_order": f"FL-{number}", "tracking_number": number}).encode()
        headers = webhook_signing.headers_for(
            message_id=uuid.uuid4().hex, body=body, at=timezone.now(), secret=secret
        )
        time.sleep(max(0.0, due - time.perf_counter()))
        answer = _posted(port, f"/hooks/{TRACKING}-{supplier.code}/", body, headers)
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
