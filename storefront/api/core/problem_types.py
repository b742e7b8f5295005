"""Problem types: list every error of the API with its slug, status, and what the caller can do."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A problem type. ``slug`` is part of the API and never changes."""

    slug: str
    status: HTTPStatus
    title: Promise
    detail: Promise
    retry_after_s: int | None = None


# The request
MALFORMED = Kind(
    slug="malformed-body",
    status=HTTPStatus.BAD_REQUEST,
    title=_("The body is not JSON"),
    detail=_("Send one JSON object in UTF-8, without NaN and without repeated names."),
)
UNREADABLE = Kind(
    slug="unreadable-request",
    status=HTTPStatus.BAD_REQUEST,
    title=_("We cannot read this request"),
    detail=_("Remove NUL characters and lone surrogates from the path and the query."),
)
INVALID = Kind(
    slug="invalid-fields",
    status=HTTPStatus.BAD_REQUEST,
    title=_("Some fields are not right"),
    detail=_("Correct what is named in errors and send the request again."),
)
INVALID_PARAMETERS = Kind(
    slug="invalid-parameters",
    status=HTTPStatus.BAD_REQUEST,
    title=_("Some parameters are not right"),
    detail=_("Correct or leave out what is named in errors."),
)
NOT_FOUND = Kind(
    slug="not-found",
    status=HTTPStatus.NOT_FOUND,
    title=_("There is nothing here"),
    detail=_("Check the address. Every path of this API ends with a slash."),
)
WRONG_METHOD = Kind(
    slug="wrong-method",
    status=HTTPStatus.METHOD_NOT_ALLOWED,
    title=_("This cannot be done here"),
    detail=_("Use a method that the Allow header names."),
)
NOT_ACCEPTABLE = Kind(
    slug="not-acceptable",
    status=HTTPStatus.NOT_ACCEPTABLE,
    title=_("We answer in JSON only"),
    detail=_("Send Accept: application/json, or no Accept header."),
)
NOT_JSON = Kind(
    slug="not-json",
    status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    title=_("We read JSON only"),
    detail=_("Send Content-Type: application/json."),
)
TOO_LARGE = Kind(
    slug="too-large",
    status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    title=_("The body is too large"),
    detail=_("Send at most as many bytes as limit says."),
)
TOO_OFTEN = Kind(
    slug="too-often",
    status=HTTPStatus.TOO_MANY_REQUESTS,
    title=_("Too many requests"),
    detail=_("Wait as long as Retry-After says, then go on more slowly."),
    retry_after_s=1,
)
KEY_REQUIRED = Kind(
    slug="idempotency-key-required",
    status=HTTPStatus.BAD_REQUEST,
    title=_("The Idempotency-Key is missing"),
    detail=_("Send a new random Idempotency-Key, and the same one when you repeat the request."),
)
KEY_INVALID = Kind(
    slug="idempotency-key-invalid",
    status=HTTPStatus.BAD_REQUEST,
    title=_("The Idempotency-Key cannot be used"),
    detail=_("Send 1 to 255 visible ASCII characters."),
)
KEY_GUESSABLE = Kind(
    slug="idempotency-key-guessable",
    status=HTTPStatus.BAD_REQUEST,
    title=_("The Idempotency-Key is too easy to guess"),
    detail=_("The answer holds a secret: send at least 32 characters from 128 random bits."),
)
KEY_REUSED = Kind(
    slug="idempotency-key-reused",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("The Idempotency-Key belongs to another request"),
    detail=_("Send a new key with a new request; a key is repeated only with the same body."),
)
KEY_IN_USE = Kind(
    slug="idempotency-key-in-use",
    status=HTTPStatus.CONFLICT,
    title=_("The same request is being worked on"),
    detail=_("Send it again with the same key a little later to read the answer."),
    retry_after_s=1,
)
# API keys
NO_ACCESS = Kind(
    slug="key-unknown",
    status=HTTPStatus.UNAUTHORIZED,
    title=_("This needs a valid key"),
    detail=_("Send the key that staff made for you as Authorization: Bearer, or ask for one."),
)
NOTHING_TAKEN = Kind(
    slug="nothing-taken",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("No row of the batch counts"),
    detail=_("Correct what is named in errors and send it with a new Idempotency-Key."),
)
DOUBTED = Kind(
    slug="batch-doubted",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("Too many prices of the batch move too far at once"),
    detail=_("Nothing of it counts until our staff take it in. Look whether it is right."),
)
# Carts
NO_SUCH_CART = Kind(
    slug="no-such-cart",
    status=HTTPStatus.NOT_FOUND,
    title=_("There is no such cart"),
    detail=_(
        "Send the token of the cart as Authorization: Bearer. A cart expires after 30 days without"
        " a change: then open a new one."
    ),
)
NO_SUCH_LINE = Kind(
    slug="no-such-line",
    status=HTTPStatus.NOT_FOUND,
    title=_("The cart has no such line"),
    detail=_("Read the cart for the lines it has."),
)
NO_SUCH_LISTING = Kind(
    slug="no-such-listing",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("There is no such listing"),
    detail=_("Take a listing_id from the variants of a listing."),
)
NO_SUCH_COUNTRY = Kind(
    slug="no-such-country",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("We do not deliver to this country"),
    detail=_("Choose one of countries."),
)
NOT_FOR_SALE = Kind(
    slug="not-for-sale",
    status=HTTPStatus.CONFLICT,
    title=_("This cannot be bought now"),
    detail=_("It is sold out, or its stock was not confirmed lately. Take something else."),
)
NOT_ENOUGH = Kind(
    slug="not-enough",
    status=HTTPStatus.CONFLICT,
    title=_("There are fewer than you ask for"),
    detail=_("Ask for at most as many as available says."),
)
TOO_MANY = Kind(
    slug="too-many",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("A cart does not take so many"),
    detail=_("Stay within limit, or divide the goods over several carts."),
)
TOO_MANY_CODES = Kind(
    slug="too-many-codes",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("Too many codes in the cart"),
    detail=_("Remove one first."),
)
CODE_REFUSED = Kind(
    slug="code-refused",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("This code is not valid"),
    detail=_("reason says why: unknown, not_yet, over or used_up. The cart keeps its other codes."),
)
NOTHING_TO_PAY = Kind(
    slug="nothing-to-pay",
    status=HTTPStatus.CONFLICT,
    title=_("Promotions take off all of it"),
    detail=_("An order must cost something: take a code out of the cart."),
)
CODE_SPENT = Kind(
    slug="code-spent",
    status=HTTPStatus.CONFLICT,
    title=_("Somebody else has just used the last of a promotion"),
    detail=_("Read the delivery options again, and show the shopper the new total."),
)
CART_PLACED = Kind(
    slug="cart-already-placed",
    status=HTTPStatus.CONFLICT,
    title=_("This cart has become an order"),
    detail=_("Go on with the order, or open a new cart."),
)
HELD_ALREADY = Kind(
    slug="held-already",
    status=HTTPStatus.CONFLICT,
    title=_("The same shopper holds too much that is not paid"),
    detail=_(
        "Pay or cancel the earlier order, order fewer units, or wait until the time in until."
    ),
)
CART_CHANGED = Kind(
    slug="cart-changed",
    status=HTTPStatus.CONFLICT,
    title=_("The cart has just changed"),
    detail=_("Read the cart and its delivery options again, then place the order."),
)
# Checkout
EMPTY_CART = Kind(
    slug="empty-cart",
    status=HTTPStatus.CONFLICT,
    title=_("The cart is empty"),
    detail=_("Put something into it first."),
)
CANNOT_SUPPLY = Kind(
    slug="cannot-supply",
    status=HTTPStatus.CONFLICT,
    title=_("Something has just sold out"),
    detail=_("Read the cart again, and take out or reduce what is short."),
)
PRICE_CHANGED = Kind(
    slug="price-changed",
    status=HTTPStatus.CONFLICT,
    title=_("The total is another one now"),
    detail=_("Show the shopper the new total; place the order with it if he agrees."),
)
NO_DELIVERY = Kind(
    slug="delivery-unavailable",
    status=HTTPStatus.CONFLICT,
    title=_("The cart cannot be delivered that way"),
    detail=_("Choose one of the delivery options of the cart for this country."),
)
BAD_ADDRESS = Kind(
    slug="bad-address",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("No parcel can find this address"),
    detail=_(
        "Correct what is named in errors. What may_be_kept is only doubtful: address_reason says"
        " why it is right. The suggestion is how the post there would write it."
    ),
)
# Orders
NO_SUCH_ORDER = Kind(
    slug="no-such-order",
    status=HTTPStatus.NOT_FOUND,
    title=_("There is no such order"),
    detail=_(
        "Check the order number. Send the access key that the checkout returned as Authorization:"
        " Bearer."
    ),
)
NOT_PAYABLE = Kind(
    slug="not-payable",
    status=HTTPStatus.CONFLICT,
    title=_("The order waits for no payment"),
    detail=_("It is paid, canceled, or was not paid in time. Read the order."),
)
TOO_LATE = Kind(
    slug="too-late-to-cancel",
    status=HTTPStatus.CONFLICT,
    title=_("It is too late to cancel"),
    detail=_("All of it is on its way or finished. Send it back when it arrives."),
)
# The shop itself
GATEWAY_AWAY = Kind(
    slug="gateway-away",
    status=HTTPStatus.SERVICE_UNAVAILABLE,
    title=_("The payment company does not answer"),
    detail=_("Nothing was charged. Ask again in a moment."),
    retry_after_s=5,
)
AWAY = Kind(
    slug="away",
    status=HTTPStatus.SERVICE_UNAVAILABLE,
    title=_("The shop is away for a moment"),
    detail=_("Send the request again, with the same Idempotency-Key if it had one."),
    retry_after_s=5,
)
BUG = Kind(
    slug="bug",
    status=HTTPStatus.INTERNAL_SERVER_ERROR,
    title=_("We made a mistake"),
    detail=_("It is written down for us. A repeated request with the same key does no harm."),
)

ALL = tuple(kind for kind in list(globals().values()) if isinstance(kind, Kind))
