"""Audit log: record what staff changed and downloaded on their pages, without values of texts."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

MAX_DETAIL = 1000  # characters


class AuditEvent(models.Model):
    """One change, action or download by a member of staff. Append-only."""

    class Action(models.TextChoices):
        ADDED = "added", _("Added")
        CHANGED = "changed", _("Changed")
        DELETED = "deleted", _("Deleted")
        ACTED = "acted", _("Ran an action")
        SENT = "sent", _("Sent a form")  # of a page that records nothing more precise
        DOWNLOADED = "downloaded", _("Downloaded")
        VIEWED_AS = "viewed_as", _("Viewed the shop as customer")

    at = models.DateTimeField(_("When"), auto_now_add=True)
    actor = models.CharField(_("User"), max_length=254)  # the e-mail address
    action = models.CharField(_("Action"), max_length=20, choices=Action)
    subject = models.CharField(_("Record type"), max_length=60, blank=True)  # "orders.Order"
    subject_id = models.CharField(_("Record ID"), max_length=40, blank=True)
    detail = models.CharField(_("Details"), max_length=MAX_DETAIL, blank=True)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = [
            models.Index(fields=["actor", "id"], name="audit_by_actor"),
            models.Index(fields=["subject", "subject_id", "id"], name="audit_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.subject} {self.subject_id}".strip()


def record(
    action: AuditEvent.Action,
    *,
    request: HttpRequest,
    row: models.Model | None = None,
    model: type[models.Model] | None = None,
    detail: str = "",
) -> None:
    """Record what a member of staff did, to a row or to several rows of a model.

    Notes it on the request, so that the middleware does not record the form a second time.
    """
    of = type(row) if row is not None else model
    request.is_audited = True  # type: ignore[attr-defined]
    AuditEvent.objects.create(
        actor=str(request.user),
        action=action,
        subject=of._meta.label if of else "",  # noqa: SLF001 - Django's documented model API
        subject_id="" if row is None else str(row.pk),
        detail=detail[:MAX_DETAIL],
    )


# Values of other fields, such as texts, may be secrets or personal data: only their names are kept.
SHOWN_FIELDS = (
    forms.BooleanField,
    forms.ChoiceField,
    forms.DateField,
    forms.DateTimeField,
    forms.IntegerField,
    forms.ModelChoiceField,
)
SEVERAL = (forms.MultipleChoiceField, forms.ModelMultipleChoiceField)
Action = AuditEvent.Action


class AuditedChanges:
    """Admin mixin: what the history of a row records is in the audit log, too."""

    def construct_change_message(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        add: bool = False,  # noqa: FBT001, FBT002 - Django's
    ) -> Any:
        if not add:
            request.audited = "; ".join(_differences(form))  # type: ignore[attr-defined]
        return super().construct_change_message(request, form, formsets, add)  # type: ignore[misc]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        record(Action.ADDED, request=request, row=obj)
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        text = message if isinstance(message, str) else _fields(message)
        detail = "; ".join(filter(None, (getattr(request, "audited", ""), text)))
        record(Action.CHANGED, request=request, row=obj, detail=detail)
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            record(Action.DELETED, request=request, row=obj)
        return super().log_deletions(request, queryset)  # type: ignore[misc]


def _differences(form: Any) -> Iterator[str]:
    """Yield the changed fields with values, such as "Active: yes → no"."""
    for name in form.changed_data:
        field = form.fields.get(name)  # None: "password" of a form with two of them
        if isinstance(field, SHOWN_FIELDS) and not isinstance(field, SEVERAL):
            label = field.label or name
            before, after = form.get_initial_for_field(field, name), form.cleaned_data.get(name)
            yield f"{label}: {_text(field, before)} → {_text(field, after)}"


def _text(field: forms.Field, value: Any) -> str:
    if value in (None, ""):
        return "–"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(field, forms.ModelChoiceField):
        return str(getattr(value, "pk", value))
    return str(value)


def _fields(message: list[dict[str, Any]]) -> str:
    """Return the names of fields and inline rows in a message of Django's history."""
    parts = [part for entry in message for part in entry.values()]
    return "; ".join(
        ", ".join(filter(None, (str(part.get("object", "")), *map(str, part.get("fields", ())))))
        for part in parts
    )
