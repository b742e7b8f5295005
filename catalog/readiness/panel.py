"""Completeness panel: show what a product lacks on each channel and in each language."""

from collections.abc import Iterator
from typing import Any, cast

from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.custom_attributes.registry import CUSTOM
from catalog.models import Completeness, Product
from catalog.readiness.subjects import label_of_subject, page_of_subject
from storefront.lib.staff import columns


def completeness_rows() -> ArraySubquery:
    """Return the expression that reads with a product what ``completeness_panel`` shows."""
    rows = Completeness.objects.filter(product=OuterRef("pk")).order_by("channel", "language")
    names = ("language", "percent", "missing", "lacks_required", "blocks_sale")
    row = JSONObject(channel="channel__code", **{name: name for name in names})
    return ArraySubquery(rows.values(row=row))


@admin.display(description=cast("str", gettext_lazy("Completeness")))
def completeness_panel(product: Product) -> SafeString | str:
    """Return an HTML table with a row per channel and language; each missing value is a link.

    The product has its ``completeness_rows``.
    """
    shown = cast("Any", product).completeness_rows
    if not shown:
        return _("Not computed yet. This takes up to a minute after a change.")
    return format_html(
        '<div class="today-scroll" tabindex="0" role="group" aria-label="{}">'
        '<table class="staff-pairs"><thead><tr><th scope=col>{}</th><th scope=col>{}</th>'
        "<th scope=col>{}</th></tr></thead>{}</table></div>",
        _("Completeness"),
        _("Channel and language"),
        _("Complete"),
        _("Missing"),
        format_html_join(
            "", "<tr><th scope=row>{}, {}</th><td>{}</td><td>{}</td></tr>", _rows(product, shown)
        ),
    )


def _rows(
    product: Product, shown: list[dict[str, Any]]
) -> Iterator[tuple[str, str, str, SafeString]]:
    for row in shown:
        state = columns.as_status(
            f"{row['percent']} %",
            needs_action=row["blocks_sale"],
            waiting=row["lacks_required"] and not row["blocks_sale"],
        )
        missing = format_html_join(", ", "{}", ((_link(product, code),) for code in row["missing"]))
        yield row["channel"], row["language"], state, missing or format_html("{}", "–")


def _link(product: Product, code: str) -> SafeString:
    page = page_of_subject(code)
    _text, _colon, language = code.partition(":")
    if language and not code.startswith(CUSTOM):
        to = reverse("supply:texts", args=[product.pk, language])
    elif page == "brand":
        to = reverse("admin:catalog_brand_change", args=[product.brand_id])
    elif page == "listings":
        to = reverse("admin:catalog_listing_changelist", query={"q": product.title})
    else:
        to = f"#{page}"
    text = label_of_subject(code)
    return format_html('<a href="{}">{}</a>', to, text) if page else format_html("{}", text)
