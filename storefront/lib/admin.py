"""Status change admin: show the recorded transitions of all state machines."""

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.db import models
from django.utils.translation import gettext_lazy as _

from storefront.lib.models import StatusChange
from storefront.lib.staff import columns
from storefront.lib.staff.admin import register_read_only


def _model(change: StatusChange) -> type[models.Model] | None:
    """Return the model of a change; None if it no longer exists."""
    try:
        return apps.get_model(change.subject)
    except LookupError:
        return None


def _status_label(change: StatusChange, status: str) -> str:
    model = _model(change)
    return columns.as_status(
        columns.choice_label(model, change.status_field, status) if model else status
    )


@admin.display(description=_("Record type"), ordering="subject")
def _subject(change: StatusChange) -> str:
    model = _model(change)
    return str(model._meta.verbose_name) if model else change.subject  # noqa: SLF001


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
    search_fields=["=subject_id", "actor", "reason"],
)
