"""Problem types: list every error of the API with its slug, status, and what the caller can do."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemType:
    """A problem type. ``slug`` is part of the API and never changes."""

    slug: str
    status: HTTPStatus
    title: Promise
    detail: Promise
    retry_after_s: int | None = None


# The request
MALFORMED = ProblemType(
    slug="malformed-body",
    status=HTTPStatus.BAD_REQUEST,
    title=_("The request body is not valid JSON"),
    detail=_("Send one JSON object in UTF-8, without NaN and without repeated names."),
)
UNREADABLE = ProblemType(
    slug="unreadable-request",
    status=HTTPStatus.BAD_REQUEST,
    title=_("The request cannot be read"),
    detail=_("Remove NUL characters and lone surrogates from the path and the query."),
)
INVALID = ProblemType(
    slug="invalid-fields",
    status=HTTPStatus.BAD_REQUEST,
    title=_("Some fields are not valid"),
    detail=_("Correct the fields listed in errors and send the request again."),
)
INVALID_PARAMETERS = ProblemType(
    slug="invalid-parameters",
    status=HTTPStatus.BAD_REQUEST,
    title=_("Some parameters are not valid"),
    detail=_("Correct or remove the parameters listed in errors."),
)
NOT_FOUND = ProblemType(
    slug="not-found",
    status=HTTPStatus.NOT_FOUND,
    title=_("Not found"),
    detail=_("Check the address. Every path of this API ends with a slash."),
)
WRONG_METHOD = ProblemType(
    slug="wrong-method",
    status=HTTPStatus.METHOD_NOT_ALLOWED,
    title=_("Method not allowed"),
    detail=_("Use a method listed in the Allow header."),
)
NOT_ACCEPTABLE = ProblemType(
    slug="not-acceptable",
    status=HTTPStatus.NOT_ACCEPTABLE,
    title=_("Responses are available in JSON only"),
    detail=_("Send Accept: application/json, or no Accept header."),
)
NOT_JSON = ProblemType(
    slug="not-json",
    status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    title=_("Requests must be JSON"),
    detail=_("Send Content-Type: application/json."),
)
TOO_LARGE = ProblemType(
    slug="too-large",
    status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    title=_("The request body is too large"),
    detail=_("Send at most the number of bytes given in limit."),
)
RATE_LIMITED = ProblemType(
    slug="too-often",
    status=HTTPStatus.TOO_MANY_REQUESTS,
    title=_("Too many requests"),
    detail=_("Wait for the time given in Retry-After, then send requests more slowly."),
    retry_after_s=1,
)
KEY_REQUIRED = ProblemType(
    slug="idempotency-key-required",
    status=HTTPStatus.BAD_REQUEST,
    title=_("The Idempotency-Key is missing"),
    detail=_("Send a new random Idempotency-Key, and the same one when you repeat the request."),
)
KEY_INVALID = ProblemType(
    slug="idempotency-key-invalid",
    status=HTTPStatus.BAD_REQUEST,
    title=_("The Idempotency-Key is not valid"),
    detail=_("Send 1 to 255 visible ASCII characters."),
)
KEY_GUESSABLE = ProblemType(
    slug="idempotency-key-guessable",
    status=HTTPStatus.BAD_REQUEST,
    title=_("The Idempotency-Key is too easy to guess"),
    detail=_("The response contains a secret: send at least 32 characters from 128 random bits."),
)
KEY_REUSED = ProblemType(
    slug="idempotency-key-reused",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("The Idempotency-Key was used for another request"),
    detail=_("Use a new key for a new request. Repeat a key only with the same body."),
)
KEY_IN_USE = ProblemType(
    slug="idempotency-key-in-use",
    status=HTTPStatus.CONFLICT,
    title=_("The same request is in progress"),
    detail=_("Send it again later with the same key to get the response."),
    retry_after_s=1,
)
# API keys
INVALID_API_KEY = ProblemType(
    slug="key-unknown",
    status=HTTPStatus.UNAUTHORIZED,
    title=_("A valid API key is required"),
    detail=_(
        "Send your API key as Authorization: Bearer. Ask our staff for a key if you have none."
    ),
)
NO_VALID_ROW = ProblemType(
    slug="nothing-taken",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("No row of the batch is valid"),
    detail=_("Correct the rows listed in errors and send the batch with a new Idempotency-Key."),
)
BATCH_QUARANTINED = ProblemType(
    slug="batch-doubted",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("Too many large price changes in the batch"),
    detail=_("The batch is held until our staff approve it. Check that the prices are correct."),
)
# Carts
NO_SUCH_CART = ProblemType(
    slug="no-such-cart",
    status=HTTPStatus.NOT_FOUND,
    title=_("This cart does not exist"),
    detail=_(
        "Send the token of the cart as Authorization: Bearer. A cart expires after"
        " 30 days without a change. In that case, create a new one."
    ),
)
NO_SUCH_LINE = ProblemType(
    slug="no-such-line",
    status=HTTPStatus.NOT_FOUND,
    title=_("This cart line does not exist"),
    detail=_("Read the cart to see its lines."),
)
NO_SUCH_LISTING = ProblemType(
    slug="no-such-listing",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("This listing does not exist"),
    detail=_("Use a listing_id from the variants of a product."),
)
NO_SUCH_COUNTRY = ProblemType(
    slug="no-such-country",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("We do not deliver to this country"),
    detail=_("Choose a country listed in countries."),
)
NOT_FOR_SALE = ProblemType(
    slug="not-for-sale",
    status=HTTPStatus.CONFLICT,
    title=_("This item is not available"),
    detail=_("It is out of stock, or its stock was not confirmed recently. Choose another item."),
)
NOT_ENOUGH = ProblemType(
    slug="not-enough",
    status=HTTPStatus.CONFLICT,
    title=_("Not enough in stock"),
    detail=_("Request at most the quantity given in available."),
)
TOO_MANY = ProblemType(
    slug="too-many",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("The quantity exceeds the limit of a cart"),
    detail=_("Stay within limit, or divide the items over several carts."),
)
TOO_MANY_CODES = ProblemType(
    slug="too-many-codes",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("Too many codes in the cart"),
    detail=_("Remove one first."),
)
CODE_REFUSED = ProblemType(
    slug="code-refused",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("This code is not valid"),
    detail=_(
        "reason gives the cause: unknown, not_started, expired or used_up. The other"
        " codes stay in the cart."
    ),
)
NOTHING_TO_PAY = ProblemType(
    slug="nothing-to-pay",
    status=HTTPStatus.CONFLICT,
    title=_("Promotions reduce the total to zero"),
    detail=_("The total of an order cannot be zero. Remove a code from the cart."),
)
CODE_USED_UP = ProblemType(
    slug="code-spent",
    status=HTTPStatus.CONFLICT,
    title=_("A promotion has just reached its usage limit"),
    detail=_("Read the delivery options again, and show the customer the new total."),
)
CART_PLACED = ProblemType(
    slug="cart-already-placed",
    status=HTTPStatus.CONFLICT,
    title=_("This cart has already been ordered"),
    detail=_("Continue with the order, or create a new cart."),
)
OPEN_ORDER_LIMIT = ProblemType(
    slug="held-already",
    status=HTTPStatus.CONFLICT,
    title=_("The customer has too many unpaid items"),
    detail=_(
        "Pay or cancel the earlier order, order fewer units, or wait until the time in until."
    ),
)
CART_CHANGED = ProblemType(
    slug="cart-changed",
    status=HTTPStatus.CONFLICT,
    title=_("The cart has just changed"),
    detail=_("Read the cart and its delivery options again, then place the order."),
)
# Checkout
EMPTY_CART = ProblemType(
    slug="empty-cart",
    status=HTTPStatus.CONFLICT,
    title=_("The cart is empty"),
    detail=_("Add an item first."),
)
CANNOT_SUPPLY = ProblemType(
    slug="cannot-supply",
    status=HTTPStatus.CONFLICT,
    title=_("An item has just sold out"),
    detail=_("Read the cart again, then remove the item or reduce its quantity."),
)
PRICE_CHANGED = ProblemType(
    slug="price-changed",
    status=HTTPStatus.CONFLICT,
    title=_("The total has changed"),
    detail=_("Show the customer the new total. Place the order with it if they agree."),
)
NO_DELIVERY = ProblemType(
    slug="delivery-unavailable",
    status=HTTPStatus.CONFLICT,
    title=_("This delivery option is not available"),
    detail=_("Choose one of the delivery options of the cart for this country."),
)
BAD_ADDRESS = ProblemType(
    slug="bad-address",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("The address is not deliverable"),
    detail=_(
        "Correct the fields listed in errors. Fields with may_be_kept are only"
        " doubtful: to keep them, give a reason in address_reason. suggestion is the"
        " address as the postal service writes it."
    ),
)
# Orders
NO_SUCH_ORDER = ProblemType(
    slug="no-such-order",
    status=HTTPStatus.NOT_FOUND,
    title=_("This order does not exist"),
    detail=_(
        "Check the order number. Send the access key that the checkout returned as Authorization:"
        " Bearer."
    ),
)
NOT_PAYABLE = ProblemType(
    slug="not-payable",
    status=HTTPStatus.CONFLICT,
    title=_("The order is not awaiting payment"),
    detail=_("It is paid, canceled or expired. Read the order."),
)
TOO_LATE = ProblemType(
    slug="too-late-to-cancel",
    status=HTTPStatus.CONFLICT,
    title=_("It is too late to cancel"),
    detail=_("Everything has shipped or is closed. Return it after delivery."),
)
# The shop itself
GATEWAY_UNAVAILABLE = ProblemType(
    slug="gateway-away",
    status=HTTPStatus.SERVICE_UNAVAILABLE,
    title=_("The payment provider does not respond"),
    detail=_("Nothing was charged. Try again in a moment."),
    retry_after_s=5,
)
UNAVAILABLE = ProblemType(
    slug="away",
    status=HTTPStatus.SERVICE_UNAVAILABLE,
    title=_("The shop is temporarily unavailable"),
    detail=_("Send the request again, with the same Idempotency-Key if it had one."),
    retry_after_s=5,
)
BUG = ProblemType(
    slug="bug",
    status=HTTPStatus.INTERNAL_SERVER_ERROR,
    title=_("Internal server error"),
    detail=_("The error is logged. You can safely repeat the request with the same key."),
)

ALL = tuple(kind for kind in list(globals().values()) if isinstance(kind, ProblemType))
