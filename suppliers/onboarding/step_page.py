"""Step page: the parts that the pages of all setup steps share."""

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext

from storefront.lib.staff.admin import SERVICE_ERRORS, StaffAdmin
from suppliers.models import Connection, Supplier
from suppliers.onboarding import steps
from suppliers.onboarding.steps import StepName


class StepPage(ABC):
    """The page of one step in one request. ``rights`` are needed to open it for a supplier."""

    name: ClassVar[StepName]
    template: ClassVar[str]
    rights: ClassVar[tuple[str, ...]] = ("suppliers.change_supplier",)

    def __init__(
        self,
        model_admin: StaffAdmin,
        request: HttpRequest,
        supplier: Supplier | None,
        *,
        now: datetime,
    ) -> None:
        rights = self.rights if supplier else ("suppliers.add_supplier",)
        if not request.user.has_perms(rights):
            raise PermissionDenied(" ".join(rights))
        self.model_admin = model_admin
        self.request = request
        self.supplier = supplier
        self.now = now

    def answer(self) -> HttpResponse:
        if self.request.method == "POST":
            try:
                return self.submit(self.request.POST.get("action", ""))
            except (*SERVICE_ERRORS, *self.model_admin.user_errors) as refusal:
                messages.error(self.request, str(refusal))
        return self.show()

    @abstractmethod
    def submit(self, action: str) -> HttpResponse:
        """Save the form or run another ``action`` of the step, named by the pressed button."""

    def show(self, **context: Any) -> HttpResponse:
        shown = {**self.context(), **self.details(), **context}
        return self.model_admin.render_page(self.request, self.template, self.supplier, **shown)

    def details(self) -> dict[str, Any]:
        """Return what only this step shows."""
        return {}

    def context(self) -> dict[str, Any]:
        listed = (
            steps.list_steps(self.supplier, now=self.now)
            if self.supplier
            else steps.steps_before_creation()
        )
        names = list(StepName)
        index = names.index(self.name)
        return {
            "title": gettext("Supplier setup"),
            "steps": [(step, steps.state_of(step, listed)) for step in listed],
            "step": listed[index],
            "back_url": listed[index - 1].address if index else "",
            "next_url": listed[index + 1].address if index + 1 < len(listed) else "",
            "supplier_url": self.model_admin.page_of(self.supplier) if self.supplier else "",
        }

    def log(self, message: str) -> None:
        if self.supplier:
            self.model_admin.log_change(self.request, self.supplier, message)

    def stay(self, query: str = "") -> HttpResponse:
        return HttpResponseRedirect(f"{self.request.path}{query}")

    def proceed(self) -> HttpResponse:
        """Go to the following step."""
        names = list(StepName)
        following = names[min(names.index(self.name) + 1, len(names) - 1)]
        return HttpResponseRedirect(steps.step_url(self._existing(), following))

    def _existing(self) -> Supplier:
        if self.supplier is None:
            raise PermissionDenied
        return self.supplier

    @property
    def connection(self) -> Connection | None:
        return getattr(self.supplier, "connection", None)
