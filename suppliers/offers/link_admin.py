"""Offer link admin: show why an offer is on hold; link it, create a product from it, refuse it."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from catalog.models import Variant
from storefront.lib.staff.admin import ReasonForm, StaffAdmin, confirmed_action
from suppliers.inventory import tasks
from suppliers.models import SupplierOffer, SyncIssue
from suppliers.offers import overrides
from suppliers.runs.issue_labels import issue_label


class LinkForm(ReasonForm):
    sku = forms.CharField(label=_("SKU"), max_length=40, widget=UnfoldAdminTextInputWidget)
    field_order = ("sku", "reason")

    def clean_sku(self) -> str:
        sku: str = self.cleaned_data["sku"].strip().upper()
        if not Variant.objects.filter(sku=sku).exists():
            raise forms.ValidationError(
                gettext("No variant has this SKU. Copy it from the variant’s page.")
            )
        return sku


@admin.display(description=_("Reasons it is not on sale"))
def open_issue_list(offer: SupplierOffer) -> str:
    issues = [(issue_label(code), message) for code, message in _open_issues(offer)]
    return format_html(
        '<ul class="staff-moves">{}</ul>', format_html_join("", "<li><b>{}</b> {}</li>", issues)
    )


def _open_issues(offer: SupplierOffer) -> list[tuple[str, str]]:
    issues = SyncIssue.objects.filter(
        supplier=offer.supplier_id,
        row__in=[offer.supplier_sku, offer.product_external_id],
        severity=SyncIssue.Severity.ERROR,
        resolved_at=None,
    )
    return list(issues.order_by("pk").values_list("code", "message"))


def _after_open_issues(text: Promise) -> Callable[[SupplierOffer], str]:
    """Return a function that explains an action: the open issues of the offer, then the text."""

    def explain(offer: SupplierOffer) -> str:
        sentences = [f"{issue_label(code)}. {message}" for code, message in _open_issues(offer)]
        return " ".join([*sentences, str(text)])

    return explain


class LinkActions(StaffAdmin):
    """Decisions of staff about an offer without a link. Each needs a reason."""

    link_actions: ClassVar = ["link", "create_product", "refuse"]
    link_fits: ClassVar = dict.fromkeys(link_actions, overrides.is_unlinked)

    @confirmed_action(
        description=_("Link to a product"),
        icon="link",
        explain=_after_open_issues(
            _(
                "The offer is sold as this variant, and syncs do not change that. Compare brand,"
                " model and GTIN first: with a wrong link the wrong product is shipped."
            )
        ),
        form_class=LinkForm,
        initial=lambda offer: {"sku": offer.disputed_variant.sku if offer.disputed_variant else ""},
        done=_("Linked."),
    )
    def link(
        self, request: HttpRequest, offer: SupplierOffer, cleaned_data: Mapping[str, Any]
    ) -> None:
        variant = Variant.objects.get(sku=cleaned_data["sku"])
        overrides.link(offer=offer, variant=variant, now=timezone.now())
        self.record(request, offer, gettext("Linked to %(sku)s"), cleaned_data)
        self.wake(request, tasks.publish_pending)

    @confirmed_action(
        description=_("Create a product"),
        icon="add_box",
        explain=_after_open_issues(
            _("The next product sync creates a new product from the supplier’s page.")
        ),
        form_class=ReasonForm,
        done=_("The next product sync creates the product."),
    )
    def create_product(
        self, request: HttpRequest, offer: SupplierOffer, cleaned_data: Mapping[str, Any]
    ) -> None:
        overrides.create_product(offer=offer, now=timezone.now())
        self.record(request, offer, gettext("Product requested"), cleaned_data)

    @confirmed_action(
        description=_("Reject"),
        icon="block",
        explain=_after_open_issues(
            _(
                "The offer stays on hold and raises no more issues, until you clear the"
                " override of its fields."
            )
        ),
        form_class=ReasonForm,
        done=_("Rejected. The offer stays on hold."),
    )
    def refuse(
        self, request: HttpRequest, offer: SupplierOffer, cleaned_data: Mapping[str, Any]
    ) -> None:
        overrides.refuse(offer=offer, now=timezone.now())
        self.record(request, offer, gettext("Rejected"), cleaned_data)

    def record(
        self, request: HttpRequest, offer: SupplierOffer, done: str, values: Mapping[str, Any]
    ) -> None:
        """Write the decision with its reason to the offer's history."""
        self.log_change(request, offer, f"{done % values}: {values['reason']}")
