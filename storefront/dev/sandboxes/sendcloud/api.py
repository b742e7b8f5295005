"""Sendcloud API: check keys and payload of a call; offer options, order, show and cancel returns.

It is the dialect of API version 3: Returns, Shipping options and Parcel documents.
"""

import hmac
import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from storefront.dev.sandboxes.core.faults import Fault, reply_after, reply_before, retry_after
from storefront.dev.sandboxes.core.http_server import Reply, Request, as_json

from . import pdf
from .state import (
    ANNOUNCING,
    CANCELED,
    CURRENCY,
    FAILED,
    OPTIONS,
    Option,
    SandboxState,
    add_label,
    option_of,
    set_status,
    shown,
    status_of,
)

PREFIX = "/api/v3/"
EU = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905 - shorter than a list
)
SERVED = EU | {"GB", "CH", "NO", "US", "AZ", "TR"}
REQUIRED_ADDRESS = ("name", "address_line_1", "postal_code", "city", "country_code")
PAGE_SIZE = 40
DATE = "%Y-%m-%d %H:%M:%S"
ONE_RETURN = re.compile(r"returns/(\d+)")
CANCEL = re.compile(r"returns/(\d+)/cancel")
DOCUMENT = re.compile(r"parcels/(\d+)/documents/label")

type Body = dict[str, Any]


