"""Landed cost: choose the selling costs, add up what one unit costs until it is delivered. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from catalog.enums import EU
from storefront.lib.money import Money

# A parcel from outside pays this for each HS line in it, whatever the quantity; a price must
# hold for the parcel with one unit.
# Source: the EU's flat duty on low-value consignments, which replaces the relief below 150 EUR
FLAT_DUTY = Decimal(3)
DUTY_CURRENCY = "EUR"
DUTY_FROM, DUTY_UNTIL = date(2026, 7, 1), date(2028, 7, 1)
ANY = "*"
NOWHERE = ("",)
ONE = Decimal(1)
LEAST_KEPT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What selling costs on one channel, of goods from one origin and supplier.

    Units:  amounts per unit in the channel's currency; ``supplier_fee_rate`` is of the
            wholesale cost, ``channel_fee_rate`` of the price before tax, ``payment_fee_rate``
            of the price with tax; ``duty_amount`` None: what the law says
    """

    supplier_fee_rate: Decimal = Decimal(0)
    supplier_fee_amount: Decimal = Decimal(0)
    freight_amount: Decimal = Decimal(0)
    duty_amount: Decimal | None = None
    handling_amount: Decimal = Decimal(0)
    payment_fee_rate: Decimal = Decimal(0)
    payment_fee_amount: Decimal = Decimal(0)
    channel_fee_rate: Decimal = Decimal(0)
    tax_rate: Decimal = Decimal(0)

    def fees(self, *, net: Decimal, gross: Decimal) -> tuple[Decimal, Decimal]:
        """Return what the payment and the channel take of a price, besides fixed amounts."""
        return gross * self.payment_fee_rate, net * self.channel_fee_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """The cost of one unit, in its parts; what depends on the price stands in the terms."""

    origin: str
    wholesale: Decimal
    supplier_fee: Decimal
    freight: Decimal
    duty: Decimal
    handling: Decimal
    payment_fee: Decimal
    total: Decimal
    terms: Terms
    is_sure: bool = True  # False: nobody is sure what the money of its duty is worth

    @property
    def fee_rate(self) -> Decimal:
        """The fees that grow with the price, as a fraction of the price before tax."""
        terms = self.terms
        return terms.channel_fee_rate + terms.payment_fee_rate * (1 + terms.tax_rate)

    @property
    def unsent(self) -> Landed:
        """The same without freight, where that is known of the whole parcel."""
        return replace(self, freight=Decimal(0), total=self.total - self.freight)

    def of(self, quantity: int) -> Decimal:
        """Return what so many cost in one line of a parcel: the flat duty is paid once."""
        if quantity == 1:
            return self.total
        once = self.duty if self.terms.duty_amount is None else Decimal(0)
        return (self.total - once) * quantity + once

    def parts(self, quantity: int) -> Iterator[tuple[str, Decimal]]:
        """Name each part of what so many cost in one line, in the order in which it arises."""
        yield "wholesale", self.wholesale * quantity
        yield "supplier_fee", self.supplier_fee * quantity
        yield "freight", self.freight * quantity
        yield "duty", self.duty * (1 if self.terms.duty_amount is None else quantity)
        yield "handling", self.handling * quantity
        yield "payment_fee", self.payment_fee * quantity

    def price_keeping(self, margin_rate: Decimal, *, more: Decimal = Decimal(0)) -> Decimal | None:
        """Return the price with tax that pays all this, ``more``, and leaves the margin.

        None: fees and margin together leave next to nothing of the price to pay the cost with.

        Source: price = (landed + more) / (1 - fees - margin) * (1 + tax)
        """
        keep_rate = ONE - self.fee_rate - margin_rate
        if keep_rate < LEAST_KEPT:
            return None
        return (self.total + more) * (1 + self.terms.tax_rate) / keep_rate

    def margin_rate(self, price: Decimal) -> Decimal:
        """Return what a price with tax leaves, as a fraction of the price before tax."""
        net = price / (1 + self.terms.tax_rate)
        return ONE - self.fee_rate - self.total / net

    def steps(self) -> Iterator[tuple[str, Decimal]]:
        """Name each part of what one unit costs, and all together."""
        yield from self.parts(1)
        yield "landed", self.total


def terms_for(
    known: Mapping[tuple[str, str], Terms], *, origin: str, supplier_code: str
) -> Terms | None:
    """Choose the most specific terms: of this supplier before all, of this origin before any.

    Shape:  ``known`` maps (origin, supplier code) to terms; ``*`` stands for any
    """
    for key in ((origin, supplier_code), (ANY, supplier_code), (origin, ANY), (ANY, ANY)):
        if key in known:
            return known[key]
    return None


