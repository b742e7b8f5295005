"""Benchmark suppliers: start a sandbox process, connect it, import its products, make it hang.

A sandbox runs only while it is measured.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from catalog.models import Channel
from storefront.dev.demo import compliance_documents, routes
from storefront.dev.sandboxes.cj.state import DEFAULT_KEY
from storefront.lib.http.client import ApiClient
from storefront.lib.security.encryption import encrypt
from suppliers.models import Connection, StockLocation, Supplier
from suppliers.sync.runner import run_sync


@contextmanager
def sandbox(module: str, *, data: Path, words: Sequence[str]) -> Iterator[str]:
    """Start a sandbox on a free port and yield its address; stop it afterwards."""
    data.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", module, "--port", "0", "--data", str(data), *words]
    with (data / "sandbox.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        assert process.stdout is not None  # noqa: S101 - we asked for a pipe
        with process.stdout:
            yield process.stdout.readline().split()[-1]
    finally:
        process.kill()  # its threads may hang for a long time
        process.wait(timeout=15)


HANGING_S = 600.0
CALLS_PER_SECOND = 1_000
# More points per day than any measurement uses.
UNMETERED = {"points_per_day": 1_000_000_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """One running sandbox supplier, with its row and port."""

    supplier: Supplier
    url: str

    def hang(self) -> None:
        """Stop answering any request."""
        with ApiClient(self.url) as control:
            body = {"path": "*", "kind": "slow", "count": 0, "delay": HANGING_S}
            control.post("/control/faults", body)

    def recover(self) -> None:
        with ApiClient(self.url) as control:
            control.post("/control/faults/clear", {})


@contextmanager
def company(
    code: str, seed: int, *, folder: Path, products: int, more: Sequence[str] = ()
) -> Iterator[Company]:
    """Start a sandbox, connect it, import its products, and add shipping services."""
    words = ["--count", str(products), "--qps", "0", "--seed", str(seed), *more]
    with sandbox("storefront.dev.sandboxes.cj", data=folder / code, words=words) as url:
        supplier = connect(
            code, "cj", f"{url}/api2.0/v1/", currency="USD",
            secrets={"api_key": DEFAULT_KEY}, options=UNMETERED,
        )  # fmt: skip
        for kind in ("products", "stock"):
            run_sync(supplier=supplier, kind=kind, now=timezone.now())
        for location in StockLocation.objects.filter(supplier=supplier):
            routes.routes(location=location, currency=Channel.objects.get(code="shop").currency)
        yield Company(supplier=supplier, url=url)


def connect(  # noqa: PLR0913 - the parts of a connection
    code: str,
    adapter: str,
    base_url: str,
    *,
    currency: str,
    secrets: Mapping[str, str],
    options: Mapping[str, Any],
) -> Supplier:
    """Create an active supplier with its connection, and without delays between calls."""
    now = timezone.now()
    supplier = Supplier.objects.create(
        code=code,
        name=code.title(),
        adapter=adapter,
        currency=currency,
        status=Supplier.Status.ACTIVE,
        status_since=now,
        new_product_status=Supplier.NewProductStatus.LIVE,
        product_changes=Supplier.ProductChanges.APPLY,
    )
    # Without compliance documents none of its products is for sale.
    compliance_documents.give(supplier=supplier, actor="bench", now=now)
    Connection.objects.create(
        supplier=supplier,
        base_url=base_url,
        calls_per_second=CALLS_PER_SECOND,
        options=dict(options),
        secrets_encrypted=encrypt(dict(secrets)),
    )
    return supplier


def uploading(code: str, mapping: Mapping[str, Any]) -> tuple[Supplier, Path]:
    """Create a supplier whose list is an uploaded file; return the path of that file, too."""
    path = Path(settings.FEEDS_ROOT) / code / "uploads" / "feed"
    path.parent.mkdir(parents=True, exist_ok=True)
    supplier, _ = Supplier.objects.get_or_create(
        code=code,
        defaults={
            "name": code,
            "adapter": "feed",
            "currency": "EUR",
            "status": Supplier.Status.ACTIVE,
            "new_product_status": Supplier.NewProductStatus.LIVE,
            "product_changes": Supplier.ProductChanges.APPLY,
        },
    )
    known = {**mapping, "location": "main", "country": "DE"}
    options = {"via": "upload", "products_at": "feed", "mapping": known}
    Connection.objects.get_or_create(
        supplier=supplier, defaults={"base_url": "", "options": options}
    )
    return supplier, path
