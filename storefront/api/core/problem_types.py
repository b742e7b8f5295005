"""Problem types: list every error of the API with its slug, status, and what the caller can do."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A problem type. ``slug`` is part of the API and never changes."""

    status: int
    slug: str
    title: Promise
    detail: Promise
    retry_after_s: int | None = None


# fmt: off
# The request
MALFORMED_BODY = ProblemType(
    400, "malformed-body", _("The request body is not valid JSON"),
    _("Send one JSON object in UTF-8, without NaN and without repeated names."))
UNREADABLE_REQUEST = ProblemType(
    400, "unreadable-request", _("The request cannot be read"),
    _("Remove NUL characters and lone surrogates from the path and the query."))
INVALID_FIELDS = ProblemType(
    400, "invalid-fields", _("Some fields are not valid"),
    _("Correct the fields listed in errors and send the request again."))
INVALID_PARAMETERS = ProblemType(
    400, "invalid-parameters", _("Some parameters are not valid"),
    _("Correct or remove the parameters listed in errors."))
NOT_FOUND = ProblemType(
    404, "not-found", _("Not found"),
    _("Check the address. Every path of this API ends with a slash."))
OBJECT_NOT_FOUND = ProblemType(
    404, "object-not-found", _("This object does not exist"),
    _("Check the id or number in the path."))
METHOD_NOT_ALLOWED = ProblemType(
    405, "method-not-allowed", _("Method not allowed"),
    _("Use a method listed in the Allow header."))
NOT_ACCEPTABLE = ProblemType(
    406, "not-acceptable", _("Responses are available in JSON only"),
    _("Send Accept: application/json, or no Accept header."))
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    415, "unsupported-media-type", _("This Content-Type is not supported"),
    _("Send application/json, or a form for an access token."))
BODY_TOO_LARGE = ProblemType(
    413, "body-too-large", _("The request body is too large"),
    _("Send at most the number of bytes given in limit."))
RATE_LIMITED = ProblemType(
    429, "rate-limited", _("Too many requests"),
    _("Wait for the time given in Retry-After, then send requests more slowly."), retry_after_s=1)
KEY_REQUIRED = ProblemType(
    400, "idempotency-key-required", _("The Idempotency-Key is missing"),
    _("Send a new random Idempotency-Key, and the same one when you repeat the request."))
KEY_INVALID = ProblemType(
    400, "idempotency-key-invalid", _("The Idempotency-Key is not valid"),
    _("Send 1 to 255 visible ASCII characters."))
KEY_GUESSABLE = ProblemType(
    400, "idempotency-key-guessable", _("The Idempotency-Key is too easy to guess"),
    _("The response contains a secret: send at least 32 characters from 128 random bits."))
KEY_REUSED = ProblemType(
    422, "idempotency-key-reused", _("The Idempotency-Key was used for another request"),
    _("Use a new key for a new request. Repeat a key only with the same body."))
KEY_IN_USE = ProblemType(
    409, "idempotency-key-in-use", _("The same request is in progress"),
    _("Send it again later with the same key to get the response."), retry_after_s=1)
INVALID_STATUS = ProblemType(
    409, "invalid-status", _("The current status does not allow this"),
    _("reason says what is missing. Read the object again."))
# The merchant's products, prices and stock
STOCK_REPORTED_BY_SUPPLIER = ProblemType(
    409, "stock-reported-by-supplier", _("The supplier's system reports this stock"),
    _("Stock can be set in warehouses of suppliers without an API address only."))
STOCK_QUARANTINED = ProblemType(
    409, "stock-quarantined", _("The stock figure waits for approval"),
    _("It differs too much from the known figure, see reason. Staff accept or reject it."))
# API keys
INVALID_API_KEY = ProblemType(
    401, "invalid-api-key", _("A valid API key is required"),
    _("Send your API key as Authorization: Bearer. Ask our staff for a key if you have none."))
INVALID_CLIENT = ProblemType(
    401, "invalid-client", _("The client ID or secret is not valid"),
    _("Send the prefix of an API key as client ID and the key as client secret."))
INVALID_TOKEN_REQUEST = ProblemType(
    400, "invalid-token-request", _("The access token cannot be issued"),
    _("error gives the cause: unsupported_grant_type (send client_credentials) or "
      "invalid_scope (the key does not have it)."))
MISSING_SCOPE = ProblemType(
    403, "missing-scope", _("The API key does not have this scope"),
    _("Ask our staff for a key with the scope given in scope."))
PRECONDITION_FAILED = ProblemType(
    412, "precondition-failed", _("The object has changed since you read it"),
    _("Read it again, then send the change with the new ETag in If-Match."))
NO_VALID_ROW = ProblemType(
    422, "no-valid-row", _("No row of the batch is valid"),
    _("Correct the rows listed in errors and send the batch with a new Idempotency-Key."))
BATCH_QUARANTINED = ProblemType(
    422, "batch-quarantined", _("Too many large price changes in the batch"),
    _("The batch is held until our staff approve it. Check that the prices are correct."))
# Carts
CART_NOT_FOUND = ProblemType(
    404, "cart-not-found", _("This cart does not exist"),
    _("Send the token of the cart as Authorization: Bearer. A cart expires after 30 days "
      "without a change. In that case, create a new one."))
CART_LINE_NOT_FOUND = ProblemType(
    404, "cart-line-not-found", _("This cart line does not exist"),
    _("Read the cart to see its lines."))
LISTING_NOT_FOUND = ProblemType(
    422, "listing-not-found", _("This listing does not exist"),
    _("Use a listing_id from the variants of a product."))
