"""Admin columns: format money, ages, statuses, links and JSON."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any, cast

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from storefront.lib.money import Money, format_money
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff.fieldsets import Words
from storefront.lib.state_machine import StatusChange

# Names of values and rows


def field_label(model: type[models.Model], name: str) -> str | Promise:
    """Return the label of a field."""
    field: Any = model._meta.get_field(name)  # noqa: SLF001 - Django's documented model API
    return cast("str | Promise", field.verbose_name)


def choice_label(model: type[models.Model], column: str, value: Any) -> str:
    """Return the label of a choice, or the value itself if it is not a choice."""
    fields = model._meta.fields  # noqa: SLF001 - Django's documented model API
    labels: dict[Any, Words] = next(
        (dict(field.flatchoices) for field in fields if field.name == column), {}
    )
    return str(labels.get(value, value))


def joins_for_names(model: type[models.Model]) -> tuple[str, ...]:
    """Return the relations that the list of a model joins, because row names need them."""
    if not admin.site.is_registered(model):
        return ()
    joined = admin.site.get_model_admin(model).list_select_related
    return tuple(joined) if isinstance(joined, list | tuple) else ()


class NamedFilter(admin.RelatedFieldListFilter):
    """Filter by related rows; joins what their names need."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, Any]]:
        model = field.remote_field.model
        ordering = self.field_admin_ordering(field, request, model_admin)
        rows = model._default_manager.order_by(*ordering)  # noqa: SLF001
        return [(row.pk, str(row)) for row in rows.select_related(*joins_for_names(model))]


type Column = Callable[[Any], Any]
type ColumnLabel = str | Promise
MAX_JSON_CHARS = 20_000
MAX_CODE_LENGTH = 24  # of a SKU, which is shown in one line
MAX_HISTORY_ROWS = 50
MAX_LIST_ITEMS = 40
JUST_NOW = timedelta(minutes=1)


def follow(row: Any, path: str) -> Any:
    """Follow a path such as ``supplier__name``; None if a step is missing."""
    return reduce(lambda here, name: getattr(here, name, None), path.split("__"), row)


def display_value(row: Any, path: str) -> str:
    """Return the value at the end of a path as text; a choice by its label."""
    *steps, name = path.split("__")
    of = reduce(getattr, steps, row)
    return choice_label(type(of), name, getattr(of, name))


def as_money(money: Money) -> str:
    return format_money(money.amount, money.currency, get_language() or "en")


def as_number(number: Decimal) -> str:
    return str(formats.localize(Decimal(f"{number.normalize():f}"), use_l10n=True))


def as_percent(rate: Decimal | None) -> str:
    """Format a rate as a percentage with one decimal place; a dash if it is unknown."""
    return "–" if rate is None else f"{formats.localize(round(rate * 100, 1))} %"


def as_age(at: datetime) -> str:
    """Return how long ago or ahead a moment is, in the largest unit that fits."""
    if abs(at - timezone.now()) < JUST_NOW:
        return _("just now")
    if at > timezone.now():
        return _("in %(age)s") % {"age": timeuntil(at, depth=1)}
    return _("%(age)s ago") % {"age": timesince(at, depth=1)}


def as_status(
    word: str, *, needs_action: bool = False, waiting: bool = False, final: bool = False
) -> str:
    """Render a status as text and icon; only one that needs action is colored."""
    mark, icon = (
        ("needs-action", "error")
        if needs_action
        else ("waiting", "schedule")
        if waiting
        else ("final", "check")
        if final
        else ("active", "radio_button_unchecked")
    )
    return format_html(
        '<span class="staff-state staff-state-{}"><span class="material-symbols-outlined"'
        ' aria-hidden="true">{}</span>{}</span>',
        mark,
        icon,
        word,
    )


def _titled(label: ColumnLabel, ordering: str | None = None) -> Callable[[Column], Column]:
    return admin.display(description=cast("str", label), ordering=ordering)


def money(amount: str, label: ColumnLabel, *, currency: str = "currency") -> Column:
    """Return a column of an amount with its currency."""

    @_titled(label, amount)
    def column(row: Any) -> str | None:
        value = follow(row, amount)
        return None if value is None else as_money(Money(value, follow(row, currency)))

    return _of(amount, column)


