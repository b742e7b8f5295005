"""Claim forms: enter a claim and the supplier's answer, read what staff enter."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.claims.claims import ClaimDraft
from orders.models import PurchaseLine, SupplierClaim
from storefront.lib.money import Money
from storefront.lib.staff import columns
from storefront.lib.staff.admin import ReasonForm
from storefront.lib.staff.form_fields import money_field

Status = SupplierClaim.Status
MAX_PHOTO_LINKS = 10
MAX_MESSAGE_LENGTH = 440  # suppliers accept 500 characters, freight text included


class ClaimForm(forms.Form):
    """Reason, remedy, message and photo links; ``claim_form`` inserts a quantity field per line."""

    claim_reason = forms.ChoiceField(label=_("Reason"), choices=SupplierClaim.ClaimReason.choices)
    remedy = forms.ChoiceField(
        label=_("Requested resolution"), choices=SupplierClaim.Remedy.choices
    )
    message = forms.CharField(
        label=_("Message"),
        max_length=MAX_MESSAGE_LENGTH,
        help_text=_(
            "The supplier reads this. Do not include personal data: the order number"
            " identifies the order."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    pictures = forms.CharField(
        label=_("Photo links"),
        required=False,
        help_text=_("Up to 10 links, one per line. They must open without signing in."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    number = forms.CharField(widget=forms.HiddenInput, max_length=30)

    def clean_pictures(self) -> tuple[str, ...]:
        urls = tuple(self.cleaned_data["pictures"].split())
        if len(urls) > MAX_PHOTO_LINKS:
            raise ValidationError(gettext("Enter at most ten links."), code="too_many")
        for url in urls:
            URLValidator(schemes=["http", "https"])(url)
        return urls


class ManualSubmissionForm(forms.Form):
    """Manual submission; shown only if the supplier's connector accepts claims."""

    is_manual = forms.BooleanField(
        label=_("I will contact the supplier myself"),
        required=False,
        help_text=_("The claim is not sent automatically, and you record the response yourself."),
    )


def _unit_fields(claimable: Mapping[PurchaseLine, int]) -> dict[str, Any]:
    return {
        _unit_field(line.pk): forms.IntegerField(
            label=f"{line.order_line.sku}: {line.order_line.title}",
            help_text=_("%(left)d of %(ordered)d can be claimed at %(price)s each.")
            % {
                "left": claimable_units,
                "ordered": line.quantity,
                "price": columns.as_money(Money(line.agreed_cost_amount, line.cost_currency)),
            },
            required=False,
            min_value=0,
            max_value=claimable_units,
            initial=min(claimable_units, 1) if len(claimable) == 1 else 0,
            disabled=not claimable_units,
        )
        for line, claimable_units in claimable.items()
    }


def claim_form(
    claimable: Mapping[PurchaseLine, int],
    *,
    can_submit_manually: bool,
    freight: Money | None = None,
) -> type[forms.Form]:
    """Return the claim form of one purchase order: units of each line, freight, other fields."""
    fields = _unit_fields(claimable)
    if freight is not None:
        fields["freight"] = money_field(
            _("Freight"),
            help_text=_("Up to %(most)s, the freight we paid. It can be claimed once.")
            % {"most": columns.as_money(freight)},
            required=False,
            max_value=freight.amount,
        )
    order = [*fields, *ClaimForm.base_fields]
    bases = (ManualSubmissionForm, ClaimForm) if can_submit_manually else (ClaimForm,)
    return type("PurchaseClaimForm", bases, {**fields, "field_order": order})


def units_form(claimable: Mapping[PurchaseLine, int]) -> type[forms.Form]:
    """Return a form with the units of each line of one purchase order."""
    return type("UnitsForm", (forms.Form,), _unit_fields(claimable))


def read_units(
    cleaned_data: Mapping[str, Any], claimable: Mapping[PurchaseLine, int]
) -> dict[int, int]:
    """Return the entered units by purchase line id."""
    return {line.pk: cleaned_data[_unit_field(line.pk)] or 0 for line in claimable}


def read_draft(
    cleaned_data: Mapping[str, Any], claimable: Mapping[PurchaseLine, int], *, is_manual: bool
) -> ClaimDraft:
    return ClaimDraft(
        number=cleaned_data["number"],
        remedy=SupplierClaim.Remedy(cleaned_data["remedy"]),
        claim_reason=SupplierClaim.ClaimReason(cleaned_data["claim_reason"]),
        message=cleaned_data["message"],
        units=read_units(cleaned_data, claimable),
        picture_urls=cleaned_data["pictures"],
        freight=cleaned_data.get("freight") or Decimal(0),
        is_manual=is_manual or cleaned_data.get("is_manual", False),
    )


def _unit_field(line_id: int) -> str:
    return f"units_{line_id}"


class ReferenceForm(forms.Form):
    """The supplier's reference of the claim."""

    reference = forms.CharField(label=_("Supplier claim number"), required=False, max_length=60)


class ClaimResponseForm(ReasonForm):
    """The supplier's response, entered by staff."""

    answer = forms.ChoiceField(
        label=_("Response"),
        choices=[
            (Status.CREDITED, _("Credited")),
            (Status.RESENT, _("Replacement sent")),
            (Status.DENIED, _("Denied")),
        ],
    )
    amount = money_field(_("Amount refunded"), required=False)
    field_order = ("answer", "amount", "reason")
