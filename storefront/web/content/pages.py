"""Content pages: hold the translated texts of the pages that the footer links to, show them."""

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
from storefront.web.core.page_cache import cache_page
from storefront.web.core.visit import require_identity


@dataclass(frozen=True, slots=True)
class Page:
    """A content page: its title, and pairs of a heading (which may be empty) and a text."""

    title: Promise
    parts: tuple[tuple[Promise | str, Promise], ...]


# fmt: off
PAGES: Mapping[str, Page] = {
    "contact": Page(_("Contact"), (
        ("", _("Write to us or call us. We answer within one working day.")),
    )),
    "delivery": Page(_("Delivery"), (
        (_("Where we ship from"),
         _("Suppliers ship from their own warehouses. The product page and the cart show the"
           " country, the delivery dates and the price before you pay.")),
        (_("Number of parcels"),
         _("As few as possible. If the items are in different warehouses, the cart shows each"
           " parcel with its own delivery dates.")),
        (_("Batteries"),
         _("Most carriers accept lithium batteries inside a light. Loose lithium batteries cannot"
           " go on passenger planes, so we cannot deliver them to some countries.")),
        (_("Duty"), _("Included in the price. You pay nothing on delivery.")),
    )),
    "returns": Page(_("Returns"), (
        (_("You changed your mind"),
         _("Send it back unused within 14 days of delivery. We refund the price.")),
        (_("Faulty or wrong item"),
         _("Report it on the order page within two years. We replace or refund it.")),
    )),
    "withdrawal": Page(_("Right of withdrawal"), (
        (_("Your right"),
         _("You can withdraw from the contract within 14 days after the last parcel arrived,"
           " without giving a reason.")),
        (_("How to withdraw"),
         _("Before it is packed: cancel it on the order page. After it has shipped: choose “Return"
           " or withdraw” on the same page, or write “I withdraw from the contract” to %(email)s"
           " with the order number and the date. We confirm immediately that we received it.")),
        (_("What happens next"),
         _("We refund everything within 14 days, including the cheapest delivery method. You send"
           " the items back within 14 days.")),
    )),
    "numbers": Page(_("How we check numbers"), (
        (_("Every number is checked against physics"),
         _("Light needs energy, and a battery holds only so much. A light cannot shine farther than"
           " its brightest point allows, and it cannot weigh less than its batteries. We do not"
           " show numbers that break these rules.")),
        (_("“Not stated” is an answer"),
         _("If a supplier does not state a value, we do not guess it. You can filter by “not"
           " stated”.")),
        (_("Source"),
         _("Each number comes with the supplier’s own words. A badge says whether it is the"
           " supplier’s figure, a test report that we have seen, or our own measurement.")),
        (_("The beam"),
         _("The symbol under each light is drawn from its candela and lumens on one scale for the"
           " whole shop: 10, 100 and 1,000 meters. Its edge is where the ground is as dim as under"
           " a full moon (0.25 lx); inside are the lines for 1 lx and 10 lx. It is simplified: one"
           " round hot spot with all of the light.")),
        (_("Run time"),
         _("The time until the output has fallen to 10 %, as in the FL 1 standard. Many lights get"
           " dimmer after some minutes. A dashed line in our charts is the supplier’s figure, not a"
           " measurement.")),
    )),
    "privacy": Page(_("Privacy"), (
        (_("Cookies"),
         _("Four cookies remember your cart, how much is in it, your country and the theme. One"
           " protects forms. If you sign in, one keeps you signed in for two weeks. None follows"
           " you, so there is no banner.")),
        (_("Your account"),
         _("You do not need one. If you create one, it stores your e-mail address and earlier ones,"
           " a hash of your password, your last sign-in, and what you enter: name, language,"
           " addresses, and a phone number for text messages. It stays until you delete it.")),
        (_("Messages"),
         _("If you refuse or choose messages, we store that with your e-mail address or phone"
           " number, with the time and where you did it. If you choose text messages, their provider"
           " gets your phone number and the text.")),
        (_("How long we keep data"),
         _("An unused cart is deleted after 30 days, with the address in it. Failed sign-ins are"
           " counted under a hash for half a day. A hash of each network that you signed in from is"
           " kept for 90 days. Orders are kept for ten years for our accounts. E-mails about them,"
           " and messages from the contact page, are deleted after a year. Only our staff see the"
           " pictures that you send with a complaint; they stay with the order until you delete"
           " it.")),
        (_("Copy and deletion"),
         _("In your account, “Your data” lets you download everything as one file, or delete it:"
           " name, street, phone and e-mail are removed from account, carts, orders and e-mails."
           " Amounts, items, postcode, town and country stay in our accounts. If an order is on its"
           " way, it must arrive first. We also ask the suppliers of your parcels to delete your"
           " address. Without an account: create one with the e-mail address of your order.")),
        (_("Your order"),
         _("The supplier gets what it needs to ship the parcel: name, address, phone number if you"
           " entered one, and the items. It does not get your e-mail address. If you chose between"
           " two versions of the address, or explained why an unusual one is correct, we store that"
           " with the order.")),
        (_("Payment"),
         _("You pay on the page of our payment provider. We never see your card number.")),
    )),
    "terms": Page(_("Terms"), (
        (_("The contract"),
         _("Your order is an offer. It becomes a contract when the supplier accepts it; nothing is"
           " charged before that.")),
        (_("If an item is not available"),
         _("If the supplier rejects an item, it is canceled and not charged, and we e-mail you.")),
        (_("Prices"),
         _("Prices include duty. They include VAT unless they say “plus tax”. The cart adds"
           " delivery and any such tax before you pay.")),
    )),
    "imprint": Page(_("Imprint"), ()),
    "accessibility": Page(_("Accessibility"), (
        ("",
         _("We aim at WCAG 2.2, level AA. Every page works with a keyboard, at 320 pixels, at 200 %"
           " text, in both themes and without scripts. Every chart has its numbers in a table"
           " beside it.")),
        (_("Found a barrier?"),
         _("Write to %(email)s and tell us which page. We treat it as a bug.")),
    )),
}
# fmt: on


@require_safe
@cache_page
def page(request: HttpRequest, name: str) -> HttpResponse:
    if name not in PAGES:
        raise Http404
    return render(request, "web/content/page.html", content(name))


def content(name: str) -> dict[str, Any]:
    """Return the template context of a page: the text entered by staff, or the default text."""
    is_about_us = name in {"contact", "imprint"}
    if is_about_us:
        require_identity()
    staff_text = legal_text(page=name, language=get_language() or settings.LANGUAGE_CODE)
    email = shop_identity().email
    parts = _split_paragraphs(staff_text) or [
        (str(heading), str(text).replace("%(email)s", email)) for heading, text in PAGES[name].parts
    ]
    return {"page": PAGES[name], "parts": parts, "is_about_us": is_about_us}


def _split_paragraphs(text: str) -> list[tuple[str, str]]:
    """Split a legal text into paragraphs, each with the heading above it, if any."""
    parts, heading = [], ""
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        first, _newline, body = block.partition("\n")
        if first.startswith("# "):
            parts += [(heading, "")] if heading else []
            heading = first.removeprefix("# ").strip()
        else:
            body = f"{first} {body}"
        if body.strip():
            parts.append((heading, " ".join(body.split())))
            heading = ""
    return parts + ([(heading, "")] if heading else [])
