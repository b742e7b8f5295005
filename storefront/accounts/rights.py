"""Staff rights: name permissions in plain words, list a user's, notify superusers of changes."""

import secrets
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.forms.models import ModelChoiceIterator
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from notifications import outbox
from storefront.accounts.models import User
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.security.cost_rights import VIEW_COSTS, needs_costs

FLAGS = ("is_active", "is_staff", "is_superuser")


def rights_of(holder: User | Group) -> frozenset[str]:
    """Return the rights of a stored user or group, such as ``group Support``, ``is_staff``."""
    if isinstance(holder, Group):
        return _names(holder.permissions)
    groups = {f"group {group.name}" for group in holder.groups.all()}
    flags = {name for name in FLAGS if getattr(holder, name)}
    return _names(holder.user_permissions) | groups | flags


@requires_transaction
def notify_change(
    *,
    holder: User | Group,
    before: frozenset[str],
    after: frozenset[str],
    actor: User,
    now: datetime,
) -> list[str]:
    """Mail superusers a change of rights, if any; return a line for each changed right."""
    changes = [f"+ {name}" for name in sorted(after - before)]
    changes += [f"- {name}" for name in sorted(before - after)]
    if not changes or before | after == {"is_active"}:
        return []
    superusers = User.objects.filter(is_superuser=True, is_active=True).order_by("email")
    kind = holder._meta.model_name  # noqa: SLF001 - Django's
    lists = "admin:accounts_user_changelist", "admin:auth_group_changelist"
    outbox.record_event(
        name="account.rights_changed",
        key=f"account.rights_changed:{secrets.token_hex(16)}",
        subject=f"{kind}:{holder.pk}",
        payload={
            "email": list(superusers.values_list("email", flat=True)),
            "locale": settings.LANGUAGE_CODE,
            "url": f"{settings.PUBLIC_URL}{reverse(lists[isinstance(holder, Group)])}",
            "holder": str(holder),
            "actor": actor.email,
            "changes": changes,
        },
        at=now,
    )
    return changes


def _names(permissions: object) -> frozenset[str]:
    rows = permissions.values_list("content_type__app_label", "codename")  # type: ignore[attr-defined]
    return frozenset(f"{app}.{codename}" for app, codename in rows)


# Permissions of no table: what each opens.
OWN_TEXTS = {
    "orders.view_costs": gettext_lazy(
        "See costs, fees, margins and the names of suppliers: on all pages and in all downloads"
    ),
    "orders.place_order": gettext_lazy(
        "Create orders for customers, who pay by a link; edit unpaid orders"
    ),
    "orders.cancel_order": gettext_lazy("Cancel orders and items of orders"),
    "orders.refund_order": gettext_lazy("Refund orders: the buttons Refund and Refund a parcel"),
    "orders.redirect_order": gettext_lazy("Change delivery addresses of orders"),
    "orders.return_order": gettext_lazy("Open returns for customers"),
    "orders.release_order": gettext_lazy("Release orders that are on hold"),
    "orders.buy_returnlabel": gettext_lazy("Buy and void return labels, which cost money"),
    "orders.export_customerinvoice": gettext_lazy(
        "Download the bookkeeper's file: invoices, payments and supplier invoices of a month"
    ),
    "accounts.view_customer": gettext_lazy("Find customers and open their pages"),
    "accounts.view_as_customer": gettext_lazy("View the shop as a customer, without changes"),
    "accounts.export_customer": gettext_lazy("Download the personal data of a customer"),
    "accounts.erase_customer": gettext_lazy("Erase customers with their personal data"),
}
TABLE_TEXTS = {
    "view": gettext_lazy("View %(rows)s"),
    "add": gettext_lazy("Add %(rows)s"),
    "change": gettext_lazy("Edit %(rows)s and use their buttons"),
    "delete": gettext_lazy("Delete %(rows)s"),
}
# Used by pages that are no admin of the table.
ALSO_USED = {
    "catalog.delete_product",
    "catalog.delete_variant",
    "orders.add_customernote",
    "suppliers.add_catalogimport",
}


def code_of(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def label_of(permission: Permission) -> str:
    """Return what a permission opens, in plain words."""
    code = code_of(permission)
    if code in OWN_TEXTS:
        return str(OWN_TEXTS[code])
    verb, _separator, table = permission.codename.partition("_")
    model = permission.content_type.model_class()
    if verb not in TABLE_TEXTS or model is None or table != permission.content_type.model:
        return permission.name
    rows = model._meta.verbose_name_plural  # noqa: SLF001 - Django's documented model API
    text = str(TABLE_TEXTS[verb]) % {"rows": rows}
    if needs_costs(code):
        text = _("%(right)s (only with costs)") % {"right": text}
    return str(capfirst(text))


def is_used(permission: Permission) -> bool:
    """Return whether a staff page asks for a permission."""
    code = code_of(permission)
    if code in OWN_TEXTS or code in ALSO_USED:
        return True
    verb = permission.codename.partition("_")[0]
    model = permission.content_type.model_class()
    if model is None or not admin.site.is_registered(model):
        return False
    page: Any = admin.site.get_model_admin(model)
    actions = (*(page.actions or ()), *page.actions_detail, *page.actions_list)
    return {
        "view": True,
        "add": getattr(page, "may_add", True),
        "change": bool(getattr(page, "editable", True) or actions),
        "delete": getattr(page, "may_delete", True),
    }.get(verb, True)


class GroupedChoices(ModelChoiceIterator):  # type: ignore[type-arg]  # not subscriptable at run time
    """Yields a group of choices per app, named as in the list of tables."""

    def __iter__(self) -> Iterator[Any]:
        rows = sorted(filter(is_used, self.queryset), key=_place)
        for app, some in groupby(rows, key=lambda row: row.content_type.app_label):
            title = str(apps.get_app_config(app).verbose_name)
            yield title, [self.choice(row) for row in some]


def _place(permission: Permission) -> tuple[Any, ...]:
    code = code_of(permission)
    app, model = permission.content_type.app_label, permission.content_type.model
    return app, code not in OWN_TEXTS, code != VIEW_COSTS, model, permission.pk


class ChoicesWidget(UnfoldAdminCheckboxSelectMultipleWidget):  # type: ignore[misc]
    """Shows each group of choices as a fieldset."""

    template_name = "accounts/permission_choices.html"


class PermissionsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Choose permissions that pages use; the others of a group stay as they are."""

    iterator = GroupedChoices
    widget = ChoicesWidget

    def __init__(self, **options: Any) -> None:
        rows = Permission.objects.select_related("content_type")
        super().__init__(rows, required=False, **options)

    def label_from_instance(self, obj: Permission) -> str:
        return label_of(obj)


def keep_unused(chosen: Any, before: Any) -> Any:
    """Add the permissions that a form does not offer to those that were chosen."""
    rows = before.select_related("content_type")
    hidden = [row.pk for row in rows if not is_used(row)]
    return Permission.objects.filter(pk__in=[*(row.pk for row in chosen), *hidden])
