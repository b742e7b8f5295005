"""Go-live checklist: tell for each step before the first order whether it is done.

The page and ``manage.py doctor`` show the same steps.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from catalog.models import Channel, Listing, PriceBook, SellingCosts
from orders.models import TaxNumber
from storefront.accounts.models import User
from storefront.identity import live_database
from storefront.identity.current import ALL_FIELDS, DEMONSTRATION, Identity, is_reserved
from storefront.identity.models import LegalText, ShopIdentity
from suppliers.models import ShippingService, Supplier

MAX_BACKUP_AGE = timedelta(hours=36)
LIVE_KEYS = ("sk_live_", "rk_live_")
# What the law of most countries requires; the others have built-in texts that fit any shop.
REQUIRED_TEXTS = (
    LegalText.Page.TERMS,
    LegalText.Page.PRIVACY,
    LegalText.Page.WITHDRAWAL,
    LegalText.Page.IMPRINT,
)


class State(StrEnum):
    DONE = "done"
    WARNING = "warning"  # the shop sells without it
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: ``detail`` says what was found, ``place`` names the page or file that ends it."""

    code: str
    title: str | Promise
    why: str | Promise
    state: State
    detail: str
    place: str | Promise
    link: str = ""

    @property
    def is_open(self) -> bool:
        return self.state is not State.DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What several steps read."""

    now: datetime
    identity: Identity | None  # None: no row
    channels: list[Channel]
    database: live_database.State


ENV_FILE = _("File .env on the server")


def steps(*, now: datetime) -> list[Step]:
    """Return all steps in the order in which a new shop takes them."""
    row = ShopIdentity.objects.values(*ALL_FIELDS).first()
    facts = Facts(
        now=now,
        identity=Identity(**row) if row else None,
        channels=list(
            Channel.objects.filter(is_storefront=True)
            .annotate(
                has_prices=Exists(PriceBook.objects.filter(channel=OuterRef("pk"), status="live")),
                has_costs=Exists(SellingCosts.objects.filter(channel=OuterRef("pk"))),
            )
            .order_by("code")
        ),
        database=live_database.read(),
    )
    return [step for make in STEPS for step in make(facts)]


def open_steps(*, now: datetime) -> list[Step]:
    return [step for step in steps(now=now) if step.is_open]


def _step(*, fault: str, is_required: bool = True, **words: object) -> Step:
    """Return a step that is done if it has no fault."""
    state = (State.MISSING if is_required else State.WARNING) if fault else State.DONE
    return Step(state=state, detail=fault, **words)  # type: ignore[arg-type]


def _database(facts: Facts) -> Iterator[Step]:
    """Yield whether a copy of a database is switched on; a new shop needs no such step."""
    database = facts.database
    if database.is_live and database.switched_on_at is None:
        return
    yield Step(
        code="database",
        title=_("Background work"),
        why=_(
            "This database was restored from a backup, or copied. Suppliers and customers may know"
            " more than it does: an order could be sent twice."
        ),
        state=State.DONE if database.is_live else State.MISSING,
        detail=_switched_on(database, facts.now)
        if database.is_live
        else gettext("Paused: the shop is closed, and nothing is sent."),
        place=_("Button on this page"),
    )


def _switched_on(database: live_database.State, now: datetime) -> str:
    return gettext("Switched on by %(name)s, %(age)s ago") % {
        "name": database.switched_on_by,
        "age": timesince(database.switched_on_at or now, now),
    }


def _identity(facts: Facts) -> Iterator[Step]:
    shop = facts.identity
    # The page that adds the identity leads to it if it exists.
    link = reverse("admin:identity_shopidentity_add")
    page: dict[str, Any] = {"place": _("Shop identity"), "link": link}
    found = shop or DEMONSTRATION
    none = gettext("Nothing is entered yet.")
    yield _step(
        code="name",
        title=_("Shop name"),
        why=_("It is on every page and in every e-mail. Without it the shop stays closed."),
        fault="" if shop else none,
        **page,
    )
    yield _step(
        code="imprint",
        title=_("Imprint"),
        why=_("Customers and authorities must be able to see which company sells."),
        fault=_imprint_fault(shop),
        is_required=shop is None,
        **page,
    )
    fault = none if shop is None else ""
    if shop and shop.is_demonstration:
        fault = gettext("E-mails to %(address)s cannot be delivered.") % {"address": shop.email}
    yield _step(
        code="contact",
        title=_("Contact"),
        why=_("Customers write to this address. In production the shop is closed without it."),
        fault=fault,
        **page,
    )
    yield _step(
        code="logo",
        title=_("Logo"),
        why=_("Pages and e-mails show the shop name without it."),
        fault="" if found.logo_name else gettext("There is no logo."),
        is_required=False,
        **page,
    )
    yield _step(
        code="colors",
        title=_("Colors"),
        why=_("Buttons of pages and e-mails have the built-in color without them."),
        fault="" if found.accent_color else gettext("The built-in colors are used."),
        is_required=False,
        **page,
    )


def _imprint_fault(shop: Identity | None) -> str:
    if shop is None:
        return gettext("Nothing is entered yet.")
    return "" if shop.register_entry else gettext("The commercial register entry is empty.")


def _legal_texts(_facts: Facts) -> Iterator[Step]:
    written = set(LegalText.objects.values_list("page", "language"))
    missing = [
        f"{page.label} ({name})"
        for page in REQUIRED_TEXTS
        for language, name in settings.LANGUAGES
        if (page.value, language) not in written
    ]
    yield _step(
        code="legal_texts",
        title=_("Legal texts"),
        why=_("The built-in texts fit no country exactly. Have a lawyer check yours."),
        fault=gettext("Built-in: %(pages)s") % {"pages": ", ".join(missing)} if missing else "",
        is_required=False,
        place=_("Legal texts"),
        link=reverse("admin:identity_legaltext_changelist"),
    )


def _mail(_facts: Facts) -> Iterator[Step]:
    why = _("Customers get confirmations, tracking and invoices by e-mail.")
    is_undeliverable = is_reserved(settings.MAIL_FROM.rstrip(">"))
    yield _step(
        code="mail",
        title=_("E-mail sender"),
        why=why,
        fault=gettext("MAIL_FROM is an example: %(address)s") % {"address": settings.MAIL_FROM}
        if is_undeliverable
        else ""
        if settings.MAIL_PROVIDER
        else gettext("Bounces are not known: MAIL_PROVIDER."),
        is_required=is_undeliverable,
        place=ENV_FILE,
    )


def _tax(facts: Facts) -> Iterator[Step]:
    has_number = bool(facts.identity and facts.identity.vat_id) or TaxNumber.objects.exists()
    yield _step(
        code="tax",
        title=_("VAT numbers"),
        why=_("Invoices name them. Tax is added or included only where you are registered."),
        fault="" if has_number else gettext("There is no VAT ID and no tax registration."),
        is_required=False,
        place=_("Tax numbers"),
        link=reverse("admin:orders_taxnumber_changelist"),
    )


def _markets(facts: Facts) -> Iterator[Step]:
    channels = facts.channels
    yield _step(
        code="markets",
        title=_("Markets"),
        why=_(
            "A channel of our own site names currency and countries. Without one nothing is sold."
        ),
        fault="" if channels else gettext("No channel is sold on our own site."),
        place=_("Channels"),
        link=reverse("admin:catalog_channel_changelist"),
    )
    unpriced = [each.code for each in channels if not each.has_prices]  # type: ignore[attr-defined]
    without_costs = [each.code for each in channels if not each.has_costs]  # type: ignore[attr-defined]
    faults = [gettext("There is no market yet.")] if not channels else []
    if unpriced:
        faults.append(gettext("No live price book: %(codes)s") % {"codes": ", ".join(unpriced)})
    if without_costs:
        faults.append(gettext("No selling costs: %(codes)s") % {"codes": ", ".join(without_costs)})
    yield _step(
        code="prices",
        title=_("Price rules"),
        why=_("Prices are calculated from costs by rules. Without both, nothing has a price."),
        fault=" ".join(faults),
        place=_("Selling costs") if without_costs and not unpriced else _("Price books"),
        link=reverse(
            "admin:catalog_sellingcosts_changelist"
            if without_costs and not unpriced
            else "admin:catalog_pricebook_changelist"
        ),
    )


def _payment(_facts: Facts) -> Iterator[Step]:
    fault, is_required = "", True
    if settings.PAYMENT_GATEWAY != "stripe":
        fault = gettext("%(name)s takes no real money.") % {"name": settings.PAYMENT_GATEWAY}
    elif not settings.STRIPE_SECRET_KEY or not settings.STRIPE_WEBHOOK_SECRET:
        fault = gettext("A key of Stripe is missing.")
    elif not settings.STRIPE_SECRET_KEY.startswith(LIVE_KEYS):
        fault, is_required = gettext("Stripe's key is a test key."), settings.IS_PRODUCTION
    yield _step(
        code="payment",
        title=_("Payment keys"),
        why=_("With test keys customers pay with test cards, and suppliers ship nonetheless."),
        fault=fault,
        is_required=is_required,
        place=ENV_FILE,
    )


def _supply(facts: Facts) -> Iterator[Step]:
    suppliers = Supplier.objects.filter(status=Supplier.Status.ACTIVE)
    services = ShippingService.objects.filter(location__supplier=OuterRef("pk"))
    active = list(suppliers.annotate(ships=Exists(services)).values_list("ships", flat=True))
    yield _step(
        code="supplier",
        title=_("First supplier"),
        why=_("Suppliers ship every order. An active one with a shipping service is needed."),
        fault=gettext("No supplier is active.")
        if not active
        else ""
        if any(active)
        else gettext("No active supplier has a shipping service."),
        place=_("Suppliers"),
        link=reverse("admin:suppliers_supplier_changelist"),
    )
    listings = Listing.objects.for_sale(facts.now).filter(channel__is_storefront=True)
    yield _step(
        code="product",
        title=_("First product"),
        why=_("A product is for sale once it has a price, stock and its documents."),
        fault="" if listings.exists() else gettext("Nothing can be ordered now."),
        place=_("Products"),
        link=reverse("admin:catalog_product_changelist"),
    )


def _two_factor(_facts: Facts) -> Iterator[Step]:
    factors = Authenticator.objects.filter(user=OuterRef("pk"))
    staff = User.objects.filter(is_staff=True, is_active=True)
    count = staff.filter(~Exists(factors)).count()
    fault = ""
    if count:
        fault = ngettext(
            "%(count)d staff account has no second factor.",
            "%(count)d staff accounts have no second factor.",
            count,
        ) % {"count": count}
    if not settings.STAFF_SECOND_FACTOR:
        fault = f"{gettext('It is not required: STAFF_SECOND_FACTOR.')} {fault}".strip()
    yield _step(
        code="two_factor",
        title=_("Two-factor authentication"),
        why=_("A stolen password alone must not open customers' data and refunds."),
        fault=fault,
        is_required=settings.IS_PRODUCTION and not settings.STAFF_SECOND_FACTOR,
        place=_("Users"),
        link=reverse("admin:accounts_user_changelist"),
    )


def _backups(facts: Facts) -> Iterator[Step]:
    last = facts.database.backed_up_at
    fault = gettext("There is no backup yet.") if last is None else ""
    if last and facts.now - last > MAX_BACKUP_AGE:
        fault = gettext("The last backup is %(age)s old.") % {"age": timesince(last, facts.now)}
    yield _step(
        code="backups",
        title=_("Backups"),
        why=_("Orders, payments and customers are in one database. Rehearse a restore as well."),
        fault=fault,
        is_required=last is None,
        place="manage.py backup",
    )


STEPS: tuple[Callable[[Facts], Iterator[Step]], ...] = (
    _database,
    _identity,
    _legal_texts,
    _mail,
    _tax,
    _markets,
    _payment,
    _supply,
    _two_factor,
    _backups,
)
