"""Content pages: hold the translated texts of the pages that the footer links to, show them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from storefront.identity.current import legal_text, shop_identity
from storefront.web.core.page_cache import kept
from storefront.web.core.visit import require_identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A title, and paragraphs with headings (which may be empty)."""

    title: Promise
    parts: tuple[tuple[Promise | str, Promise], ...]


PAGES: Mapping[str, Page] = {
    "contact": Page(
        title=_("Contact"),
        parts=(
            (
                "",
                _("Write to us or call us. A person answers within one working day."),
            ),
        ),
    ),
    "delivery": Page(
        title=_("Delivery"),
        parts=(
            (
                _("From where"),
                _(
                    "Suppliers send the goods from their own warehouses. The product page and the"
                    " cart name the country, the days and the price before you pay."
                ),
            ),
            (
                _("In how many parcels"),
                _(
                    "As few as possible. If the lights lie in different places, the cart shows"
                    " each parcel with its own days."
                ),
            ),
            (
                _("Batteries"),
                _(
                    "Lithium cells inside a light travel by most routes. Spare cells on their own"
                    " do not fly with passengers, so some countries cannot get them from us."
                ),
            ),
            (_("Duty"), _("It is inside the price. You pay nothing at the door.")),
        ),
    ),
    "returns": Page(
        title=_("Returns"),
        parts=(
            (
                _("You do not like it"),
                _("Send it back within 14 days of delivery, unused. We pay the price back."),
            ),
            (
                _("It is broken or wrong"),
                _("Say so on the order’s page, for two years. We replace it or pay it back."),
            ),
        ),
    ),
    "withdrawal": Page(
        title=_("Withdraw from a contract"),
        parts=(
            (
                _("Your right"),
                _(
                    "You may withdraw from the contract within 14 days after the last parcel"
                    " arrived, without a reason."
                ),
            ),
            (
                _("How"),
                _(
                    "Before it is packed: open the order’s page and cancel it there. After it"
                    " left: press “Withdraw from the contract, or return” on the same page, or"
                    " write to %(email)s, “I withdraw from the contract”, with the order"
                    " number and the date. We answer at once that we have it."
                ),
            ),
            (
                _("What happens then"),
                _(
                    "We pay everything back within 14 days, delivery by the cheapest way included."
                    " You send the goods back within 14 days."
                ),
            ),
        ),
    ),
    "numbers": Page(
        title=_("How we check numbers"),
        parts=(
            (
                _("Every claim meets physics"),
                _(
                    "Light needs energy, and a battery holds only so much. A light cannot shine"
                    " farther than its brightest point allows, nor weigh less than its cells. A"
                    " number that breaks one of these rules is left out."
                ),
            ),
            (
                _("Not stated is a value"),
                _("What a supplier does not say, we do not guess. You can filter by it."),
            ),
            (
                _("Who says so"),
                _(
                    "Next to each number stands what the supplier wrote. A badge tells whether it"
                    " is a claim, a report we have seen, or our own measurement."
                ),
            ),
            (
                _("The beam"),
                _(
                    "The glyph under each light is drawn from its candela and lumens on one scale"
                    " for the whole shop: 10, 100 and 1,000 meters. Its edge is where the ground"
                    " is as dim as under a full moon (0.25 lx); inside lie 1 lx and 10 lx. It is"
                    " simplified: one round hot spot that holds all of the light."
                ),
            ),
            (
                _("Run time"),
                _(
                    "Until the light has fallen to a tenth of its first output, as the FL 1"
                    " standard counts. Many lights get dimmer after some minutes; a dashed line"
                    " in our charts is a claim, not a measurement."
                ),
            ),
        ),
    ),
    "privacy": Page(
        title=_("Privacy"),
        parts=(
            (
                _("Cookies"),
                _(
                    "Four remember your cart, how much is in it, your country, and day or night."
                    " One protects forms, and if you sign in, one knows you for two weeks. None"
                    " follows you, so there is no banner."
                ),
            ),
            (
                _("Your account"),
                _(
                    "You need none. If you open one, it keeps your e-mail address and those it had"
                    " before, a digest of your password, when you last signed in, and what you"
                    " write into it: name, language, addresses, and whether you want news. It"
                    " stays until you erase it."
                ),
            ),
            (
                _("How long"),
                _(
                    "A cart that nobody touches is deleted after 30 days, with the address in it."
                    " Failed sign-ins are counted under a digest, for half a day. A digest of each"
                    " network that you signed in from is kept for 90 days."
                    " Orders stay for ten years: the books need them."
                    " E-mails about them, and messages from the contact page, are deleted after"
                    " a year."
                    " Pictures that you send with a complaint are seen by our staff only; they stay"
                    " with the order until you erase it."
                ),
            ),
            (
                _("A copy, and being forgotten"),
                _(
                    "In your account, “What we know of you” gives you all of it as one file, and"
                    " erases it: name, street, phone and e-mail go from account, carts, orders and"
                    " mails. Amounts, goods, postcode, town and country stay in the books. While"
                    " an order is on its way, it must arrive first. Suppliers who sent you a parcel"
                    " are asked to erase your address too. Without an account: open one with the"
                    " address of your order, and it is there."
                ),
            ),
            (
                _("Your order"),
                _(
                    "The supplier gets what the parcel needs: name, address, phone if you gave"
                    " one, and what to send. Your e-mail address stays with us. If you chose"
                    " between two ways to write the address, or said why an odd one is right, that"
                    " stays with the order."
                ),
            ),
            (_("Payment"), _("You pay on the payment company’s page. We never see a card number.")),
        ),
    ),
    "terms": Page(
        title=_("Terms"),
        parts=(
            (
                _("The contract"),
                _(
                    "Your order is an offer. It is a contract once the supplier accepts it; until"
                    " then nothing is charged."
                ),
            ),
            (
                _("If it cannot be had"),
                _("A line the supplier refuses is canceled and not charged, and we tell you."),
            ),
            (
                _("Prices"),
                _(
                    "They include duty, and VAT unless “plus tax” stands beside them. The cart adds"
                    " delivery, and such tax, before you pay."
                ),
            ),
        ),
    ),
    "imprint": Page(
        title=_("Imprint"),
        parts=(),
    ),
    "accessibility": Page(
        title=_("Accessibility"),
        parts=(
            (
                "",
                _(
                    "We aim at WCAG 2.2, level AA. Every page works with a keyboard, at 320 pixels,"
                    " at 200 % text, in both themes and without scripts. Every chart has its"
                    " numbers in a table beside it."
                ),
            ),
            (
                _("Something in your way?"),
                _("Write to %(email)s and name the page. That counts as a fault of ours."),
            ),
        ),
    ),
}


@require_safe
@kept
def page(request: HttpRequest, name: str) -> HttpResponse:
    if name not in PAGES:
        raise Http404
    return render(request, "web/content/page.html", content(name))


def content(name: str) -> dict[str, Any]:
    """Return the context of a page: the text of staff, or the built-in one."""
    is_about_us = name in {"contact", "imprint"}
    if is_about_us:
        require_identity()
    written = legal_text(page=name, language=get_language() or settings.LANGUAGE_CODE)
    email = shop_identity().email
    parts = _read(written) or [
        (str(heading), str(words).replace("%(email)s", email))
        for heading, words in PAGES[name].parts
    ]
    return {"page": PAGES[name], "parts": parts, "is_about_us": is_about_us}


def _read(text: str) -> list[tuple[str, str]]:
    """Split a legal text into paragraphs, each with the heading above it, if any."""
    parts, heading = [], ""
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        first, _newline, words = block.partition("\n")
        if first.startswith("# "):
            parts += [(heading, "")] if heading else []
            heading = first.removeprefix("# ").strip()
        else:
            words = f"{first} {words}"
        if words.strip():
            parts.append((heading, " ".join(words.split())))
            heading = ""
    return parts + ([(heading, "")] if heading else [])
