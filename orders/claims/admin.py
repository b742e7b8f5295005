"""Claim admin: open claims against suppliers, resubmit, look up, record answers, withdraw."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.claims import claims, forms, settlement, submission, tasks
from orders.claims import status as claim_status
from orders.models import PurchaseOrder, SupplierClaim, SupplierClaimLine
from storefront.lib.money import Money
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    Errors,
    FormData,
    ReasonForm,
    StaffAdmin,
    acting,
    confirmed_action,
    enqueue_or_fail,
    permission_check,
    register_read_only,
)
from storefront.lib.staff.fieldsets import section
from storefront.lib.staff.inlines import inline

STATE = columns.status(
    "status",
    _("Status"),
    needs_action={"submit_unknown", "submit_failed", "on_hold"},
    waiting={"draft", "submitting", "requested"},
    final={"credited", "resent", "denied", "canceled"},
)
EXPECTED = columns.money("expected_amount", _("Claimed"))
FREIGHT = columns.money("freight_amount", _("Including freight"))
CREDITED = columns.money("credited_amount", _("Credited"))


@admin.display(description=_("Claim"))
def claim_link(claim: SupplierClaim) -> str:
    page = reverse("admin:orders_supplierclaim_change", args=[claim.pk])
    return format_html('<a class="text-link" href="{}">{}</a>', page, claim.number)


CLAIMS = inline(
    SupplierClaim,
    claim_link,
    STATE,
    "claim_reason",
    "remedy",
    EXPECTED,
    CREDITED,
    "problem",
    tab=False,
)


class ClaimActions(StaffAdmin):
    """Action to open a claim, on the page of a purchase order."""

    available_if: ClassVar = {"open_claim": claims.has_shipped}
    user_errors: ClassVar[Errors] = (claims.CannotClaimError,)

    # A claim shows what each unit cost; the reasons of a hold name costs and margins.
    has_costs_permission = permission_check("orders.change_purchaseorder", VIEW_COSTS)

    @confirmed_action(
        description=_("Open supplier claim"),
        icon="report",
        may="costs",
        explain=lambda row: (
            (
                gettext(
                    "The claim is sent to %(name)s automatically, and its status is"
                    " checked until the supplier decides."
                )
                if claims.has_claims_api(row.supplier)
                else gettext(
                    "%(name)s does not accept claims electronically. Contact the"
                    " supplier yourself and record the response on the claim page."
                )
            )
            % {"name": row.supplier.name}
        ),
        form_class=lambda row: forms.claim_form(
            claims.claimable_units(row),
            can_submit_manually=claims.has_claims_api(row.supplier),
            freight=claims.claimable_freight(row),
        ),
        initial=lambda row: {"number": claims.new_number(row)},
        done=_("Claim created. See below."),
    )
    def open_claim(self, request: HttpRequest, row: PurchaseOrder, data: FormData) -> None:
        is_manual = not claims.has_claims_api(row.supplier)
        claim = claims.open_claim(
            purchase_order=row,
            complaint=forms.read_draft(data, claims.claimable_units(row), is_manual=is_manual),
            **acting(request),
        )
        if not claim.is_manual:
            self.wake(request, tasks.submit_claim, claim_id=claim.pk)


Status = SupplierClaim.Status


@admin.display(description=_("Submitted by"))
def submitted_by(claim: SupplierClaim) -> str:
    return gettext("Staff") if claim.is_manual else gettext("Automatic")


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
        "claim_reason",
        "remedy",
        EXPECTED,
        CREDITED,
        "problem",
        columns.age("status_since", _("Since")),
    ]
    list_filter: ClassVar = ["status", "remedy", "claim_reason", "purchase_order__supplier"]
    search_fields: ClassVar = [
        "number",
        "supplier_claim_reference",
        "purchase_order__number",
        "purchase_order__supplier_reference",
    ]
    fieldsets: ClassVar = [
        section(
            None,
            "number",
            "purchase_order",
            columns.link("purchase_order__supplier", _("Supplier")),
            STATE,
            "problem",
            EXPECTED,
            FREIGHT,
            CREDITED,
        ),
        section(
            _("Claim"), "claim_reason", "remedy", "message", pictures, "opened_by", submitted_by
        ),
        section(
            _("Answer"),
            columns.text("supplier_claim_reference", _("Supplier claim number")),
            "recorded_by",
        ),
        section(
            _("Dates"),
            "opened_at",
            "attempts",
            "failures",
            "retry_at",
            "polled_at",
            columns.status_history,
        ),
    ]
    inlines: ClassVar = [
        inline(
            SupplierClaimLine,
            columns.text("purchase_line__order_line__sku", _("SKU")),
            columns.text("purchase_line__order_line__title", _("Item")),
            "quantity",
            "ordered_quantity",
            columns.money("unit_amount", _("Unit price paid"), currency="claim__currency"),
            tab=False,
            related=("claim", "purchase_line__order_line"),
        ),
    ]
    exclude: ClassVar = [
        "picture_urls",
        "supplier_claim_reference",
        "is_manual",
        "currency",
    ]  # shown by the columns above
    user_errors: ClassVar = (submission.ClaimStateError, settlement.CannotRecordError)
    actions_detail: ClassVar = [
        "send_now",
        "resubmit",
        "look_up",
        "mark_submitted_by_staff",
        "record_answer",
        "withdraw",
    ]
    available_if: ClassVar = {
        "send_now": submission.can_hand_over,
        "resubmit": lambda row: (
            not row.is_manual and row.status in {Status.SUBMIT_FAILED, Status.ON_HOLD}
        ),
        "look_up": lambda row: not row.is_manual and row.status in claim_status.LOOKUP_STATES,
        "mark_submitted_by_staff": lambda row: row.status in submission.NOT_SUBMITTED,
        "record_answer": lambda row: row.status not in {Status.SUBMITTING, *SupplierClaim.SETTLED},
        "withdraw": lambda row: row.status in {*submission.NOT_SUBMITTED, Status.REQUESTED},
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[SupplierClaim]:
        return SupplierClaim.objects.select_related("purchase_order__supplier")

    @confirmed_action(
        description=_("Send to supplier"),
        icon="send",
        explain=_(
            "The claim is sent automatically, and its status is checked until the supplier decides."
        ),
        done=_("%s is being sent."),
    )
    def send_now(self, request: HttpRequest, claim: SupplierClaim, _data: object) -> None:
        submission.hand_over(claim=claim)
        self.wake(request, tasks.submit_claim, claim_id=claim.pk)

    @confirmed_action(
        description=_("Resend claim"),
        icon="send",
        explain=lambda claim: (
            claim.problem
            or gettext(
                "If the supplier may have received the claim, its status is checked"
                " first. A claim that the supplier has is not sent twice."
            )
        ),
        done=_("%s is being sent."),
    )
    def resubmit(self, request: HttpRequest, claim: SupplierClaim, _data: object) -> None:
        submission.resubmit(claim=claim, **acting(request))
        self.wake(request, tasks.submit_claim, claim_id=claim.pk)

    @confirmed_action(
        description=_("Check status with supplier"),
        icon="search",
        explain=_(
            "Looks up the claim at the supplier by our number and applies its"
            " status. Open claims are also checked every 15 minutes."
        ),
        done=_("Status check started. The supplier's response will appear on this page."),
    )
    def look_up(self, _request: HttpRequest, claim: SupplierClaim, _data: object) -> None:
        claim_status.require_no_call_in_flight(claim=claim, now=timezone.now())
        enqueue_or_fail(tasks.look_up, claim_id=claim.pk)

    @confirmed_action(
        description=_("Mark as sent"),
        icon="forum",
        explain=_(
            "Use this after you contacted the supplier yourself. The claim is no"
            " longer sent automatically, and you record the response here."
        ),
        form_class=forms.ReferenceForm,
        done=_("%s is waiting for the supplier's response."),
    )
    def mark_submitted_by_staff(
        self, request: HttpRequest, claim: SupplierClaim, data: FormData
    ) -> None:
        submission.mark_submitted_by_staff(claim=claim, **data, **acting(request))

    @confirmed_action(
        description=_("Record response"),
        icon="edit_note",
        explain=lambda claim: (
            gettext(
                "Claimed: %(expected)s. Enter the amount in %(currency)s. The"
                " recorded response cannot be changed."
            )
            % {"expected": columns.as_money(claim.expected), "currency": claim.currency}
        ),
        form_class=forms.ClaimResponseForm,
        done=_("Supplier response to %s recorded."),
    )
    def record_answer(self, request: HttpRequest, claim: SupplierClaim, data: FormData) -> None:
        amount = data["amount"]
        settlement.record_answer(
            claim=claim,
            answer=Status(data["answer"]),
            credited=None if amount is None else Money(amount, claim.currency),
            reason=data["reason"],
            **acting(request),
        )

    @confirmed_action(
        description=_("Withdraw claim"),
        icon="undo",
        explain=_(
            "If the claim was sent automatically, the supplier is told that it is"
            " withdrawn. A withdrawn claim is closed without a credit."
        ),
        form_class=ReasonForm,
        done=_("%s is withdrawn."),
    )
    def withdraw(self, request: HttpRequest, claim: SupplierClaim, data: FormData) -> str | None:
        arguments = {"reason": data["reason"], "actor": str(request.user)}
        if claim.status != Status.REQUESTED or claim.is_manual:
            submission.withdraw(claim=claim, now=timezone.now(), **arguments)
            return None
        enqueue_or_fail(tasks.withdraw_claim, claim_id=claim.pk, **arguments)
        return gettext("Withdrawal requested. The supplier's response will appear on this page.")


register_read_only(
    SupplierClaimLine,
    list_display=[
        columns.link("claim", _("Claim")),
        columns.text("purchase_line__order_line__sku", _("SKU")),
        "quantity",
        "ordered_quantity",
        columns.money("unit_amount", _("Unit price paid"), currency="claim__currency"),
    ],
    list_display_links=["quantity"],
    list_select_related=["claim", "purchase_line__order_line"],
    search_fields=["claim__number", "purchase_line__order_line__sku"],
)