class InvalidError(Exception):
    """The request is invalid: field, and what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def answer_to(state: SandboxState, asked: Request) -> Reply:
    fault = state.faults.next_for(asked.path)
    prevented = reply_before(fault, BEFORE)
    if prevented is not None:
        return prevented
    return reply_after(fault, _answer(state, asked), {})


def _answer(state: SandboxState, asked: Request) -> Reply:
    if not _is_authorized(state, asked):
        return _refused("", "Authentication credentials were not provided.", status=401)
    path = asked.path.removeprefix(PREFIX) if asked.path.startswith(PREFIX) else ""
    try:
        if (asked.method, path) in CALLS:
            return CALLS[asked.method, path](state, asked)
        for pattern, method, call in PATTERNS:
            if asked.method == method and (match := pattern.fullmatch(path)):
                row = state.ledger.row("SELECT * FROM labels WHERE id = ?", int(match[1]))
                return call(state, row) if row else _refused("", "Not found.", status=404)
    except InvalidError as error:
        return _refused(error.field, str(error), status=400)
    return _refused("", "Not found.", status=404)


def _is_authorized(state: SandboxState, asked: Request) -> bool:
    pair = f"{state.rules.public_key}:{state.rules.secret_key}"
    expected = f"Basic {b64encode(pair.encode()).decode()}"
    return hmac.compare_digest(asked.headers["Authorization"] or "", expected)


def _options(_: SandboxState, asked: Request) -> Reply:
    body = _decode(asked.body)
    origin, destination = _country(body, "from_address"), _country(body, "to_address")
    parcels = body.get("parcels")
    if not isinstance(parcels, list) or len(parcels) != 1:
        raise InvalidError("parcels", "This field is required.")
    _check_weight(parcels[0], "parcels")
    if not (body.get("functionalities") or {}).get("returns"):
        return as_json({"data": []})  # the account has no contract for other parcels
    return as_json({"data": [_shown_option(one) for one in _serving(origin, destination)]})


def _shown_option(option: Option) -> Body:
    price = {"value": option.price, "currency": CURRENCY}
    carrier = option.code.partition(":")[0]
    return {
        "code": option.code,
        "name": option.name,
        "carrier": {"code": carrier, "name": carrier.upper()},
        "functionalities": {"returns": True, "tracked": True},
        "quotes": [{"price": {"total": price}}],
    }


def _serving(origin: str, destination: str) -> list[Option]:
    if not {origin, destination} <= SERVED:
        return []
    return [one for one in OPTIONS if one.is_customs == _is_international(origin, destination)]


def _is_international(origin: str, destination: str) -> bool:
    return origin != destination and not {origin, destination} <= EU


def _create(state: SandboxState, asked: Request) -> Reply:
    body = _decode(asked.body)
    for field in ("from_address", "to_address"):
        _check_address(body, field)
    _check_weight(body, "weight")
    chosen = body.get("ship_with") or {}
    option = option_of(str(chosen.get("shipping_option_code")))
    if chosen.get("type") != "shipping_option_code" or option is None:
        raise InvalidError("ship_with", "Invalid shipping option.")
    countries = _country(body, "from_address"), _country(body, "to_address")
    if option not in _serving(*countries):
        raise InvalidError("ship_with", "The shipping option does not serve this route.")
    if _is_international(*countries):
        _check_customs(body)
    label_id = add_label(state, body, option)
    answer = {"return_id": label_id, "parcel_id": label_id, "multi_collo_ids": []}
    return as_json(answer, status=201)


def _list(state: SandboxState, asked: Request) -> Reply:
    since, until = (_moment(asked, name) for name in ("from_date", "to_date"))
    size = min(int(_first(asked, "page_size") or PAGE_SIZE), PAGE_SIZE)
    start = int(_first(asked, "cursor") or 0)
    rows = state.ledger.rows(
        "SELECT * FROM labels WHERE ordered_s >= ? AND ordered_s < ? ORDER BY id LIMIT ? OFFSET ?",
        since,
        until + 1,
        size + 1,
        start,
    )
    following = f"{state.base_url}{PREFIX}returns?cursor={start + size}&page_size={size}"
    answer = {
        "data": [shown(state, row) for row in rows[:size]],
        "next": following if len(rows) > size else None,
        "previous": None,
    }
    return as_json(answer)


def _show(state: SandboxState, row: Body) -> Reply:
    return as_json(shown(state, row))


def _cancel(state: SandboxState, row: Body) -> Reply:
    if not shown(state, row)["is_cancellable"]:
        return _refused("returns", "Return is not cancellable.", status=409)
    set_status(state, row["id"], CANCELED)
    return as_json({"message": "Cancellation requested successfully"}, status=202)


def _document(state: SandboxState, row: Body) -> Reply:
    if status_of(state, row) in {ANNOUNCING, FAILED}:
        return _refused("", "Not found.", status=404)
    body = json.loads(row["body"])
    lines = [row["option"], row["tracking_number"], row["reference"]]
    for field in ("from_address", "to_address"):
        lines += [f"{field}:", *(str(body[field].get(name, "")) for name in REQUIRED_ADDRESS)]
    return Reply(body=pdf.page(lines), type="application/pdf")


CALLS: Mapping[tuple[str, str], Callable[[SandboxState, Request], Reply]] = {
    ("POST", "shipping-options"): _options,
    ("POST", "returns"): _create,
    ("GET", "returns"): _list,
}
PATTERNS: tuple[tuple[re.Pattern[str], str, Callable[[SandboxState, Body], Reply]], ...] = (
    (ONE_RETURN, "GET", _show),
    (CANCEL, "PATCH", _cancel),
    (DOCUMENT, "GET", _document),
)


# Validation


def _decode(body: bytes) -> Body:
    try:
        decoded = json.loads(body)
    except ValueError:
        decoded = None
    if not isinstance(decoded, dict):
        raise InvalidError("", "Malformed JSON.")
    return decoded


def _country(body: Body, field: str) -> str:
    code = (body.get(field) or {}).get("country_code")
    if not isinstance(code, str) or not re.fullmatch("[A-Z]{2}", code):
        raise InvalidError(f"{field}.country_code", "Invalid country code.")
    return code


def _check_address(body: Body, field: str) -> None:
    address = body.get(field)
    if not isinstance(address, dict):
        raise InvalidError(field, "This field is required.")
    for name in REQUIRED_ADDRESS:
        if not isinstance(address.get(name), str) or not address[name].strip():
            raise InvalidError(f"{field}.{name}", "This field is required.")


def _check_weight(body: Body, field: str) -> None:
    weight = body.get("weight")
    try:
        value = Decimal(str(weight["value"])) if isinstance(weight, dict) else Decimal(0)
    except (InvalidOperation, KeyError):
        value = Decimal(0)
    if not isinstance(weight, dict) or weight.get("unit") != "kg" or value <= 0:
        raise InvalidError(field, "A weight in kg is required.")


def _check_customs(body: Body) -> None:
    items = body.get("parcel_items") or []
    if not items or not body.get("customs_invoice_nr"):
        raise InvalidError("customs_invoice_nr", "This field is required.")
    for item in items:
        for name in ("description", "quantity", "price", "hs_code", "origin_country"):
            if not item.get(name):
                raise InvalidError(f"parcel_items.{name}", "This field is required.")


def _moment(asked: Request, name: str) -> float:
    try:
        return datetime.strptime(_first(asked, name), DATE).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise InvalidError(name, "This field is required.") from None


def _first(asked: Request, name: str) -> str:
    return (asked.query.get(name) or [""])[0]


def _refused(field: str, message: str, *, status: int) -> Reply:
    problem = {"field": field, "message": message, "code": "invalid"}
    return as_json({"errors": [problem]}, status=status)


def _busy(fault: Fault) -> Reply:
    return replace(_refused("", "Too many requests", status=429), headers=retry_after(fault))


BEFORE: Mapping[str, Callable[[Fault], Reply]] = {
    "500": lambda _: _refused("", "Internal error", status=500),
    "429": _busy,
    "empty": lambda _: Reply(),
}
