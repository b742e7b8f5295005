"""Staff error pages: name the missing permission and who can grant it, or what is wrong.

A view names the permission by ``PermissionDenied("orders.view_order")``. For admin pages it is
derived from the URL.
"""

from http import HTTPStatus
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from storefront.accounts.models import User
from storefront.accounts.rights import is_used, label_of
from storefront.dashboard.login.views import page
from storefront.lib.security.cost_rights import VIEW_COSTS, needs_costs

FORBIDDEN = HTTPStatus.FORBIDDEN
SUPERUSERS_SHOWN = 5
# Titles if no permission allows this on a table.
READ_ONLY = {
    "add": gettext_lazy("Records cannot be added to this table by hand"),
    "change": gettext_lazy("Records of this table cannot be edited by hand"),
    "delete": gettext_lazy("Records of this table cannot be deleted by hand"),
}

READ_ONLY_TEXT = gettext_lazy(
    "For staff these records are read-only: the shop itself writes them. No permission changes"
    " that."
)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403 to staff; if no permission is missing, the page says that only superusers may."""
    named = [word for word in str(exception or "").split() if "." in word]
    wanted = named or _right_of_admin_page(request)
    if title := _read_only_title(wanted):
        return error(request, title=title, text=str(READ_ONLY_TEXT), status=FORBIDDEN)
    missing = [right for right in wanted if not request.user.has_perm(right)]
    if any(map(needs_costs, missing)) and not request.user.has_perm(VIEW_COSTS):
        missing.append(VIEW_COSTS)
    superusers = User.objects.filter(is_superuser=True, is_active=True).order_by("email")
    context = {
        "title": _("You don't have permission to open this page"),
        "rights": [(_label(right), _groups_with(right)) for right in missing],
        "superusers": superusers.values_list("email", flat=True)[:SUPERUSERS_SHOWN],
    }
    answer = page(request, "dashboard/login/forbidden.html", context, FORBIDDEN)
    return answer.render()


def error(request: HttpRequest, *, title: str, text: str, status: int) -> HttpResponse:
    """Answer with one sentence and a link to the start page, also before sign-in."""
    context = {"title": title, "text": text}
    return page(request, "dashboard/login/error.html", context, status).render()


def _right_of_admin_page(request: HttpRequest) -> list[str]:
    """Return the permission that opens an admin page: ``orders_order_changelist`` → view order."""
    match = request.resolver_match
    name = (match.url_name or "") if match and match.app_name == "admin" else ""
    for model in filter(admin.site.is_registered, apps.get_models()):
        app, model_name = model._meta.app_label, model._meta.model_name  # noqa: SLF001
        if name.startswith(f"{app}_{model_name}_"):
            what = name.removeprefix(f"{app}_{model_name}_")
            is_read = what in {"changelist", "history"} or (
                what == "change" and request.method in {"GET", "HEAD"}
            )
            page: Any = admin.site.get_model_admin(model)
            actions = getattr(getattr(page, what, None), "allowed_permissions", ["change"])
            permission = actions[0]
            check = getattr(page, f"has_{permission}_permission", None)
            if named := getattr(check, "rights", ()):
                return [*named, f"{app}.view_{model_name}"]  # an action also reads its row
            if is_read:
                verb = "view"
            elif what in {"add", "delete"}:
                verb = what
            else:
                verb = "change" if permission == "act" else permission
            return [f"{app}.{verb}_{model_name}"]
    return []


def _read_only_title(rights: list[str]) -> str:
    """Return a title if no page asks for a permission, so that granting it changes nothing."""
    for right in rights:
        permission = _permission(right)
        if permission and not is_used(permission):
            return str(READ_ONLY.get(permission.codename.partition("_")[0], ""))
    return ""


def _permission(right: str) -> Permission | None:
    app, codename = right.split(".", 1)
    rows = Permission.objects.select_related("content_type")
    return rows.filter(content_type__app_label=app, codename=codename).first()


def _label(right: str) -> str:
    permission = _permission(right)
    return f"{label_of(permission)} ({right})" if permission else right


def _groups_with(right: str) -> list[str]:
    app, codename = right.split(".", 1)
    groups = Group.objects.filter(
        permissions__content_type__app_label=app, permissions__codename=codename
    )
    return list(groups.order_by("name").values_list("name", flat=True))
