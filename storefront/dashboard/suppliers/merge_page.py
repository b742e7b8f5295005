"""Merge page: compare two products or variants side by side, choose the one that remains."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from catalog.models import Product, ProductGuarantee, Variant
from storefront.dashboard import staff_page
from storefront.dashboard.suppliers.comparison import (
    compare_rows,
    describe,
    picture_of,
    reasons_of,
)
from storefront.dashboard.suppliers.open_orders import refuse_open_orders
from storefront.lib.staff.admin import acting
from storefront.lib.staff.list_actions import PAIR
from storefront.lib.tasks import enqueue
from suppliers.inventory import tasks
from suppliers.matches import merges
from suppliers.models import MatchDecision
from suppliers.offers import identity
from suppliers.offers.overrides import OverrideError
from suppliers.offers.owners import item_of, stated_identifiers

CHANGE = "catalog.change_product"
VIEW_OFFER = "suppliers.view_supplieroffer"  # costs are part of offers


@require_http_methods(staff_page.FORM_METHODS)
def merge(request: HttpRequest, kind: str, first: str, second: str) -> HttpResponse:
    """Show both, and on POST merge the one that is not to be kept."""
    staff_page.require(request, CHANGE)
    model: type[Product | Variant] = Product if kind == "product" else Variant
    found = model._default_manager.in_bulk([int(first), int(second)])  # noqa: SLF001
    if len(found) != PAIR:
        raise Http404
    rows = [found[int(first)], found[int(second)]]
    if request.method == "POST":
        kept = request.POST.get("keep")
        if kept not in {first, second}:
            raise Http404
        ours, merged = rows if kept == first else rows[::-1]
        try:
            decision = _merge(request, kind, ours, merged)
        except OverrideError as refusal:
            messages.warning(request, str(refusal))
        else:
            enqueue(tasks.publish_pending)
            text = gettext("%(merged)s is merged into %(kept)s. You can undo this in Match review.")
            messages.success(request, text % {"merged": merged, "kept": ours})
            if request.POST.get("next") == "duplicates":
                return HttpResponseRedirect(reverse("supply:duplicates"))
            page = reverse("admin:catalog_product_change", args=[decision.variant.product_id])
            return HttpResponseRedirect(page)
    context = _compare(_shown_variants(rows), sees_costs=request.user.has_perm(VIEW_OFFER))
    return staff_page.render(
        request,
        "dashboard/suppliers/merge.html",
        title=gettext("Merge"),
        kind=kind,
        first=rows[0],
        second=rows[1],
        next=request.GET.get("next", "") or request.POST.get("next", ""),
        **context,
    )


def _merge(request: HttpRequest, kind: str, ours: Any, merged: Any) -> MatchDecision:
    how: dict[str, Any] = {
        "other": merged,
        "with_images": "with_images" in request.POST,
        "check_orders": refuse_open_orders,
        **acting(request),
    }
    if kind == "product":
        return merges.merge_products(product=ours, **how)
    return merges.merge(variant=ours, **how)


def _shown_variants(rows: Sequence[Product | Variant]) -> list[Variant]:
    """Return variants with what the comparison reads; of a product, its first one.

    Raises: Http404  a product has no variant
    """
    variants = Variant.objects.select_related("product__brand", "product__spec")
    if isinstance(rows[0], Variant):
        by_id = variants.in_bulk([row.pk for row in rows])
        return [by_id[row.pk] for row in rows]
    of_products = variants.filter(product__in=[row.pk for row in rows])
    first = {row.product_id: row for row in of_products.order_by("-position", "-pk")}
    if len(first) != PAIR:
        raise Http404
    return [first[row.pk] for row in rows]


def _compare(pair: Sequence[Variant], *, sees_costs: bool) -> dict[str, Any]:
    stated = stated_identifiers([variant.pk for variant in pair])
    ours, theirs = (item_of(variant, stated[variant.pk]) for variant in pair)
    verdict = identity.compare(ours, theirs)
    products = [variant.product_id for variant in pair]
    found = {row.product_id: row for row in ProductGuarantee.objects.filter(product__in=products)}
    texts = [
        {**text, "guarantee": _summary(found.get(pk))}
        for text, pk in zip(describe(*pair, sees_costs=sees_costs), products, strict=True)
    ]
    return {
        "rows": list(compare_rows(*texts)),
        "guarantees": len(found) if len({*products}) == PAIR else 0,
        "variants": pair,
        "pictures": [picture_of(variant) for variant in pair],
        "reasons": reasons_of(sorted(verdict.contradictions)),
    }


def _summary(guarantee: ProductGuarantee | None) -> str:
    if guarantee is None:
        return ""
    months = gettext("%(months)s months") % {"months": guarantee.months}
    return f"{guarantee.guarantor}, {months}"
