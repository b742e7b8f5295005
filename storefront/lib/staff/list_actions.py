"""List actions: filter the buttons above a list, send rows as CSV, merge or split rows."""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.admin import StaffAdmin, action, permission_check
from storefront.lib.staff.csv_export import BYTE_ORDER_MARK, csv_line

PAIR = 2


def csv_response(
    rows: Iterable[Any], name: str, *, line: Callable[[Any], str] = csv_line
) -> HttpResponse:
    """Return rows, their headings first, as a streamed download."""
    return StreamingHttpResponse(  # type: ignore[return-value]  # no common base in the stubs
        chain([BYTE_ORDER_MARK], map(line, rows)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


class FilteredActions(StaffAdmin):
    """Adds the filters of the list to the links of ``actions_list``, and exports its rows."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer: Any = super().changelist_view(request, extra_context)
        context = getattr(answer, "context_data", None) or {}
        for offered in context.get("actions_list", ()):
            offered["path"] += f"?{request.GET.urlencode()}"
        response: HttpResponse = answer
        return response

    def export_rows(
        self,
        request: HttpRequest,
        to_cells: Callable[["QuerySet[Any]"], Iterable[Iterable[object]]],
        *,
        name: str,
    ) -> HttpResponse:
        """Return the filtered rows as the CSV file ``name``; ``to_cells`` yields the headings first."""
        try:
            rows = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:  # the list ignores unknown parameters with a message
            page = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
            return HttpResponseRedirect(reverse(page, query={ERROR_FLAG: "1"}))
        return csv_response(to_cells(rows), f"{name}.csv")


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
