"""Connect page: give a supplier the address and secret of its webhook, test it, replay its calls."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.accounts import security_log
from storefront.lib.http.errors import PermanentError
from storefront.lib.security import webhook_signing
from storefront.lib.staff.admin import SERVICE_ERRORS, StaffAdmin
from storefront.lib.staff.columns import row_url
from storefront.lib.staff.form_fields import use_staff_widgets
from storefront.lib.tasks import enqueue
from storefront.lib.text import row_id
from storefront.webhooks import processing, reception, sources, storage, tasks
from storefront.webhooks.models import InboundWebhook, SupplierSecret
from storefront.webhooks.supplier_system import samples, secrets
from suppliers.models import StockLevel, Supplier, SupplierOffer

SHOWN_CALLS = 50
SHOWN_REFUSED_ROWS = 100
OVERLAPS = {"0": _("Ends at once"), "1": _("1 hour"), "24": _("1 day"), "168": _("7 days")}


class RotationForm(forms.Form):
    """How long the old secret stays valid. ``current`` tells a repeated rotation from a new one."""

    current = forms.CharField(required=False, widget=forms.HiddenInput)
    overlap = forms.ChoiceField(
        label=_("Old secret stays valid"), choices=list(OVERLAPS.items()), initial="24"
    )


class ConnectPage:
    """The page of one supplier in one request."""

    def __init__(self, model_admin: StaffAdmin, request: HttpRequest, supplier_id: int) -> None:
        if not request.user.has_perm("suppliers.view_supplier"):
            raise PermissionDenied("suppliers.view_supplier")
        self.model_admin = model_admin
        self.request = request
        self.supplier = get_object_or_404(Supplier, pk=supplier_id)
        self.now = storage.database_time()
        self.source = sources.system_source_name(self.supplier)
        self.may_change = request.user.has_perm("suppliers.change_connection")

    def answer(self) -> HttpResponse:
        if self.request.method != "POST":
            return self._show()
        if not self.may_change:
            raise PermissionDenied("suppliers.change_connection")
        actions = {
            "rotate": self._rotate,
            "end_old": self._end_old,
            "test": self._test,
            "replay": self._replay,
        }
        act = actions.get(self.request.POST.get("action", ""))
        return act() if act else self._stay()

    def _rotate(self) -> HttpResponse:
        form = RotationForm(self.request.POST)
        current = self._current()
        if not form.is_valid():
            return self._show(form=form)
        if form.cleaned_data["current"] != (str(current.pk) if current else ""):
            messages.warning(
                self.request,
                gettext(
                    "The secret was changed in the meantime. Check the current one before you rotate it"
                    " again."
                ),
            )
            return self._stay()
        secret = secrets.rotate_secret(
            supplier=self.supplier,
            overlap=timedelta(hours=int(form.cleaned_data["overlap"])),
            actor=str(self.request.user),
            now=self.now,
        )
        self._log(gettext("Webhook secret created"))
        return self._show(secret=secret)

    def _end_old(self) -> HttpResponse:
        if secrets.end_old_secret(supplier=self.supplier, now=self.now):
            self._log(gettext("Old webhook secret ended"))
            messages.success(self.request, gettext("The old secret is no longer valid."))
        return self._stay()

    def _test(self) -> HttpResponse:
        """Receive a test call as if the supplier had sent it, signed with the newest secret."""
        if self._current() is None:
            return self._stay()
        body = json.dumps(samples.sample_payloads()["test"]).encode()
        source = sources.find(self.source)
        assert source is not None  # noqa: S101 - its supplier exists
        answer = reception.receive_call(
            source=source,
            headers=webhook_signing.headers_for(
                message_id=f"test_{uuid4().hex}",
                body=body,
                at=self.now,
                secret=secrets.valid_secrets(supplier_code=self.supplier.code, now=self.now)[0],
            ),
            body=body,
            now=self.now,
        )
        return self._show(test_answer=answer, test_content=json.dumps(answer.content, indent=2))

    def _replay(self) -> HttpResponse:
        call = get_object_or_404(
            InboundWebhook, pk=row_id(self.request.POST.get("call", "")), source=self.source
        )
        try:
            processing.replay(call=call, actor=str(self.request.user), now=self.now)
        except PermanentError as refusal:
            messages.warning(self.request, str(refusal))
        except SERVICE_ERRORS:
            messages.warning(
                self.request,
                gettext("This call is already being processed. Reload the page to see the result."),
            )
        else:
            enqueue(tasks.process, call_id=call.pk)
            messages.success(self.request, gettext("The call is processed again."))
        return self._stay()

    def _current(self) -> SupplierSecret | None:
        return SupplierSecret.objects.filter(supplier=self.supplier, expires_at=None).first()

    def _log(self, message: str) -> None:
        self.model_admin.log_change(self.request, self.supplier, message)
        security_log.record(
            security_log.Event.SUPPLIER_SECRET,
            actor=self.request.user,
            supplier=self.supplier.code,
        )

    def _stay(self) -> HttpResponse:
        return HttpResponseRedirect(self.request.path)

    def _show(self, *, secret: str = "", **more: Any) -> HttpResponse:
        current = self._current()
        form = more.pop("form", None) or RotationForm(
            initial={"current": current.pk if current else "", "overlap": "24"}
        )
        use_staff_widgets(form)
        active = SupplierOffer.objects.filter(
            supplier=self.supplier, status=SupplierOffer.Status.ACTIVE
        )
        offer = active.exclude(cost_amount=None).order_by("pk").first()
        payloads = self._sample_payloads(offer)
        kind = self.request.GET.get("payload", "")
        kind = kind if kind in payloads else "test"
        old = SupplierSecret.objects.filter(supplier=self.supplier, expires_at__gt=self.now).first()
        calls = (
            InboundWebhook.objects.filter(source=self.source)
            .defer("body")
            .order_by("-received_at", "-pk")[:SHOWN_CALLS]
        )
        url = f"{settings.PUBLIC_URL}/hooks/{self.source}/"
        context = {
            "title": gettext("Connect this supplier's system"),
            "supplier_url": row_url(self.supplier),
            "docs_url": reverse("supplier-api-docs"),
            "url": url,
            "secret": secret,
            "current": current,
            "old": old,
            "form": form,
            "may_change": self.may_change,
            "kinds": list(payloads),
            "kind": kind,
            "has_present_values": offer is not None
            and kind in {"stock", "price", "product_status"},
            "example": samples.shell_program(
                url=url,
                secret=secret or samples.PLACEHOLDER_SECRET,
                body=json.dumps(payloads[kind], ensure_ascii=False),
            ),
            "schemas": samples.schemas().items(),
            "calls": calls,
            "shown_refused_rows": SHOWN_REFUSED_ROWS,
            **more,
        }
        return self.model_admin.render_page(
            self.request, "webhooks/connect.html", self.supplier, **context
        )

    def _sample_payloads(self, offer: SupplierOffer | None) -> Mapping[str, dict[str, Any]]:
        """Return examples with the present values of the offer, which change nothing if sent."""
        currency = self.supplier.currency
        if offer is None:
            return samples.sample_payloads(currency=currency)
        levels = StockLevel.objects.filter(offer=offer).select_related("location")
        level = levels.order_by("pk").first()
        has_more = self.supplier.locations.filter(
            ~Q(pk=level.location_id) if level else Q()
        ).exists()
        return samples.sample_payloads(
            sku=offer.supplier_sku,
            quantity=level.reported_quantity if level else 0,
            cost=str(offer.cost_amount),
            currency=currency,
            location=level.location.code if level and has_more else "",
        )
