"""List actions: filter the buttons above a list, open the pages that merge or split rows."""

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.admin import StaffAdmin, action, permission_check

PAIR = 2


class FilteredActions(StaffAdmin):
    """Adds the filters of the list to the links of ``actions_list``."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer: Any = super().changelist_view(request, extra_context)
        context = getattr(answer, "context_data", None) or {}
        for offered in context.get("actions_list", ()):
            offered["path"] += f"?{request.GET.urlencode()}"
        response: HttpResponse = answer
        return response


class IdentityActions(StaffAdmin):
    """Adds the actions that merge two rows or split one.

    ``identity_kind`` is ``product`` or ``variant``, as in the URLs of their pages.
    """

    identity_kind: ClassVar[str]
    # As their pages ask, also for variants.
    has_identity_permission = permission_check("catalog.change_product")

    @action(description=_("Compare and merge two"), may="identity")
    def merge_selected(self, request: HttpRequest, rows: "QuerySet[Any]") -> HttpResponse | None:
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[: PAIR + 1])
        if len(ids) != PAIR:
            self.message_user(request, _("Select two rows."), messages.WARNING)
            return None
        return HttpResponseRedirect(reverse("supply:merge", args=[self.identity_kind, *ids]))

    @action(description=_("Split"), icon="call_split", may="identity")
    def split(self, request: HttpRequest, object_id: str) -> HttpResponse:
        name = {"product": "supply:split_product", "variant": "supply:split_offers"}
        row = self.row(request, object_id)
        return HttpResponseRedirect(reverse(name[self.identity_kind], args=[row.pk]))