def _of(path: str, column: Column) -> Column:
    """Note which value a column shows: ``visibility`` hides some values from some users."""
    annotated: Any = column
    annotated.path = path
    return column


def _shown(path: str, label: ColumnLabel, render: Callable[[Any], str]) -> Column:
    """Return a column of the value at a path, rendered as text."""

    @_titled(label, path)
    def column(row: Any) -> str | None:
        value = follow(row, path)
        return None if value is None else render(value)

    return _of(path, column)


def percent(rate: str, label: ColumnLabel) -> Column:
    """Return a column that shows a fraction as percent."""
    return _shown(rate, label, lambda value: f"{as_number(100 * value)} %")


def number(figure: str, label: ColumnLabel) -> Column:
    """Return a column of a decimal number without trailing zeros."""
    return _shown(figure, label, as_number)


def plain(path: str, label: ColumnLabel) -> Column:
    """Return a column with the name of a related row, without a link."""
    return _shown(path, label, str)


def age(path: str, label: ColumnLabel) -> Column:
    """Return a column with the age of a moment; the tooltip shows the moment itself."""

    def render(value: datetime) -> str:
        return format_html(
            '<time datetime="{}" title="{}">{}</time>',
            value.isoformat(),
            formats.date_format(timezone.localtime(value), "DATETIME_FORMAT"),
            as_age(value),
        )

    return _shown(path, label, render)


def status(  # noqa: PLR0913 - all parts of one column
    field: str,
    label: ColumnLabel,
    *,
    needs_action: Collection[str] = (),
    waiting: Collection[str] = (),
    final: Collection[str] = (),
    labels: Mapping[str, ColumnLabel] | None = None,
) -> Column:
    """Return a column of a status.

    ``needs_action``, ``waiting`` and ``final`` list the statuses that need action, are pending or
    are final; ``labels`` has the labels of statuses that are not choices of a field.
    """

    @_titled(label, field)
    def column(row: Any) -> str | None:
        if not (value := follow(row, field)):
            return None
        return as_status(
            str((labels or {}).get(value) or display_value(row, field)),
            needs_action=value in needs_action,
            waiting=value in waiting,
            final=value in final,
        )

    return _of(field, column)


def row_url(row: models.Model) -> str:
    """Return the address of the page of a row."""
    meta = row._meta  # noqa: SLF001 - Django's documented model API
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])


def link(path: str, label: ColumnLabel, *, text: str = "") -> Column:
    """Return a link to a joined row, shown by its name or the value at the path ``text``."""

    @_titled(label, text or path)
    def column(row: Any) -> str | None:
        target = follow(row, path)
        if target is None:
            return None
        shown = str(follow(row, text) if text else target)
        # A SKU has hyphens, at which a browser breaks lines.
        is_code = " " not in shown and len(shown) <= MAX_CODE_LENGTH
        html = '<a href="{}" class="whitespace-nowrap">{}</a>' if is_code else '<a href="{}">{}</a>'
        return format_html(html, row_url(target), shown)

    annotated: Any = column
    annotated.target_path, annotated.as_text = path, plain(text or path, label)
    return _of(path, column)


def linked_columns(chosen: Any, shown: Sequence[Any]) -> Any:
    """Return the columns that link to the row: the first without a link of its own by default."""
    plain = (name for name in shown if not hasattr(name, "target_path"))
    return chosen if chosen or chosen is None else [next(plain, shown[0])]


def restricted(column: Column, right: str, *, otherwise: Column | None = None) -> Column:
    """Restrict a column to staff with a permission; others see ``otherwise``, or nothing."""
    annotated: Any = column
    annotated.right, annotated.otherwise = right, otherwise
    return column


def page(
    name: str, label: ColumnLabel, link_text: ColumnLabel, *, right: str, of: str = "pk"
) -> Column:
    """Return a link to a page outside the admin's tables, for staff with permission ``right``."""

    @_titled(label)
    def column(row: Any) -> str | None:
        target = follow(row, of)
        if target is None:
            return None
        return format_html('<a href="{}">{}</a>', reverse(name, args=[target]), link_text)

    return restricted(column, right)


