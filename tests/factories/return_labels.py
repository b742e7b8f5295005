"""Return label factories: approved returns with an address for labels, labels bought by workers."""

from decimal import Decimal

from django.db import transaction

from orders.models import ReturnAuthorization, ReturnLabel, ReturnPolicy
from orders.returns import authorizations
from shipping.return_labels import accounts, processing, purchases
from storefront.lib.http.errors import ExternalServiceError
from tests.factories.returns import declare, make_delivered, make_policy
from tests.factories.suppliers import NOON

LABEL_ADDRESS = {
    "label_name": "Fara Returns",
    "label_street": "Lampenweg 1",
    "label_postcode": "10115",
    "label_city": "Berlin",
    "label_country": "DE",
}
DPD = "dpd:return/return"


def make_approved_return(*units, kind="withdrawal", policy=None, order=None):
    """Make a return that waits for a label; the policy has an address for labels."""
    if not ReturnPolicy.objects.exists():
        make_policy(**LABEL_ADDRESS | (policy or {}))
    order = order or make_delivered(quantity=3)
    authorization = declare(order, *(units or (1,)), kind=kind, customer_message="Dead.")
    if authorization.status == "requested":
        authorizations.approve(authorization=authorization, answer="", actor="ann", now=NOON)
    return authorization


def request_label(authorization, *, payer=None, now=NOON, option=DPD):
    """Request the cheapest label as staff do."""
    offers = purchases.find_offers(authorization, now=now)
    offer = next(one for one in offers if one.quote.code == option)
    return purchases.request_label(
        authorization=authorization,
        payer=ReturnPolicy.Payer(payer or purchases.default_payer(authorization)),
        option=option,
        charge=offer.charge,
        actor="ann",
        now=now,
    )


def work(label, now=NOON):
    """Take the next step of a label as a worker does; return the row."""
    row = ReturnLabel.objects.get(pk=label.pk)
    try:
        with accounts.open_provider() as provider:
            processing.process(label=row, provider=provider, now=now)
    except ExternalServiceError:
        pass
    return ReturnLabel.objects.get(pk=label.pk)


def buy_label(authorization, **chosen):
    """Buy a label; return the row, and reread the return."""
    label = work(request_label(authorization, **chosen))
    authorization.refresh_from_db()
    return label


def add_label_row(status, *, at):
    """Add a label with this status to the first return, and let all returns wait for a label."""
    unpaid = {"due_amount": None, "refund_amount": None, "delivery_amount": 0, "label_amount": 0}
    ReturnAuthorization.objects.update(status="approved", address="Lampenweg 1", **unpaid)
    return ReturnLabel.objects.create(
        authorization=ReturnAuthorization.objects.first(),
        reference=f"a label, {status}",
        status=status,
        status_since=at,
        requested_at=at,
        payer="us",
    )


def add_label(authorization, *, payer="customer", charge="5.95", status="bought", file=""):
    """Add a bought label, and its number to the return, as a worker does."""
    number = "DPDR000000001"
    ReturnAuthorization.objects.filter(pk=authorization.pk).update(tracking_number=number)
    authorization.refresh_from_db()
    return ReturnLabel.objects.create(
        authorization=authorization,
        reference=f"{authorization.number}-L{authorization.labels.count() + 1}",
        status=status,
        status_since=NOON,
        requested_at=NOON,
        payer=payer,
        price_amount=Decimal("5.95"),
        currency="EUR",
        charge_amount=Decimal(charge),
        external_id="1",
        carrier="dpd",
        tracking_number=number,
        file=file,
    )


@transaction.atomic
def send_label(authorization, **known):
    """Add a bought label and send it to the customer."""
    label = add_label(authorization, **known)
    authorizations.attach_label(authorization, label, now=NOON)
    return label