def pays_flat_duty(*, origin: str, destination: str, on: date) -> bool:
    """Tell whether a parcel pays the EU's flat duty. Unknown origins do: a loss is worse."""
    return destination in EU and origin not in EU and DUTY_FROM <= on < DUTY_UNTIL


def turns_between(last: date, today: date, *, destinations: Iterable[str]) -> bool:
    """Tell whether the flat duty came into force, or ended, for one of these countries."""
    has_turned = any(last < day <= today for day in (DUTY_FROM, DUTY_UNTIL))
    return has_turned and not EU.isdisjoint(destinations)


def land(*, wholesale: Decimal, origin: str, terms: Terms, flat_duty: Decimal) -> Landed:
    """Sum up what one unit costs until the shopper has it, as far as no price is needed for it.

    Units:  all in the channel's currency; ``flat_duty`` is 0 where the law asks none
    """
    supplier_fee = wholesale * terms.supplier_fee_rate + terms.supplier_fee_amount
    duty = flat_duty if terms.duty_amount is None else terms.duty_amount
    more = terms.freight_amount + duty + terms.handling_amount + terms.payment_fee_amount
    return Landed(
        origin=origin,
        wholesale=wholesale,
        supplier_fee=supplier_fee,
        freight=terms.freight_amount,
        duty=duty,
        handling=terms.handling_amount,
        payment_fee=terms.payment_fee_amount,
        total=wholesale + supplier_fee + more,
        terms=terms,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Costing:
    """What landed costs on one channel hang on at one moment.

    Shape:  ``countries`` are those that a parcel may go to; the dearest of them counts;
            ``rates`` map currencies to what one unit is worth in the channel's; ``doubts`` those
            of them that nobody is sure of, to the dearest that they may be; ``faded`` hold the
            last worth of money of which nobody knows by now what it is worth
    """

    countries: Sequence[str]
    on: date
    terms: Mapping[tuple[str, str], Terms]
    rates: Mapping[str, Decimal]
    doubts: Mapping[str, Decimal] = field(default_factory=dict)
    faded: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def sure(self) -> Costing:
        """The same, by no rate that anybody has a doubt about."""
        rates = {base: rate for base, rate in self.rates.items() if base not in self.doubts}
        return replace(self, rates=rates, doubts={}, faded={})

    def rate(self, currency: str) -> Decimal | None:
        """Return what money is worth, or was when somebody knew; None: nobody ever said."""
        return self.rates.get(currency, self.faded.get(currency))

    def dearest(self, currency: str) -> Decimal | None:
        """Return the most that money may be worth; None while nobody can say."""
        return self.doubts.get(currency, self.rates.get(currency))

    def landed(self, cost: Money, *, origins: Sequence[str], supplier_code: str) -> Landed | None:
        """Land goods at a wholesale cost in any money; None while nobody can say."""
        rate = self.dearest(cost.currency)
        if rate is None:
            return None
        return self.land(cost.amount * rate, origins=origins, supplier_code=supplier_code)

    def terms_of(self, *, origin: str, supplier_code: str) -> Terms | None:
        return terms_for(self.terms, origin=origin, supplier_code=supplier_code)

    def owes_flat_duty(self, *, origin: str, terms: Terms) -> bool:
        """Tell whether the law asks for its duty, and nobody said another one."""
        return terms.duty_amount is None and any(
            pays_flat_duty(origin=origin, destination=country, on=self.on)
            for country in self.countries
        )

    def land(
        self, wholesale: Decimal, *, origins: Sequence[str], supplier_code: str
    ) -> Landed | None:
        """Land goods from the dearest place they may come from; None without terms for one.

        Units:  ``wholesale`` in the channel's currency
        """
        found: Landed | None = None
        for origin in origins or NOWHERE:
            terms = self.terms_of(origin=origin, supplier_code=supplier_code)
            if terms is None:
                return None
            rate: Decimal | None = Decimal(0)
            owes = self.owes_flat_duty(origin=origin, terms=terms)
            if owes:
                rate = self.dearest(DUTY_CURRENCY)
            if rate is None:
                return None
            one = land(wholesale=wholesale, origin=origin, terms=terms, flat_duty=FLAT_DUTY * rate)
            if owes and DUTY_CURRENCY in self.doubts:
                one = replace(one, is_sure=False)
            if found is None or _dearer(one, found):
                found = one
        return found


def _dearer(one: Landed, other: Landed) -> bool:
    ones, others = one.price_keeping(Decimal(0)), other.price_keeping(Decimal(0))
    return others is not None and (ones is None or ones > others)
