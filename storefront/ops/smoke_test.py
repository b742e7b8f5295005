"""Smoke test: buy a headlamp through the public pages, wait until its parcel has a tracking link."""

import html
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from storefront.identity.current import YOUR_EUROPE_URL
from storefront.ops.http_visitor import Page, PageError, Visitor

CARD = "4242 4242 4242 4242"
ADDRESS = {
    "name": "Smoke Test",
    "line1": "Musterweg 1",
    "postcode": "10115",
    "city": "Berlin",
    "country": "DE",
    "phone": "+49301234567",
}
SHIPPED = "is on its way"  # other e-mails about the parcel follow
PAUSE_S = 1.0


class SmokeTestError(RuntimeError):
    """A step of the purchase failed; the message names it."""


@dataclass(slots=True)
class SmokeTest:
    """One purchase. ``mailbox_url`` is empty if no mailbox can be read."""

    base_url: str
    mailbox_url: str
    patience_s: float
    say: Callable[[str], None]
    visitor: Visitor = field(default_factory=Visitor)
    email: str = field(default_factory=lambda: f"smoke-{secrets.token_hex(6)}@example.org")
    opened: dict[str, Page] = field(default_factory=dict)  # e-mails by address
    shipped: set[str] = field(default_factory=set)  # portal pages of suppliers

    def run(self) -> None:
        """Run all steps. Raises SmokeTestError: a step failed."""
        with self._step("open the shop"):
            home = self.visitor.open(urljoin(self.base_url, "/en/"))
        with self._step("find a headlamp in stock"):
            product = self._product(home)
        with self._step("add it to the cart"):
            cart = self.visitor.submit(product, product.form("listing", "quantity"), {})
        with self._step("enter an address"):
            start = self.visitor.open(cart.link("/checkout/"))
            filled = {**ADDRESS, "email": self.email}
            delivery = self.visitor.submit(start, start.form("email", "line1"), filled)
        with self._step("choose a delivery method"):
            review = self.visitor.submit(delivery, delivery.form("tier"), self._tier(delivery))
        with self._step("order"):
            paying = self.visitor.submit(review, review.form("agreed"), {})
        with self._step("pay at the gateway"):
            values = {"card": CARD, "action": "pay"}
            order = self.visitor.submit(paying, paying.form("card"), values)
        number = self._number(order.url)
        self.say(f"     order {number} for {self.email}: {order.url}")
        with self._step("wait until the order page shows the carrier's link"):
            link = self._wait(lambda: self._parcel_link(order.url), "no tracking link appeared")
        if self.mailbox_url:
            with self._step("read the one e-mail with the tracking link"):
                self._wait(lambda: self._find_email(number, link), "no parcel e-mail arrived")

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        except PageError as error:
            raise SmokeTestError(f"could not {what}: {error}") from error
        self.say(f"{time.monotonic() - started:6.2f} s  {what}")

    def _product(self, home: Page) -> Page:
        category_page = self.visitor.open(home.link("/c/headlamps/"))
        links = [link for link in category_page.links if "/p/" in urlsplit(link).path]
        for link in dict.fromkeys(links):
            page = self.visitor.open(link)
            if any(form.fields >= {"listing", "quantity"} for form in page.forms):
                return page
        raise PageError(f"none of {len(links)} headlamps on {category_page.url} is in stock")

    @staticmethod
    def _tier(delivery: Page) -> dict[str, str]:
        form = delivery.form("tier")
        return {"tier": form.values.get("tier") or "economy"}

    @staticmethod
    def _number(url: str) -> str:
        parts = urlsplit(url).path.split("/")
        if "orders" not in parts:
            raise SmokeTestError(f"the gateway redirected to {url}, which is not an order page")
        return parts[parts.index("orders") + 1]

    def _parcel_link(self, url: str) -> str:
        """Return the carrier's link, or "". Ships the order if its supplier takes e-mails."""
        if link := self._carrier_link(url):
            return link
        number = self._number(url)
        for email in self._emails():
            found = re.search(rf"https?://\S+/supplier/{number}-\d+/[\w-]+/", email.text)
            if found and found[0] not in self.shipped:
                self.shipped.add(found[0])
                portal = self.visitor.open(found[0])
                values = {"carrier": "DHL", "number": f"SMOKE{secrets.token_hex(6).upper()}"}
                self.visitor.submit(portal, portal.form("carrier", "number"), values)
        return ""

    def _carrier_link(self, url: str) -> str:
        """Return the first link of the order page to another host, or ""; not that of the EU."""
        page = self.visitor.open(url)
        shop_host = urlsplit(url).hostname
        for link in page.links:
            host = urlsplit(link).hostname
            if host and host != shop_host and link != YOUR_EUROPE_URL:
                return link
        return ""

    def _emails(self) -> list[Page]:
        """Return all e-mails of the mailbox; each is opened once."""
        if not self.mailbox_url:
            return []
        mailbox = self.visitor.open(self.mailbox_url)
        own = urlsplit(self.mailbox_url).path
        for url in mailbox.links:
            if urlsplit(url).path.startswith(own) and url not in {mailbox.url, *self.opened}:
                self.opened[url] = self.visitor.open(url)
        return list(self.opened.values())

    def _find_email(self, number: str, link: str) -> str:
        matching = [
            page
            for page in self._emails()
            if SHIPPED in page.text and number in page.text and link in html.unescape(page.text)
        ]
        if len(matching) > 1:
            raise SmokeTestError(f"{len(matching)} e-mails were sent for one parcel")
        return matching[0].url if matching else ""

    def _wait(self, look: Callable[[], str], problem: str) -> str:
        deadline = time.monotonic() + self.patience_s
        while not (result := look()):
            if time.monotonic() > deadline:
                raise SmokeTestError(f"{problem} within {self.patience_s:.0f} s")
            time.sleep(PAUSE_S)
        return result