def text(path: str, label: ColumnLabel) -> Column:
    """Return a column of a value, also of a related row; a choice by its label."""

    @_titled(label, path)
    def column(row: Any) -> Any:
        value = follow(row, path)
        if isinstance(value, list):
            return ", ".join(map(str, value))
        return display_value(row, path) if isinstance(value, str) else value

    return _of(path, column)


def document(field: str, label: ColumnLabel) -> Column:
    """Return a field that shows JSON indented, or bytes as text; cut at ``MAX_JSON_CHARS``."""

    @_titled(label)
    def column(row: Any) -> str | None:
        value = getattr(row, field)
        if isinstance(value, bytes | memoryview):
            return _preformatted(bytes(value).decode(errors="replace"))
        return json_document(value)

    return _of(field, column)


def json_document(value: Any) -> str:
    return _preformatted(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def _preformatted(text: str) -> str:
    return format_html('<pre class="staff-document" tabindex="0">{}</pre>', text[:MAX_JSON_CHARS])


def pairs(
    field: str, label: ColumnLabel, *, labels: Mapping[str, ColumnLabel] | None = None
) -> Column:
    """Return a field that shows a JSON object as a table of labels and values."""

    @_titled(label)
    def column(row: Any) -> str | None:
        values = {
            name: value
            for name, value in getattr(row, field).items()
            if value not in (None, "", [], {})
        }
        # In the order of the labels; entries without a label come last.
        order = [*(labels or {}), *values]
        lines = (
            ((labels or {}).get(name) or name.replace("_", " "), _format_json(values[name]))
            for name in sorted(values, key=order.index)
        )
        return as_pairs(lines) if values else None

    return _of(field, column)


def as_pairs(lines: Iterable[tuple[Any, Any]]) -> str:
    """Return labels and values as a table."""
    body = format_html_join("", "<tr><th scope=row>{}</th><td>{}</td></tr>", lines)
    return format_html('<table class="staff-pairs">{}</table>', body)


def _format_json(value: Any) -> str:
    """Format a JSON value as text, lists shortened to ``MAX_LIST_ITEMS`` entries."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        value = [f"{name}: {_format_json(item)}" for name, item in value.items()]
    if isinstance(value, list):
        more = ["…"] if len(value) > MAX_LIST_ITEMS else []
        return ", ".join([*(_format_json(item) for item in value[:MAX_LIST_ITEMS]), *more])
    moment = _moment(value) if isinstance(value, str) else None
    if moment is not None:
        return formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    return str(formats.localize(value, use_l10n=True))


def _moment(text: str) -> datetime | None:
    """Parse an ISO moment with a time zone; None for anything else."""
    try:
        moment = datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo else None


@admin.display(description=cast("str", gettext_lazy("Status history")))
def history_without_suppliers(row: Any) -> str:
    """Show the status history without actors other than people: they may be suppliers."""
    return _history(
        row, shown_actor=lambda actor: actor if "@" in actor or actor == "customer" else ""
    )


@admin.display(description=cast("str", gettext_lazy("Status history")))
def status_history(row: Any) -> str:
    """Show the status history of a row, newest first."""
    return _history(row, shown_actor=str)


restricted(status_history, VIEW_COSTS, otherwise=history_without_suppliers)


def _history(row: Any, *, shown_actor: Callable[[str], str]) -> str:
    changes = StatusChange.objects.filter(
        subject=row._meta.label,  # noqa: SLF001 - Django's documented model API
        subject_id=row.pk,
    ).order_by("-id")[:MAX_HISTORY_ROWS]
    if not changes:
        return _("No changes yet")
    return format_html(
        '<ul class="staff-moves">{}</ul>',
        format_html_join(
            "",
            "<li><time>{}</time> {} → <b>{}</b> {}</li>",
            (
                (
                    formats.date_format(timezone.localtime(change.at), "Y-m-d H:i:s"),
                    choice_label(type(row), change.status_field, change.from_status),
                    choice_label(type(row), change.status_field, change.to_status),
                    " · ".join(filter(None, [shown_actor(change.actor), change.reason])),
                )
                for change in changes
            ),
        ),
    )
