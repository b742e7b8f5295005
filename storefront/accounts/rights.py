"""Staff rights: list what a user or a group may do, notify superusers of each change."""

import secrets
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import Group
from django.urls import reverse

from notifications import outbox
from storefront.accounts.models import User
from storefront.lib.db.transactions import requires_transaction

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
