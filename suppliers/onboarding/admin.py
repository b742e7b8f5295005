"""Onboarding admin: open the setup of a supplier at its next step, or at a named one."""

from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.admin import StaffAdmin, action
from suppliers.models import Supplier
from suppliers.onboarding import steps
from suppliers.onboarding.pages import PAGES, BasicsPage
from suppliers.onboarding.steps import StepName


class SetupActions(StaffAdmin):
    """Adds suppliers by the setup, which staff may leave and continue later."""

    setup_actions: ClassVar = ["setup"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.setup_step)
        name = "suppliers_supplier_setup_step"
        return [path("<int:pk>/setup/<slug:step>/", view, name=name), *super().get_urls()]

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return BasicsPage(self, request, None, now=timezone.now()).answer()

    @action(description=_("Setup"), icon="checklist")
    def setup(self, request: HttpRequest, object_id: str) -> HttpResponse:
        supplier: Supplier = self.row(request, object_id)
        listed = steps.list_steps(supplier, now=timezone.now())
        return HttpResponseRedirect((steps.next_step(listed) or listed[-1]).address)

    def setup_step(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        if step not in StepName:
            raise Http404
        supplier: Supplier = self.row(request, str(pk))
        return PAGES[StepName(step)](self, request, supplier, now=timezone.now()).answer()
