"""Specification panel: show values, sources, statements of other suppliers, earlier values, findings."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Window
from django.db.models.functions import JSONObject, RowNumber
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import CUSTOM
from catalog.custom_attributes.values import stored_problem
from catalog.models import FieldChange, OtherStatement, Product, Spec
from catalog.models.attributes import DERIVED_COLUMN, VALUE_COLUMNS
from catalog.products.spec_edits import MODES, POWER
from catalog.products.staff.history.change_texts import (
    describe_change_source,
    label_of,
    value_text,
)
from catalog.products.staff.spec_form import (
    UNNAMED,
    describe_source,
    finding_label,
    names_suppliers,
)
from storefront.lib.staff import columns

EARLIER_VALUES = 3
ALWAYS_SHOWN = 3  # columns: attribute, value, source
_NO_VALUES: tuple[Any, ...] = (None, "", [])


def other_statements() -> ArraySubquery:
    """Return the expression that reads with a product what other suppliers state of it."""
    rows = OtherStatement.objects.filter(product=OuterRef("pk")).order_by("supplier_code")
    row = JSONObject(supplier_code="supplier_code", values="values", stated_at="stated_at")
    return ArraySubquery(rows.values(row=row))


@admin.display(description=cast("str", gettext_lazy("Values and findings")))
def spec_panel(product: Product) -> str | None:
    """Return an HTML table with one line per attribute, without columns that are empty.

    The product has its ``other_statements``, as ``other_statement_rows``.
    """
    spec = getattr(product, "spec", None)
    if spec is None:
        return None
    statements = cast("Any", product).other_statement_rows
    rows = list(_rows(spec, statements, _earlier_values(product)))
    if not rows:
        return None
    headings = (
        *("", _("Value"), _("Source")),
        *(_("Findings"), _("Other suppliers"), _("Earlier values")),
    )
    shown = [at for at in range(len(headings)) if at < ALWAYS_SHOWN or any(row[at] for row in rows)]
    return format_html(
        '<div class="today-scroll" tabindex="0" role="group" aria-label="{}">'
        '<table class="staff-pairs staff-values"><thead><tr><td></td>{}</tr></thead>{}</table></div>',
        _("Values and findings"),
        format_html_join("", "<th scope=col>{}</th>", ((headings[at],) for at in shown[1:])),
        format_html_join(
            "",
            "<tr><th scope=row>{}</th>{}</tr>",
            (
                (row[0], format_html_join("", "<td>{}</td>", ((row[at],) for at in shown[1:])))
                for row in rows
            ),
        ),
    )


@admin.display(description=cast("str", gettext_lazy("Findings")))
def finding_messages(spec: Spec) -> str:
    return "; ".join(found["message"] for found in spec.warnings)


@admin.display(description=cast("str", gettext_lazy("Basis")))
def basis(spec: Spec) -> str:
    return str(spec.basis.label)


def _earlier_values(product: Product) -> dict[str, list[FieldChange]]:
    """Map each attribute to its last changes, newest first."""
    latest = Window(RowNumber(), partition_by=F("field"), order_by=F("pk").desc())
    changes = FieldChange.objects.filter(product=product, record=FieldChange.Record.SPEC)
    earlier: dict[str, list[FieldChange]] = {}
    for change in changes.annotate(rank=latest).filter(rank__lte=EARLIER_VALUES).order_by("-pk"):
        earlier.setdefault(change.field, []).append(change)
    return earlier


def _rows(
    spec: Spec,
    statements: Sequence[Mapping[str, Any]],
    earlier: Mapping[str, Sequence[FieldChange]],
) -> Iterator[tuple[Any, ...]]:
    stated = {name for statement in statements for name in statement["values"]}
    found_in = {str(found.get("column")) for found in spec.warnings}
    custom = sorted(
        {
            *(f"{CUSTOM}{code}" for code in spec.custom_values),
            *stated,
            *(name for name in found_in if name.startswith(CUSTOM)),
        }
        - {*VALUE_COLUMNS}
    )
    definitions = {f"{CUSTOM}{one.code}": one for one in registry.cached()}
    for name in (*VALUE_COLUMNS, MODES, POWER, *custom):
        findings = [found for found in spec.warnings if found.get("column") == name]
        value = _value_of(spec, name)
        definition = definitions.get(name)
        if definition and (problem := stored_problem(value, definition)):
            findings.append({"message": problem, "is_error": True, "raw": ""})
        if findings or value not in _NO_VALUES or name in stated:
            yield (
                finding_label(name) if name == POWER else label_of(name, Product),
                value_text(Spec, name, value),
                _source(spec, name, findings),
                _findings(findings),
                _statements(statements, name, value, names_supplier=names_suppliers(spec)),
                _changes(earlier.get(name, ()), names_source=names_suppliers(spec)),
            )


def _value_of(spec: Spec, name: str) -> Any:
    if name.startswith(CUSTOM):
        return spec.custom_values.get(name.removeprefix(CUSTOM))
    return getattr(spec, name, None)


def _source(spec: Spec, name: str, findings: list[dict[str, Any]]) -> str:
    """Return who states the value, and what it rests on; of a rejected value, the supplier's text."""
    source = spec.sources.get(name)
    if source is None and name == DERIVED_COLUMN and spec.beam_m:
        return _("Calculated from the peak intensity")
    if source is None:
        return next((found["raw"] for found in findings), "")
    stated = describe_source(source, names_supplier=names_suppliers(spec))
    if "basis" not in source:
        return stated
    return f"{stated} {_('Basis: %(field)s') % {'field': spec.basis_of(name).label}}"


