"""Claim admin: open claims against suppliers, resubmit, look up, record answers, withdraw.

``CLAIMS`` and ``ComplainActions`` are used by the purchase order page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.claims import claims, forms, settlement, submission, tasks
from orders.claims import status as claim_status
from orders.models import SupplierClaim, SupplierClaimLine
from storefront.lib.money import Money
from storefront.lib.staff import columns
from storefront.lib.staff.admin import ReasonForm, StaffAdmin, action, show, start
from storefront.lib.staff.inlines import inline

STATE = columns.state(
    "status",
    _("State"),
    calls={"submit_unknown", "submit_failed", "on_hold"},
    waits={"draft", "submitting", "requested"},
    ended={"credited", "resent", "denied", "canceled"},
)
EXPECTED = columns.money("expected_amount", _("Claimed"))
FREIGHT = columns.money("freight_amount", _("Of it freight"))
CREDITED = columns.money("credited_amount", _("Credited"))


@admin.display(description=_("Claim"))
def page_of(claim: SupplierClaim) -> str:
    page = reverse("admin:orders_supplierclaim_change", args=[claim.pk])
    return format_html('<a class="text-link" href="{}">{}</a>', page, claim.number)


CLAIMS = inline(
    SupplierClaim,
    page_of,
    STATE,
    "trouble",
    "remedy",
    EXPECTED,
    CREDITED,
    "problem",
    tab=False,
)


class ComplainActions(StaffAdmin):
    """Action to open a claim, on the page of a purchase order."""

    complain_fits: ClassVar = {"complain": claims.has_left}
    complain_refusals: ClassVar = (claims.CannotClaimError,)

    @action(description=_("Complain to the supplier"), icon="report")
    def complain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        purchase_order = self.row(request, object_id)
        supplier = purchase_order.supplier
        is_told = claims.takes_claims(supplier)
        claimable = claims.claimable(purchase_order)

        def act(given: Mapping[str, Any]) -> None:
            claim = claims.complain(
                purchase_order=purchase_order,
                complaint=forms.complaint_of(given, claimable, is_by_hand=not is_told),
                actor=str(request.user),
                now=timezone.now(),
            )
            if not claim.is_by_hand:
                self.wake(request, tasks.submit_claim, claim_id=claim.pk)

        return self.ask(
            request,
            purchase_order,
            title=gettext("Complain to the supplier"),
            explain=(
                gettext("A worker tells %(name)s, and asks him until he has decided.")
                if is_told
                else gettext(
                    "No program can tell %(name)s: tell him yourself, and write his answer down"
                    " on the page of the claim."
                )
            )
            % {"name": supplier.name},
            form_class=forms.complaint_form(
                claimable, may_choose=is_told, freight=claims.freight_left(purchase_order)
            ),
            initial={"number": claims.new_number(purchase_order)},
            act=act,
            done=gettext("The claim is written down; it stands below."),
        )


Status = SupplierClaim.Status


@admin.display(description=_("Who tells him"))
def teller(claim: SupplierClaim) -> str:
    return gettext("A person") if claim.is_by_hand else gettext("A worker")


@admin.display(description=_("Pictures"))
def pictures(claim: SupplierClaim) -> str | None:
    if not claim.picture_urls:
        return None
    links = ((url, url) for url in claim.picture_urls)
    items = format_html_join("", '<li><a href="{}" rel="noreferrer">{}</a></li>', links)
    return format_html("<ul>{}</ul>", items)


@admin.register(SupplierClaim)
class SupplierClaimAdmin(StaffAdmin):
    list_display: ClassVar = [
        "number",
        columns.link("purchase_order", _("Purchase order")),
        columns.text("purchase_order__supplier__name", _("Supplier")),
        STATE,
        "trouble",
        "remedy",
        EXPECTED,
        CREDITED,
        "problem",
        columns.age("status_since", _("Since")),
    ]
    list_filter: ClassVar = ["status", "remedy", "trouble", "purchase_order__supplier"]
    search_fields: ClassVar = [
        "number",
        "supplier_claim",
        "purchase_order__number",
        "purchase_order__supplier_reference",
    ]
    ordering: ClassVar = ["-id"]
    fieldsets: ClassVar[list[tuple[Any, dict[str, list[Any]]]]] = [
        (
            None,
            {
                "fields": [
                    "number",
                    "purchase_order",
                    columns.link("purchase_order__supplier", _("Supplier")),
                    STATE,
                    "problem",
                    EXPECTED,
                    FREIGHT,
                    CREDITED,
                ]
            },
        ),
        (
            _("Complaint"),
            {"fields": ["trouble", "remedy", "message", pictures, "opened_by", teller]},
        ),
        (
            _("Answer"),
            {"fields": [columns.text("supplier_claim", _("His number of it")), "recorded_by"]},
        ),
        (
            _("Moments"),
            {
                "fields": [
                    "opened_at",
                    "attempts",
                    "failures",
                    "try_after",
                    "polled_at",
                    columns.moves,
                ]
            },
        ),
    ]
    readonly_fields: ClassVar = [
        name for _title, options in fieldsets for name in options["fields"]
    ]
    inlines: ClassVar = [
        inline(
            SupplierClaimLine,
            columns.text("purchase_line__order_line__sku", _("SKU")),
            columns.text("purchase_line__order_line__title", _("What")),
            "quantity",
            "ordered_quantity",
            columns.money("unit_amount", _("Paid for one"), currency="claim__currency"),
            tab=False,
            related=("claim", "purchase_line__order_line"),
        ),
    ]
    exclude: ClassVar = [
        "picture_urls",
        "supplier_claim",
        "is_by_hand",
        "currency",
    ]  # shown as text
    refusals: ClassVar = (submission.ClaimStoppedError, settlement.CannotRecordError)
    actions_detail: ClassVar = [
        "tell_again",
        "look_up",
        "tell_by_hand",
        "record_answer",
        "take_back",
    ]
    fits: ClassVar = {
        "tell_again": lambda row: (
            not row.is_by_hand and row.status in {Status.SUBMIT_FAILED, Status.ON_HOLD}
        ),
        "look_up": lambda row: not row.is_by_hand and row.status in claim_status.ASKABLE,
        "tell_by_hand": lambda row: row.status in submission.WITH_US,
        "record_answer": lambda row: row.status not in {Status.SUBMITTING, *SupplierClaim.SETTLED},
        "take_back": lambda row: row.status in {*submission.WITH_US, Status.REQUESTED},
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[SupplierClaim]:
        return SupplierClaim.objects.select_related("purchase_order__supplier")

    @action(description=_("Tell him again"), icon="send")
    def tell_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        claim = self.row(request, object_id)

        def act(_given: object) -> None:
            submission.submit_again(claim=claim, actor=str(request.user), now=timezone.now())
            self.wake(request, tasks.submit_claim, claim_id=claim.pk)

        return self.ask(
            request,
            claim,
            title=gettext("Tell him again"),
            explain=claim.problem
            or gettext("What he may have is looked up first, and what he has is not told twice."),
            act=act,
            done=gettext("%s is told now.") % claim,
        )

    @action(description=_("Look it up"), icon="search")
    def look_up(self, request: HttpRequest, object_id: str) -> HttpResponse:
        claim = self.row(request, object_id)

        def act(_given: object) -> None:
            claim_status.insist_ended(claim=claim, now=timezone.now())
            start(tasks.look_up, claim_id=claim.pk)

        return self.ask(
            request,
            claim,
            title=gettext("Look it up"),
            explain=gettext(
                "A worker asks the supplier for our number, and takes over what he says of it. Open"
                " claims are asked for every quarter of an hour anyway."
            ),
            act=act,
            done=gettext("A worker asks the supplier: his answer appears on this page."),
        )

    @action(description=_("I told him"), icon="forum")
    def tell_by_hand(self, request: HttpRequest, object_id: str) -> HttpResponse:
        claim = self.row(request, object_id)
        return self.ask(
            request,
            claim,
            title=gettext("I told him"),
            explain=gettext(
                "Only after you did: from now on no program tells him, and you write his answer"
                " down here."
            ),
            form_class=forms.ReferenceForm,
            act=lambda given: submission.tell_by_hand(
                claim=claim,
                reference=given["reference"],
                actor=str(request.user),
                now=timezone.now(),
            ),
            done=gettext("%s waits for his answer.") % claim,
        )

    @action(description=_("Write his answer down"), icon="edit_note")
    def record_answer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        claim = self.row(request, object_id)

        def act(given: Mapping[str, Any]) -> None:
            amount = given["amount"]
            settlement.record(
                claim=claim,
                answer=Status(given["answer"]),
                credited=None if amount is None else Money(amount, claim.currency),
                reason=given["reason"],
                actor=str(request.user),
                now=timezone.now(),
            )

        return self.ask(
            request,
            claim,
            title=gettext("Write his answer down"),
            explain=gettext(
                "%(expected)s is claimed; the amount is in %(currency)s. What is written down is"
                " final."
            )
            % {"expected": columns.as_money(claim.expected), "currency": claim.currency},
            form_class=forms.AnswerForm,
            act=act,
            done=gettext("His answer to %s is written down.") % claim,
        )

    @action(description=_("Take it back"), icon="undo")
    def take_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        claim = self.row(request, object_id)
        is_told = claim.status == Status.REQUESTED and not claim.is_by_hand

        def act(given: Mapping[str, Any]) -> None:
            wish = {"reason": given["reason"], "actor": str(request.user)}
            if is_told:
                start(tasks.take_back, claim_id=claim.pk, **wish)
            else:
                submission.withdraw(claim=claim, now=timezone.now(), **wish)

        return self.ask(
            request,
            claim,
            title=gettext("Take it back"),
            explain=gettext(
                "He is told so, if a program told him of it. Nothing comes of it then."
            ),
            form_class=ReasonForm,
            act=act,
            done=gettext("A worker asks the supplier: his answer appears on this page.")
            if is_told
            else gettext("%s is taken back.") % claim,
        )


show(
    SupplierClaimLine,
    list_display=[
        columns.link("claim", _("Claim")),
        columns.text("purchase_line__order_line__sku", _("SKU")),
        "quantity",
        "ordered_quantity",
        columns.money("unit_amount", _("Paid for one"), currency="claim__currency"),
    ],
    list_display_links=["quantity"],
    list_select_related=["claim", "purchase_line__order_line"],
    search_fields=["claim__number", "purchase_line__order_line__sku"],
    ordering=["-id"],
)
