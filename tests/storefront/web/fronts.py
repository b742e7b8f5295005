"""Shop interfaces: read what each of them states about one light."""

import html
import json
import re
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.core import signing

from orders.cart import carts
from orders.models import Cart
from storefront.web.core import formats
from storefront.web.core.visit import COUNTRY_COOKIE, SALT
from tests.factories.catalog import NOON
from tests.storefront.api.schema_client import CART

SLUG = "trail-400"
UNSAID = "unsaid"
GONE = "gone"
LOST = "lost"
LOST_WORDS = re.compile("We cannot deliver this|This item is restricted")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What one interface states; UNSAID if nothing. ``days`` is None if no arrival is promised."""

    is_sold_out: object = UNSAID
    most: object = UNSAID
    days: object = UNSAID
    packs: object = UNSAID


class Fronts:
    """A customer's browser and an API client, both interested in one light in one country."""

    def __init__(self, customer, api, listing, country):
        self.customer, self.api, self.listing, self.country = customer, api, listing, country
        customer.cookies[COUNTRY_COOKIE] = country

    def text(self, path):
        return html.unescape(self.customer.get(path).content.decode())

    def of_one(self):
        """Return what all interfaces say about a single unit."""
        return {
            "card": self.card("/en/c/headlamps/"),
            "search": self.card("/en/search/?q=trail"),
            "front page": self.card("/en/", is_optional=True),
            "comparison": self.comparison(),
            "page": self.page(),
            "page by address": self.page(f"?v={self.listing.variant.sku}"),
            "structured data": self.structured(),
            "API list": self.api_list(),
            "API product": self.api_product(),
            "API availability": self.api_availability(),
        }

    def is_buyable(self):
        text = self.text(f"/en/p/{SLUG}/")
        return not ("Out of stock." in text or LOST_WORDS.search(text))

    def in_stock(self):
        """Return all counts of the in-stock lists; assert that they show no unavailable card."""
        found = self.told("/api/v1/listings/", in_stock="1")
        counts = [found["in_stock"], found["total"], len(found["results"])]
        for path in ("/en/c/headlamps/?", "/en/search/?q=trail&"):
            text = self.text(f"{path}in_stock=1")
            counts += [in_stock(text), in_stock(self.text(path)), text.count('class="card-when')]
            words = [state(shown) for shown in shown_in(text)]
            assert not set(words) & {GONE, LOST}, words
        return counts

    def card(self, path, *, is_optional=False):
        found = shown_in(self.text(path))
        if is_optional and not found:  # the home page shows only what is available
            assert not self.is_buyable()
            return Statement()
        (words,) = found
        days = words.removeprefix("arrives ") if words.startswith("arrives ") else None
        assert (state(words) in {GONE, LOST}) is not self.is_buyable()
        return Statement(is_sold_out=state(words) == GONE, days=days)

    def comparison(self):
        text = self.text(f"/en/compare/?light={SLUG}")
        when, stock = (
            re.search(rf'<th scope="row">{name}</th><td>(.*?)</td>', text)[1]
            for name in ("Arrives", "Stock")
        )
        days = None if when == "not stated" else when
        return Statement(is_sold_out=stock == "Out of stock", days=days)

    def page(self, query=""):
        text = self.text(f"/en/p/{SLUG}/{query}")
        days = re.search(r"Arrives <strong>(.*?)</strong>", text)
        packs = re.search(r"Sold in packs only: choose (\d+)", text)
        most = re.search(r"At most (\d+) in one delivery", text) or re.search(
            r"In stock: (\d+)", text
        )
        is_lost = bool(LOST_WORDS.search(text))
        return Statement(
            is_sold_out="Out of stock." in text,
            most=UNSAID if is_lost or not most else int(most[1]),
            days=days[1] if days else None,
            packs=int(packs[1]) if packs else None,
        )

    def structured(self):
        text = self.customer.get(f"/en/p/{SLUG}/").content.decode()
        (script,) = re.findall(
            r'<script type="application/ld\+json">(\{"@context.*?)</script>', text
        )
        goods = json.loads(script)["@graph"][0]
        offer = goods["offers"]
        assert offer["price"] == re.search(r'class="price">€([\d.]+)', text)[1]
        days, packs = None, offer.get("eligibleQuantity", {}).get("minValue")
        if delivery := offer.get("shippingDetails"):
            time = delivery["deliveryTime"]
            leaves = NOON.date() + timedelta(days=time["handlingTime"]["maxValue"])
            days = format_days(
                *(
                    leaves + timedelta(days=time["transitTime"][end])
                    for end in ("minValue", "maxValue")
                )
            )
            assert delivery["shippingDestination"]["addressCountry"] == self.country
        is_lost = bool(LOST_WORDS.search(html.unescape(text)))
        assert (offer.get("ineligibleRegion") == self.country) is is_lost
        return Statement(
            is_sold_out=offer["availability"].endswith("OutOfStock"), days=days, packs=packs
        )

    def api_list(self):
        (card,) = self.told("/api/v1/listings/")["results"]
        return self.of_goods(card)

    def api_product(self):
        (variant,) = self.told(f"/api/v1/listings/{SLUG}/")["variants"]
        return self.of_goods(variant)

    def told(self, path, **query):
        return self.api.get(path, {"country": self.country, **query}).json()

    def of_goods(self, goods):
        return Statement(
            is_sold_out=not goods["is_available"],
            most=goods["available"],
            days=delivery_days(goods["delivery"]),
        )

    def availability(self, quantity=1):
        path, sku = "/api/v1/availability/", self.listing.variant.sku
        (answer,) = self.told(path, sku=sku, quantity=quantity)["availability"]
        return answer

    def api_availability(self):
        answer = self.availability()
        return Statement(
            most=answer["max_quantity"],
            days=delivery_days(answer["delivery"]),
            packs=None if answer["delivery"] else answer["higher_quantity"],
        )

    def cart_of(self, quantity):
        """Open a cart with a quantity, for both browser and API."""
        cart = carts.open_cart(
            channel=self.listing.channel, country=self.country, locale="en", now=NOON
        )
        self.customer.cookies[settings.CART_COOKIE_NAME] = signing.Signer(salt=SALT).sign(
            cart.token
        )
        body = {"listing_id": self.listing.pk, "quantity": quantity}
        self.api.bearers[CART] = cart.token
        return cart, self.api.post(f"{CART}lines/", body)

    def carts_take(self, quantity):
        """Return each cart's answer: 303 if it accepts the quantity, else units, GONE or a status."""
        Cart.objects.all().delete()
        _, by_api = self.cart_of(quantity)
        Cart.objects.all().delete()
        wish = {"listing": self.listing.pk, "quantity": quantity}
        by_web = self.customer.post("/en/cart/add/", wish)
        words = html.unescape(by_web.content.decode())
        only = re.search(r"Only (\d+) available right now", words)
        gone = "This item has just sold out." in words
        web = int(only[1]) if only else GONE if gone else by_web.status_code
        body = by_api.json()
        program = GONE if body.get("type", "").endswith("#not-for-sale") else body.get("available")
        return {"web": web, "API": 303 if by_api.status_code == 201 else program}

    def of_carts(self, quantity):
        """Return what all interfaces say about a cart with a quantity."""
        _, added = self.cart_of(quantity)
        assert added.status_code == 201, added.content
        (line,) = self.api.get(CART).json()["lines"]
        options = self.told(f"{CART}delivery/")["options"]
        text = self.text("/en/cart/")
        days = re.search(r'<p class="muted">Arrives (.*?)</p>', text)
        is_divided = "Parcel 2 from" in text  # each parcel has its own days
        best = min(options, key=lambda one: (float(one["price"]["amount"]), one["arrives_to"]))
        return {
            "API line": Statement(is_sold_out=line["is_sold_out"], most=line["available"]),
            "API delivery": Statement(is_sold_out=False, days=delivery_days(best)),
            "web cart": Statement(
                is_sold_out="sold out" in text,
                days=UNSAID if is_divided else days[1] if days else None,
            ),
            "API availability": Statement(
                days=delivery_days(self.availability(quantity)["delivery"])
            ),
        }


def shown_in(text):
    """Return the stock text of each card of a page."""
    return re.findall(r'<p class="card-when[^>]*>\s*(.*?)\s*</p>', text)


def state(words):
    """Return GONE or LOST if a card's stock text says so, else the text."""
    return GONE if words == "Out of stock" else LOST if words.startswith("No delivery") else words


def in_stock(text):
    """Return the number beside the in-stock filter."""
    ((count,),) = [re.findall(r'id="in-stock".*?tick-count">(\d+)<', text)]
    return int(count)


def delivery_days(delivery):
    if delivery is None:
        return None
    return format_days(
        *(date.fromisoformat(delivery[end]) for end in ("arrives_from", "arrives_to"))
    )


def format_days(first, last):
    return formats.days(first, last, "en")
