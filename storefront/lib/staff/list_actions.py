"""List actions: apply the filters of a staff list to the buttons above it."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from storefront.lib.staff.admin import StaffAdmin


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
