"""Return label admin: connect the label provider; buy, void and open the label of a return."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import ReturnAuthorization, ReturnLabel, ReturnPolicy
from shipping.models import ReturnLabelAccount
from shipping.return_labels import accounts, files, processing, purchases, tasks
from shipping.return_labels.accounts import NotConnectedError
from shipping.return_labels.parcels import CannotBuyLabelError
from shipping.return_labels.purchases import LabelOffer
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.money import Money
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    Errors,
    FormData,
    StaffAdmin,
    acting,
    action,
    confirmed_action,
    permission_check,
    register_read_only,
)
from storefront.lib.staff.inlines import inline

PDF_URL_NAME = "orders_returnauthorization_label"
BUY_RIGHT = "orders.buy_returnlabel"
Status = ReturnLabel.Status

STATUS_COLUMN = columns.status(
    "status",
    _("Status"),
    needs_action={"failed"},
    waiting={"requested", "void_requested"},
    final={"bought", "voided"},
)


@admin.display(description=_("PDF"))
def pdf_link(label: ReturnLabel) -> str:
    if not label.file:
        return ""
    page = reverse(f"admin:{PDF_URL_NAME}", args=[label.authorization_id, label.pk])
    return format_html('<a class="text-link" href="{}">{}</a>', page, gettext("Open label"))


LABEL_COLUMNS = (
    "reference",
    STATUS_COLUMN,
    columns.money("price_amount", _("Price")),
    "payer",
    columns.money("charge_amount", _("Customer pays"), currency="authorization__currency"),
    "carrier",
    "tracking_number",
    pdf_link,
    "problem",
)
LABELS = inline(ReturnLabel, *LABEL_COLUMNS, tab=False, related=("authorization",))


# Buying


class BuyLabelForm(forms.Form):
    """The shipping option, and who pays for the label."""

    option = forms.ChoiceField(label=_("Shipping option"))
    payer = forms.ChoiceField(
        label=_("Paid by"),
        help_text=_(
            "If the customer pays, the price is deducted from the refund. The e-mail with the label"
            " says so."
        ),
    )


def _offers(row: ReturnAuthorization) -> list[LabelOffer] | str:
    """Return the offers of a row, asked for once per request; or why there are none."""
    kept: Any = row
    if not hasattr(row, "label_offers"):
        try:
            kept.label_offers = purchases.find_offers(row, now=timezone.now())
        except (CannotBuyLabelError, NotConnectedError) as error:
            kept.label_offers = str(error)
        except ExternalServiceError as error:
            message = gettext("The label provider gave no prices: %(problem)s")
            kept.label_offers = message % {"problem": error}
    offers: list[LabelOffer] | str = kept.label_offers
    return offers


def _explain_buying(row: ReturnAuthorization) -> str:
    offers = _offers(row)
    if isinstance(offers, str):
        return offers
    if not offers:
        return gettext("No carrier serves this route. Use “Send return instructions” instead.")
    return gettext(
        "The label is bought by the workers, once, and e-mailed to the customer. Its tracking"
        " number becomes that of the return."
    )


def _buy_form(row: ReturnAuthorization) -> type[forms.Form]:
    offers = _offers(row)
    options = [] if isinstance(offers, str) else [(one.quote.code, _named(one)) for one in offers]
    payers = [
        (payer.value, payer.label)
        for payer in ReturnPolicy.Payer
        if row.is_withdrawal or payer != ReturnPolicy.Payer.CUSTOMER
    ]
    fields = {
        "option": _choice(BuyLabelForm.base_fields["option"], options),
        "payer": _choice(BuyLabelForm.base_fields["payer"], payers),
    }
    return type("BuyReturnLabelForm", (BuyLabelForm,), fields)


def _choice(field: Any, choices: list[tuple[str, Any]]) -> forms.ChoiceField:
    return forms.ChoiceField(label=field.label, help_text=field.help_text, choices=choices)


def _named(offer: LabelOffer) -> str:
    price = columns.as_money(offer.quote.price)
    if offer.charge is None or offer.charge == offer.quote.price:
        return f"{offer.quote.name}: {price}"
    return f"{offer.quote.name}: {price} = {columns.as_money(offer.charge)}"


def bought_label(row: ReturnAuthorization) -> ReturnLabel | None:
    return purchases.live_labels(row).filter(status=Status.BOUGHT).first()


def can_void(row: ReturnAuthorization) -> bool:
    label = bought_label(row)
    return label is not None and not processing.is_used(label)


class ReturnLabelActions(StaffAdmin):
    """Buy and void the label of a return, serve its PDF."""

    actions_detail: ClassVar = ["buy_label", "void_label"]
    available_if: ClassVar[Mapping[str, Callable[[Any], bool]]] = {
        "buy_label": lambda row: purchases.can_buy(row) and accounts.is_connected(),
        "void_label": can_void,
    }
    user_errors: ClassVar[Errors] = (CannotBuyLabelError, NotConnectedError)
    has_label_permission = permission_check(BUY_RIGHT)

    @confirmed_action(
        description=_("Buy label"),
        icon="label",
        may="label",
        explain=_explain_buying,
        form_class=_buy_form,
        initial=lambda row: {"payer": purchases.default_payer(row).value},
        done=_("The label is being bought. It appears on this page in a moment."),
    )
    def buy_label(self, request: HttpRequest, row: ReturnAuthorization, data: FormData) -> None:
        offers = _offers(row)
        charges: Mapping[str, Money | None] = {
            one.quote.code: one.charge for one in offers if isinstance(one, LabelOffer)
        }
        purchases.request_label(
            authorization=row,
            payer=ReturnPolicy.Payer(data["payer"]),
            option=data["option"],
            charge=charges[data["option"]],
            **acting(request),
        )
        self.wake(request, tasks.process_labels)

    @confirmed_action(
        description=_("Void label"),
        icon="cancel",
        may="label",
        explain=_(
            "The provider is asked to cancel the label and refund its price. The customer is told"
            " not to use it. If the provider does not cancel it, it stays valid."
        ),
        done=_("Cancellation requested. The provider's answer appears on this page."),
    )
    def void_label(self, request: HttpRequest, row: ReturnAuthorization, _data: object) -> None:
        label = bought_label(row)
        if label is None:
            raise CannotBuyLabelError(gettext("This return has no bought label."))
        processing.request_void(label=label, **acting(request))
        self.wake(request, tasks.process_labels)

    def get_urls(self) -> list[URLPattern]:
        pdf = path(
            "<int:pk>/labels/<int:label>/",
            self.admin_site.admin_view(self.label_pdf),
            name=PDF_URL_NAME,
        )
        return [pdf, *super().get_urls()]

    def label_pdf(self, request: HttpRequest, pk: int, label: int) -> HttpResponse:
        """Return the PDF of a label, uncached, to staff who may view the return."""
        authorization = self.get_object(request, str(pk))
        if authorization is None or not self.has_view_permission(request, authorization):
            raise PermissionDenied("orders.view_returnauthorization")
        row = authorization.labels.filter(pk=label).first()
        if row is None:
            raise Http404(gettext("This label does not exist."))
        try:
            return files.show(row)
        except FileNotFoundError as error:
            raise Http404(gettext("This label does not exist.")) from error


register_read_only(
    ReturnLabel,
    list_display=[columns.link("authorization", _("Return")), *LABEL_COLUMNS],
    list_select_related=["authorization"],
    list_filter=["status", "payer"],
    search_fields=["reference", "tracking_number", "authorization__number"],
    exclude=["file", "currency"],
)


# The account


class ConnectForm(forms.Form):
    """The keys of the account."""

    public_key = forms.CharField(label=_("Public key"), max_length=100)
    secret_key = forms.CharField(
        label=_("Secret key"),
        min_length=6,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("In Sendcloud: Settings, Integrations, Sendcloud API. It is stored encrypted."),
    )


@admin.display(description=_("Responding"))
def account_health(row: ReturnLabelAccount) -> str:
    if row.problem:
        return columns.as_status(gettext("no"), needs_action=True)
    return columns.as_status(gettext("yes"), final=True) if row.answered_at else ""


@admin.register(ReturnLabelAccount)
class ReturnLabelAccountAdmin(StaffAdmin):
    may_delete = True
    list_display: ClassVar = [
        "provider",
        "public_key",
        account_health,
        columns.age("answered_at", _("Last answer")),
        "problem",
    ]
    exclude: ClassVar = ["secret_encrypted"]
    readonly_fields: ClassVar = [account_health]
    actions_list: ClassVar = ["connect"]
    actions_detail: ClassVar = ["check_connection"]
    user_errors: ClassVar[Errors] = (NotConnectedError,)
    empty_text = _(
        "Connect Sendcloud to buy return labels. Without it, enter the return instructions of each"
        " return yourself."
    )

    def page_of(self, _row: models.Model) -> str:
        return reverse("admin:shipping_returnlabelaccount_changelist")

    @action(description=_("Connect Sendcloud"), icon="link")
    def connect(self, request: HttpRequest) -> HttpResponse:
        """Ask for the keys, and store them after a test call."""
        return self.ask(
            request,
            ReturnLabelAccount.objects.first() or ReturnLabelAccount(),
            title=gettext("Connect the label provider"),
            explain=gettext("The keys are tested with a call that buys nothing, then stored."),
            form_class=ConnectForm,
            act=lambda data: accounts.connect(**data, now=timezone.now()),
            done=gettext("Connected. Returns now offer “Buy label”."),
        )

    @confirmed_action(
        description=_("Test connection"),
        icon="network_check",
        explain=_("The provider is called once. Nothing is bought."),
        done=_("The provider answers."),
    )
    def check_connection(
        self, _request: HttpRequest, _row: ReturnLabelAccount, _data: object
    ) -> None:
        accounts.check_connection(now=timezone.now())