COUNTRY_NOT_SERVED = ProblemType(
    422, "country-not-served", _("We do not deliver to this country"),
    _("Choose a country listed in countries."))
NOT_FOR_SALE = ProblemType(
    409, "not-for-sale", _("This item is not available"),
    _("It is out of stock, or its stock was not confirmed recently. Choose another item."))
INSUFFICIENT_STOCK = ProblemType(
    409, "insufficient-stock", _("Not enough in stock"),
    _("Request at most the quantity given in available."))
QUANTITY_LIMIT_EXCEEDED = ProblemType(
    422, "quantity-limit-exceeded", _("The quantity exceeds the limit of a cart"),
    _("Stay within limit, or divide the items over several carts."))
TOO_MANY_COUPONS = ProblemType(
    422, "too-many-coupons", _("Too many codes in the cart"),
    _("Remove one first."))
INVALID_COUPON = ProblemType(
    422, "invalid-coupon", _("This code is not valid"),
    _("reason gives the cause: unknown, not_started, expired or used_up. The other codes "
      "stay in the cart."))
ZERO_TOTAL = ProblemType(
    409, "zero-total", _("Promotions reduce the total to zero"),
    _("The total of an order cannot be zero. Remove a code from the cart."))
COUPON_USED_UP = ProblemType(
    409, "coupon-used-up", _("A promotion has just reached its usage limit"),
    _("Read the delivery options again, and show the customer the new total."))
CART_ALREADY_PLACED = ProblemType(
    409, "cart-already-placed", _("This cart has already been ordered"),
    _("Continue with the order, or create a new cart."))
OPEN_ORDER_LIMIT_EXCEEDED = ProblemType(
    409, "open-order-limit-exceeded", _("The customer has too many unpaid items"),
    _("Pay or cancel the earlier order, order fewer units, or wait until the time in until."))
CART_CHANGED = ProblemType(
    409, "cart-changed", _("The cart has just changed"),
    _("Read the cart and its delivery options again, then place the order."))
# Checkout
EMPTY_CART = ProblemType(
    409, "empty-cart", _("The cart is empty"),
    _("Add an item first."))
OUT_OF_STOCK = ProblemType(
    409, "out-of-stock", _("An item has just sold out"),
    _("Read the cart again, then remove the item or reduce its quantity."))
PRICE_CHANGED = ProblemType(
    409, "price-changed", _("The total has changed"),
    _("Show the customer the new total. Place the order with it if they agree."))
DELIVERY_UNAVAILABLE = ProblemType(
    409, "delivery-unavailable", _("This delivery option is not available"),
    _("Choose one of the delivery options of the cart for this country."))
INVALID_ADDRESS = ProblemType(
    422, "invalid-address", _("The address is not deliverable"),
    _("Correct the fields listed in errors. Fields with is_warning are only doubtful: to "
      "keep them, give a reason in address_reason. suggestion is the address as the postal "
      "service writes it."))
# Orders
ORDER_NOT_FOUND = ProblemType(
    404, "order-not-found", _("This order does not exist"),
    _("Check the order number. Send the access key that the checkout returned as "
      "Authorization: Bearer."))
NOT_PAYABLE = ProblemType(
    409, "not-payable", _("The order is not awaiting payment"),
    _("It is paid, canceled or expired. Read the order."))
TOO_LATE_TO_CANCEL = ProblemType(
    409, "too-late-to-cancel", _("It is too late to cancel"),
    _("Everything has shipped or is closed. Return it after delivery."))
CANNOT_RETURN = ProblemType(
    409, "cannot-return", _("These items cannot be returned"),
    _("reason says why. Nothing was changed."))
CANNOT_SHIP = ProblemType(
    409, "cannot-ship", _("This parcel cannot be added"),
    _("reason says why. Nothing was changed."))
REFUND_TOO_LARGE = ProblemType(
    409, "refund-too-large", _("The amount is more than what is left to refund"),
    _("Refund at most the amount given in refundable."))
NOTHING_TO_REFUND = ProblemType(
    409, "nothing-to-refund", _("Nothing is left to refund"),
    _("Nothing was captured, or all of it was refunded. Cancel what has not shipped instead."))
UNKNOWN_SKU = ProblemType(
    422, "unknown-sku", _("The channel does not sell this SKU"),
    _("Use SKUs of variants with a listing on the channel. skus names the unknown ones."))
# Customers
SIGN_IN_REQUIRED = ProblemType(
    403, "sign-in-required", _("A signed-in customer is required"),
    _("Sign in on the website with a customer account, and send its session cookie."))
CSRF_FAILED = ProblemType(
    403, "csrf-failed", _("The CSRF token is missing or wrong"),
    _("Send csrf_token of your profile as X-CSRFToken, from an address of the shop."))
TOO_MANY_ADDRESSES = ProblemType(
    409, "too-many-addresses", _("Too many saved addresses"),
    _("Delete an address first. limit is how many you can save."))
# The shop itself
PAYMENT_GATEWAY_UNAVAILABLE = ProblemType(
    503, "payment-gateway-unavailable", _("The payment provider does not respond"),
    _("Nothing was charged. Try again in a moment."), retry_after_s=5)
UNAVAILABLE = ProblemType(
    503, "unavailable", _("The shop is temporarily unavailable"),
    _("Send the request again, with the same Idempotency-Key if it had one."), retry_after_s=5)
INTERNAL_ERROR = ProblemType(
    500, "internal-error", _("Internal server error"),
    _("The error is logged. You can safely repeat the request with the same key."))
# fmt: on

ALL = tuple(kind for kind in list(globals().values()) if isinstance(kind, ProblemType))
