"""The staff page on which a list of supplier bills is looked at, and entered."""

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

from orders.accounting import bill_lists, invoice_import
from orders.accounting.invoice_import import ListedBill
from storefront.lib.staff.admin import StaffAdmin, action
from storefront.lib.staff.handed_forms import HandedListForm
from suppliers.models import Supplier


class BillListForm(HandedListForm):
    """Whose bills, and the list of them."""

    read = staticmethod(bill_lists.read)
    columns = _("CSV with the columns: bill, purchase order, currency, goods; freight, billed.")

    supplier = forms.ModelChoiceField(
        label=_("Supplier"),
        queryset=Supplier.objects.order_by("name"),
        required=False,
        empty_label=_("Whose purchase order it is"),
        help_text=_("Choose one, and bills for purchase orders of others are refused."),
        widget=UnfoldAdminSelectWidget(),
    )


class BillListActions(StaffAdmin):
    """What staff do with many bills at once."""

    lists_actions: ClassVar = ["import_bills"]

    @action(description=_("Import a list of bills"), icon="upload_file")
    def import_bills(self, request: HttpRequest) -> HttpResponse:
        form = BillListForm(request.POST or None, request.FILES or None)
        listed: list[ListedBill] = []
        if form.is_valid():
            supplier = form.cleaned_data["supplier"]
            listed = invoice_import.judge(form.cleaned_data["rows"], supplier=supplier)
            if request.POST.get("step") == "enter":
                return self._enter(request, listed)
            kept = {"supplier": supplier and supplier.pk, "text": form.cleaned_data["text"]}
            form = BillListForm(initial=kept)
        good = sum(one.is_good for one in listed)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Import a list of bills"),
            "opts": self.opts,
            "form": form,
            "listed": listed,
            "good": good,
            "bad": sum(bool(one.problem) for one in listed),
            "known": sum(one.is_known and not one.problem for one in listed),
        }
        return TemplateResponse(request, "orders/invoice_import.html", context)

    def _enter(self, request: HttpRequest, listed: list[ListedBill]) -> HttpResponse:
        actor = str(request.user)
        failed = invoice_import.enter(listed, actor=actor, now=timezone.now())
        count = sum(one.is_good for one in listed)
        words = ngettext("%(count)d bill entered.", "%(count)d bills entered.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)
        for one in failed:
            words = gettext("Row %(row)s: %(problem)s")
            said = words % {"row": one.row.place, "problem": one.problem}
            self.message_user(request, said, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:orders_supplierbill_changelist"))
