"""Library labels: name the apps, tables and columns of Django and allauth for staff."""

from collections.abc import Mapping
from typing import Any

from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Words

APPS: Mapping[str, Words] = {
    "account": _("Account e-mail addresses"),
    "auth": _("Groups and permissions"),
}
# Singular and plural name of a table, and the labels of its columns.
LABELS: Mapping[type[Model], tuple[Words, Words, Mapping[str, Words]]] = {
    EmailAddress: (
        _("account e-mail address"),
        _("account e-mail addresses"),
        {
            "user": _("User"),
            "email": _("E-mail"),
            "verified": _("Verified"),
            "primary": _("Primary"),
        },
    ),
    Group: (_("group"), _("groups"), {"name": _("Name")}),
    Permission: (
        _("permission"),
        _("permissions"),
        {"name": _("Name"), "content_type": _("Table"), "codename": _("Code")},
    ),
}


def apply() -> None:
    """Set the labels at runtime, because we do not own these models and their migrations."""
    for app, title in APPS.items():
        config: Any = apps.get_app_config(app)
        config.verbose_name = title
    for model, (name, plural, columns) in LABELS.items():
        meta: Any = model._meta  # noqa: SLF001 - Django's documented model API
        meta.verbose_name, meta.verbose_name_plural = name, plural
        for column, label in columns.items():
            meta.get_field(column).verbose_name = label