def _statements(
    statements: Sequence[Mapping[str, Any]], name: str, value: Any, *, names_supplier: bool
) -> str:
    """Return what other suppliers state; a value that differs from ours is marked."""
    lines = []
    for statement in statements:
        if line := statement["values"].get(name):
            stated_at = datetime.fromisoformat(statement["stated_at"])
            code = statement["supplier_code"] if names_supplier else UNNAMED
            origin = f"{code}, {_date(stated_at)}"
            text = f"{line['label']}: {line['raw']} ({origin})"
            is_same = _is_same(value, line["value"])
            shown = text if is_same else _("Differs: %(text)s") % {"text": text}
            lines.append((columns.as_status(shown, waiting=not is_same, final=is_same),))
    return format_html_join("", "<div>{}</div>", lines)


def _is_same(ours: Any, stated: Any) -> bool:
    return bool(Decimal(stated) == ours if isinstance(ours, Decimal) else stated == ours)


def _changes(changes: Sequence[FieldChange], *, names_source: bool) -> str:
    return format_html_join(
        "",
        "<div>{}</div>",
        (
            (
                _("%(value)s until %(date)s. Then: %(source)s")
                % {
                    "value": value_text(Spec, change.field, change.old),
                    "date": _date(change.at),
                    "source": " ".join(
                        filter(
                            None,
                            (
                                describe_change_source(change.source) if names_source else UNNAMED,
                                change.actor,
                            ),
                        )
                    ),
                },
            )
            for change in changes
        ),
    )


def _with_reason(found: dict[str, Any]) -> str:
    if not found.get("reason"):
        return str(found["message"])
    return _("%(finding)s. Reason: %(reason)s") % {
        "finding": found["message"],
        "reason": found["reason"],
    }


def _date(at: Any) -> str:
    return formats.date_format(timezone.localtime(at), "SHORT_DATE_FORMAT")


def _findings(findings: list[dict[str, Any]]) -> str:
    return format_html_join(
        "",
        "<div>{}</div>",
        (
            (
                columns.as_status(
                    _with_reason(found),
                    needs_action=found["is_error"],
                    waiting=not found["is_error"],
                ),
            )
            for found in findings
        ),
    )
