"""The staff page on which a supplier's list of tracking numbers is looked at, and entered."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from orders.payments.tasks import settle_payments
from shipping.shipments import tracking_import, tracking_lists
from shipping.shipments.tracking_import import Listed
from storefront.lib.staff.admin import StaffAdmin, action
from storefront.lib.staff.handed_forms import HandedListForm
from suppliers.models import Supplier


class ListForm(HandedListForm):
    """Whose list of tracking numbers it is, and the list."""

    read = staticmethod(tracking_lists.read)
    columns = _("CSV with the columns: order, carrier, tracking number; also sku, quantity.")

    supplier = forms.ModelChoiceField(
        label=_("Supplier"),
        queryset=Supplier.objects.order_by("name"),
        widget=UnfoldAdminSelectWidget(),
    )


class ListActions(StaffAdmin):
    """What staff do with many parcels at once."""

    lists_actions: ClassVar = ["enter_list"]

    @action(description=_("Enter a list of tracking numbers"), icon="upload_file")
    def enter_list(self, request: HttpRequest) -> HttpResponse:
        form = ListForm(request.POST, request.FILES) if request.method == "POST" else ListForm()
        listed: list[Listed] = []
        if form.is_valid():
            supplier = form.cleaned_data["supplier"]
            listed = tracking_import.judge(form.cleaned_data["rows"], supplier=supplier)
            if request.POST.get("step") == "enter":
                return self._enter(request, listed)
            kept = {"supplier": supplier.pk, "text": form.cleaned_data["text"]}
            form = ListForm(initial=kept)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Enter a list of tracking numbers"),
            "opts": self.opts,
            "form": form,
            "listed": listed,
            "good": sum(one.is_good for one in listed),
        }
        return TemplateResponse(request, "shipping/tracking_import.html", context)

    def _enter(self, request: HttpRequest, listed: list[Listed]) -> HttpResponse:
        failed = tracking_import.enter(listed, now=timezone.now())
        self.wake(request, settle_payments)
        count = sum(one.is_good for one in listed) - len(failed)
        words = ngettext("%(count)d parcel entered.", "%(count)d parcels entered.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)
        for one in failed:
            words = gettext("Row %(row)s: %(problem)s")
            said = words % {"row": one.first.place, "problem": one.problem}
            self.message_user(request, said, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:shipping_parcel_changelist"))
