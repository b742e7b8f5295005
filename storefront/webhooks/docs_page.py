"""Supplier documentation: the page for suppliers that connect their system, in English."""

import json

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.http import require_safe

from storefront.lib.security.webhook_signing import TOLERANCE
from storefront.webhooks import reception
from storefront.webhooks.supplier_system import payloads, samples


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    url = f"{settings.PUBLIC_URL}/hooks/supplier-CODE/"
    examples = samples.sample_payloads()
    schemas = samples.schemas()
    body = json.dumps(examples["stock"])
    program = {"url": url, "secret": samples.PLACEHOLDER_SECRET, "body": body}
    with override("en"):
        return render(
            request,
            "webhooks/docs.html",
            {
                "url": url,
                "programs": [
                    ("Shell", samples.shell_program(**program)),
                    ("Python", samples.python_program(**program)),
                    ("JavaScript", samples.javascript_program(**program)),
                ],
                "payloads": [
                    (name, DESCRIPTIONS[name], json.dumps(example, indent=2), schemas[name])
                    for name, example in examples.items()
                ],
                "max_rows": payloads.MAX_ROWS,
                "max_kb": reception.MAX_SYSTEM_BYTES // 1024,
                "calls_per_minute": reception.MAX_CALLS_PER_MINUTE,
                "tolerance_min": int(TOLERANCE.total_seconds() // 60),
            },
        )


DESCRIPTIONS = {
    "tracking": (
        "Reports on one purchase order. Only order is required. answer is received, accepted,"
        " rejected, canceled, partially_shipped, shipped (everything, the default) or delivered. A"
        " parcel without lines contains all remaining units; with partially_shipped, its content is"
        " unknown. A line is named by reference or by your sku. status is the carrier's wording."
    ),
    "stock": (
        "Sellable units by SKU. Quantities of SKUs that you leave out do not change. Name the"
        " location if you have several warehouses."
    ),
    "price": (
        "Our cost of one unit without tax, in your agreed currency, as text. A cost that changes"
        " steeply is checked by a person before it applies."
    ),
    "product_status": (
        "discontinued: we stop selling the SKU, and its stock becomes 0. active: we sell it again,"
        " as soon as you report its price and stock."
    ),
    "test": "Changes nothing. Use it to check the address and the signature.",
}
