"""Product page: show pictures, specifications, charts, price, availability and delivery."""

from datetime import date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.products import detail
from catalog.products.alternatives import find_alternatives, find_unavailable
from catalog.products.detail import ProductView, VariantView
from orders.models.cart import MAX_QUANTITY
from shipping.availability import availability
from shipping.availability.reach import Availability
from storefront.web.catalog import structured_data
from storefront.web.catalog.product_card import availability_for
from storefront.web.catalog.spec_table import spec_table
from storefront.web.catalog.supplier_text import translated_plain
from storefront.web.charts import beam, runtime
from storefront.web.core.page_cache import cache_page
from storefront.web.core.visit import Visit, visit

USEFUL_LX = 5.0  # enough light to walk on a path
BLINKING = frozenset({"strobe", "sos", "beacon"})


@require_safe
@cache_page
def product(request: HttpRequest, slug: str) -> HttpResponse:
    return show(request, slug=slug, sku=request.GET.get("v", ""))


def show(
    request: HttpRequest,
    *,
    slug: str,
    sku: str = "",
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """Render a product page, with an error above the button if given."""
    here, now = visit(request), timezone.now()
    light = detail.load_product(channel=here.channel, slug=slug, now=now)
    if light is None:
        return _unavailable(request, here, slug, now)
    chosen = next(
        (variant for variant in light.variants if variant.sku == sku), light.default_variant(now)
    )
    supply = availability.check_product_page(
        shown={variant.id: variant for variant in light.variants},
        chosen=chosen.id,
        country=here.country,
        channel=here.channel,
        now=now,
    )
    answer = supply.answer
    alternatives = []
    if chosen.id not in supply.deliverable:
        alternatives = find_alternatives(
            light,
            channel=here.channel,
            country=here.country,
            now=now,
            price=light.price_from.amount,
        )
    context = {
        "light": light,
        "chosen": chosen,
        "is_chosen_by_address": chosen.sku == sku,
        "pictures": light.pictures_of(chosen),
        "deliverable": supply.deliverable,
        "sold_out": supply.sold_out,
        "expected_back": _expected_back(chosen, now),
        "alternatives": alternatives,
        "answers": availability_for(
            alternatives, country=here.country, channel=here.channel, now=now
        ),
        "promise": answer.promise,
        "sent_at_once": _sent_at_once(chosen, answer),
        "is_restricted": answer.is_restricted,
        "sold_from": None if answer.promise else answer.more,
        "problem": problem,
        "has_battery": _has_battery(light, chosen),
        "sheet": spec_table(light, chosen, here.language),
        "json_ld": structured_data.product_json(
            light, chosen, sku=sku, answer=answer, here=here, now=now
        ),
        **charts(light),
    }
    return render(request, "web/catalog/product.html", context, status=status)


def _unavailable(request: HttpRequest, here: Visit, slug: str, now: datetime) -> HttpResponse:
    """Show why a product is not for sale, and alternatives; 410 if it is no longer sold.

    Raises: Http404: unknown product.
    """
    light = find_unavailable(channel=here.channel, slug=slug)
    if light is None:
        raise Http404
    alternatives = find_alternatives(light, channel=here.channel, country=here.country, now=now)
    context = {
        "light": light,
        "alternatives": alternatives,
        "answers": availability_for(
            alternatives, country=here.country, channel=here.channel, now=now
        ),
    }
    if light.is_gone:
        status = HTTPStatus.GONE
    else:
        status = HTTPStatus.OK if light.is_being_priced else HTTPStatus.NOT_FOUND
    return render(request, "web/catalog/unavailable.html", context, status=status)


def charts(light: ProductView) -> dict[str, Any]:
    """Return the charts for which the product has numbers."""
    spec = light.spec
    beam_chart = None
    if spec and spec.intensity_cd and spec.output_lm:
        beam_chart = beam.chart(spec.intensity_cd, float(spec.output_lm))
    runs = [
        runtime.Run(
            name=translated_plain(mode.name, "mode"),
            output_lm=float(mode.output_lm),
            runtime_min=mode.runtime_min,
        )
        for mode in light.modes
        if mode.output_lm and mode.runtime_min and mode.kind not in BLINKING
    ]
    if not runs and spec and spec.output_lm and spec.runtime_high_min:
        runs = [
            runtime.Run(name="", output_lm=float(spec.output_lm), runtime_min=spec.runtime_high_min)
        ]
    return {
        "beam_picture": beam_chart,
        "levels": _levels(spec.intensity_cd, beam_chart) if spec and spec.intensity_cd else [],
        "run_picture": runtime.run_chart(runs),
        "runs": runs,
        "shape": _shape(spec.intensity_cd, spec.output_lm) if spec else "",
    }


def _levels(intensity_cd: int, chart: beam.Chart | None) -> list[tuple[float, int]]:
    """Return (lux, meters) pairs: the reach of the beam at each brightness, dimmest first."""
    if chart is None:
        return []
    reaches = {contour.lux: contour.reach_m for contour in chart.contours}
    return sorted((reaches | {USEFUL_LX: beam.reach_m(intensity_cd, USEFUL_LX)}).items())


def _sent_at_once(chosen: VariantView, answer: Availability) -> int | None:
    """Return how many units can ship, if fewer than in stock and than the cart's limit."""
    deliverable = answer.most
    return deliverable if 0 < deliverable < min(chosen.available, MAX_QUANTITY) else None


def _expected_back(chosen: VariantView, now: datetime) -> date | None:
    """Return the restock date unless it has passed."""
    restock_on = chosen.restock_on
    return restock_on if restock_on and restock_on >= now.date() else None


def _has_battery(light: ProductView, chosen: VariantView) -> bool | None:
    """Return whether a battery is included, by the spec, else by the variants."""
    stated = light.spec.battery_included if light.spec else None
    if stated is not None:
        return stated
    if chosen.cell_count or chosen.lithium != "none":
        return True
    return False if any(other.cell_count for other in light.variants) else None


def _shape(intensity_cd: int | None, output_lm: int | None) -> str:
    """Return the beam's shape by candela per lumen: under 8 wide, over 30 far."""
    if not intensity_cd or not output_lm:
        return ""
    ratio = Decimal(intensity_cd) / Decimal(output_lm)
    if ratio < 8:  # noqa: PLR2004
        return "wide"
    return "far" if ratio > 30 else "balanced"  # noqa: PLR2004
