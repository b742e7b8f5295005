"""The sync command against the CJ sandbox over HTTP."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalog.models import Product
from suppliers.models import CallQuota, Connection, SyncIssue, SyncRun
from tests.fakes.cj_sandbox import connect


def test_the_command_imports_the_catalog_and_prints_calls_and_points(
    shop, sandbox_supplier, caplog
):
    caplog.set_level("INFO")
    supplier = connect(sandbox_supplier)
    until = timezone.now() + timedelta(hours=1)
    words = {"name": "points", "total": 1_000, "used": 40, "until": until}
    CallQuota.objects.create(connection=supplier.connection, **words)
    sandbox_supplier.control("usage/clear", {})
    out = StringIO()

    call_command("supplier", "sync", supplier.code, stdout=out)

    usage = sandbox_supplier.control("usage")
    *lines, calls, points = out.getvalue().splitlines()
    assert "pages read, " in caplog.text
    assert sum(" applied in " in line and "rows/s" in line for line in lines) == 3
    assert calls.startswith(f"calls: {usage['calls']:,} (")
    assert re.search(r"\d catalog, .*\d stock and price", calls)
    assert points.startswith(f"points: {usage['points']:,} used, 960 of 1,000 left")
    run = SyncRun.objects.get(kind="products")
    assert sum(run.points.values()) > 0 < run.calls["catalog"]
    codes = set(SyncIssue.objects.values_list("code", flat=True))
    assert {"gtin-check-digit", "gtin-duplicate", "cost-missing", "no-variants"} <= codes
    assert "<script" not in "".join(Product.objects.values_list("description_html", flat=True))
    connection = Connection.objects.get()
    assert connection.account_id.isdecimal()
    assert connection.tokens_encrypted


def test_the_command_fails_with_the_problem(shop, sandbox_supplier):
    supplier = connect(sandbox_supplier)
    sandbox_supplier.fault("product/listV2", "garbage", count=0)

    with pytest.raises(CommandError, match=r"products of cj-sandbox: failed\. GET"):
        call_command("supplier", "sync", supplier.code, "--kind", "products", stdout=StringIO())
