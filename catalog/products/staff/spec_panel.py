"""Specification panel: show each value with its source, and the findings with their arithmetic."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

from django.contrib import admin
from django.utils import formats
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Product, Spec
from catalog.products.staff.spec_form import describe_source
from storefront.lib.staff import columns

_NO_VALUES: tuple[Any, ...] = (None, "", [])
# Subjects of findings that are no columns of ``Spec``.
_OTHER_LABELS = {"modes": gettext_lazy("Modes"), "power_w": gettext_lazy("LED power, W")}
_NOT_SHOWN = {"id", "product", "custom_values", "more", "sources", "warnings"}


@admin.display(description=cast("str", gettext_lazy("Values and findings")))
def spec_panel(product: Product) -> str | None:
    """Return an HTML table: value, supplier's text and findings of each attribute."""
    spec = Spec.objects.filter(product=product).first()
    if spec is None:
        return None
    rows = format_html_join(
        "", "<tr><th scope=row>{}</th><td>{}</td><td>{}</td><td>{}</td></tr>", _rows(spec)
    )
    return format_html(
        '<div class="today-scroll"><table class="staff-pairs"><thead><tr><td></td>'
        "<th scope=col>{}</th><th scope=col>{}</th><th scope=col>{}</th></tr></thead>"
        "{}</table></div>",
        _("Value"),
        _("Source"),
        _("Findings"),
        rows,
    )


@admin.display(description=cast("str", gettext_lazy("Findings")))
def finding_messages(spec: Spec) -> str:
    return "; ".join(found["message"] for found in spec.warnings)


@admin.display(description=cast("str", gettext_lazy("Basis")))
def basis(spec: Spec) -> str:
    return str(spec.basis.label)


def _rows(spec: Spec) -> Iterator[tuple[Any, str, str, str]]:
    labels = {field.name: field.verbose_name for field in Spec._meta.fields}  # noqa: SLF001
    names = [name for name in labels if name not in _NOT_SHOWN]
    for name in (*names, *_OTHER_LABELS):
        findings = [found for found in spec.warnings if found.get("column") == name]
        value = getattr(spec, name, None)
        if findings or value not in _NO_VALUES:
            label = labels.get(name) or _OTHER_LABELS[name]
            yield label, _value(value), _source(spec, name, findings), _findings(findings)


def _value(value: Any) -> str:
    if value in _NO_VALUES:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        return columns.as_number(value)
    return ", ".join(value) if isinstance(value, list) else str(formats.localize(value))


def _source(spec: Spec, name: str, findings: list[dict[str, Any]]) -> str:
    """Return who states the value; of a value that was rejected, the supplier's text."""
    source = spec.sources.get(name)
    if source is None:
        return next((found["raw"] for found in findings), "")
    return describe_source(source)


def _findings(findings: list[dict[str, Any]]) -> str:
    return format_html_join(
        "",
        "<div>{}</div>",
        (
            (
                columns.as_status(
                    found["message"],
                    needs_action=found["is_error"],
                    waiting=not found["is_error"],
                ),
            )
            for found in findings
        ),
    )
