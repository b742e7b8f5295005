"""Lib admin: show the transitions of all state machines, and what staff did."""

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.db import models
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.indexed_search import LargeTable
from storefront.lib.models import AuditEvent, StatusChange
from storefront.lib.staff import columns
from storefront.lib.staff.admin import register_read_only


def _model(change: StatusChange | AuditEvent) -> type[models.Model] | None:
    """Return the model of a change; None if it has none, or no longer exists."""
    try:
        return apps.get_model(change.subject)
    except (LookupError, ValueError):
        return None


def _status_label(change: StatusChange, status: str) -> str:
    model = _model(change)
    return columns.as_status(
        columns.choice_label(model, change.status_field, status) if model else status
    )


@admin.display(description=_("Record type"), ordering="subject")
def _subject(change: StatusChange | AuditEvent) -> str:
    model = _model(change)
    return str(capfirst(model._meta.verbose_name)) if model else change.subject  # noqa: SLF001


@admin.display(description=_("Status field"), ordering="status_field")
def _status_field(change: StatusChange) -> str:
    model = _model(change)
    return str(label_for_field(change.status_field, model)) if model else change.status_field


@admin.display(description=_("Previous status"), ordering="from_status")
def _from(change: StatusChange) -> str:
    return _status_label(change, change.from_status)


@admin.display(description=_("New status"), ordering="to_status")
def _to(change: StatusChange) -> str:
    return _status_label(change, change.to_status)


register_read_only(
    StatusChange,
    LargeTable,
    list_display=[
        _subject,
        "subject_id",
        _status_field,
        _from,
        _to,
        columns.age("at", _("When")),
        "actor",
        "reason",
    ],
    list_filter=["subject", "status_field", "to_status"],
    search_fields=["=subject_id", "actor"],
)


@admin.display(description=_("Record ID"), ordering="subject_id")
def _row(event: AuditEvent) -> str:
    """Link to the page of the row, which may be deleted."""
    model = _model(event)
    if not event.subject_id or model is None or not admin.site.is_registered(model):
        return event.subject_id
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"  # noqa: SLF001
    return format_html(
        '<a href="{}">{}</a>', reverse(name, args=[event.subject_id]), event.subject_id
    )


register_read_only(
    AuditEvent,
    list_display=[
        columns.age("at", _("When")),
        "actor",
        "action",
        _subject,
        _row,
        "detail",
    ],
    list_filter=["action", "actor", "subject", "at"],
    search_fields=["=subject_id", "actor", "detail"],
)
