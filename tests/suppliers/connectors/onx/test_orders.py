"""onX orders: what is sent, what each status and error means, never a second order."""

from dataclasses import replace

import httpx
import pytest

from storefront.lib.http.errors import PermanentError, TemporaryError
from suppliers.connectors.records import (
    Acknowledgement,
    DiscontinuedError,
    DuplicateReferenceError,
    ManualCancellationError,
    NotCancellableError,
    OrderReference,
    OutOfStockError,
    PurchaseOrderRequestLine,
)
from tests.factories.connector_contexts import DictMemory, make_request
from tests.suppliers.connectors.onx.mocked_server import tool_answer

REQUEST = make_request("L-1", carrier_service="Express")
NONE = {"success": True, "orders": []}
NO_PARCELS = {"success": True, "fulfillments": []}


def an_order(status="new", **changes):
    return {"id": "17", "externalId": "FL-1-1", "status": status, **changes}


def listed(*orders):
    return {"success": True, "orders": [*orders]}


def rejected(code, *, is_error=True, **details):
    error = {
        "code": code,
        "message": "Musterweg 1 is wrong",
        "retryable": False,
        "details": details,
    }
    return lambda message: httpx.Response(
        200,
        json=tool_answer(message["id"], {"success": False, "error": error}, is_error=is_error),
    )


def plain_error(message):
    result = {"content": [{"type": "text", "text": "Something failed"}], "isError": True}
    return httpx.Response(200, json={"jsonrpc": "2.0", "id": message["id"], "result": result})


def rpc_error(code, **data):
    error = {"code": code, "message": "failed", "data": data}
    return lambda message: httpx.Response(
        200, json={"jsonrpc": "2.0", "id": message["id"], "error": error}
    )


def test_order_has_our_number_and_what_shipping_needs_and_no_price(serve):
    server, onx = serve(
        get_orders=NONE, create_sales_order={"success": True, "order": an_order("processing")}
    )

    report = onx.place(replace(REQUEST, ioss_number="IM123"))

    assert server.called("get-orders") == [{"externalIds": ["FL-1-1"]}]
    assert server.called("create-sales-order") == [
        {
            "order": {
                "externalId": "FL-1-1",
                "name": "FL-1-1",
                "lineItems": [{"id": "88", "sku": "L-1", "quantity": 2}],
                "shippingAddress": {
                    "firstName": "Erika",
                    "lastName": "Muster",
                    "address1": "Musterweg 1",
                    "address2": "Hinterhaus",
                    "city": "Berlin",
                    "zipCodeOrPostalCode": "10115",
                    "country": "DE",
                    "phone": "+493012345",
                },
                "shippingClass": "Express",
                "customFields": [{"name": "IOSS", "value": "IM123"}],
            }
        }
    ]
    assert (report.supplier_reference, report.answer) == ("17", Acknowledgement.ACCEPTED)


def test_order_that_exists_is_never_created_again(serve):
    server, onx = serve(get_orders=listed(an_order()))

    with pytest.raises(DuplicateReferenceError):
        onx.place(REQUEST)

    assert server.called("create-sales-order") == []


@pytest.mark.parametrize(
    ("answer", "kind", "is_unknown"),
    [
        (rejected(4001, originalError="INSUFFICIENT_INVENTORY"), OutOfStockError, False),
        (
            rejected(4001, is_error=False, originalError="PRODUCT_NOT_FOUND"),
            DiscontinuedError,
            False,
        ),
        (rejected(4001, reason="DUPLICATE_ORDER"), DuplicateReferenceError, False),
        (rejected(2001), PermanentError, False),
        (rejected(3001), TemporaryError, False),
        (rejected(4002), TemporaryError, True),
        (rpc_error(-32602), PermanentError, False),
        (rpc_error(-32603), TemporaryError, True),
        (rpc_error(-32000, originalError="OUT_OF_STOCK"), OutOfStockError, False),
        (rpc_error(-32000, retryable=True), TemporaryError, True),
        (httpx.Response(401), PermanentError, False),
        (httpx.Response(429), TemporaryError, False),
        (httpx.Response(503), TemporaryError, True),
        (httpx.ReadTimeout("late"), TemporaryError, True),
        ({"success": True}, TemporaryError, True),
    ],
)
def test_error_says_whether_the_order_may_exist(serve, answer, kind, is_unknown):
    server, onx = serve(get_orders=NONE, create_sales_order=answer)

    with pytest.raises(kind) as refused:
        onx.place(REQUEST)

    assert refused.value.is_outcome_unknown is is_unknown
    assert "Musterweg" not in str(refused.value)
    assert len(server.called("create-sales-order")) == 1


@pytest.mark.parametrize("answer", [plain_error, rejected(4001), rejected(4999)])
def test_unclear_error_is_a_rejection_if_no_order_exists_afterwards(serve, answer):
    _, onx = serve(get_orders=NONE, create_sales_order=answer)
    with pytest.raises(PermanentError) as refused:
        onx.place(REQUEST)
    assert not refused.value.is_outcome_unknown

    server, onx = serve(get_orders=[NONE, listed(an_order())], create_sales_order=answer)
    assert onx.place(REQUEST).supplier_reference == "17"
    assert len(server.called("create-sales-order")) == 1


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        ("new", "received", ""),
        ("Accepted", "accepted", ""),
        ("In Progress", "accepted", ""),
        ("partially-shipped", "partially_shipped", ""),
        ("SHIPPED", "shipped", ""),
        ("out for delivery", "shipped", ""),
        ("delivered", "delivered", ""),
        ("cancelled", "canceled", ""),
        ("Rejected", "rejected", "the supplier's status is 'Rejected'"),
        ("Backordered", "received", "the supplier's status is 'Backordered'"),
        ("zugestimmt", "received", "order_statuses does not map the status 'zugestimmt'"),
        (None, "received", "order_statuses does not map the status ''"),
    ],
)
def test_status_decides_only_if_its_meaning_is_known(serve, status, answer, reason):
    _, onx = serve(get_orders=listed(an_order(status)), get_fulfillments=NO_PARCELS)

    report = onx.find(number="FL-1-1")

    assert (report.answer.value, report.reason) == (answer, reason)


def test_staff_map_a_status_and_are_told_which_are_unmapped(serve):
    state = DictMemory()
    tools = {"tools": [{"name": "get-orders"}]}
    answers = {
        "get_orders": listed(an_order("Zugestimmt")),
        "get_fulfillments": NO_PARCELS,
        "tools/list": lambda message: httpx.Response(
            200, json={"jsonrpc": "2.0", "id": message["id"], "result": tools}
        ),
    }
    _, onx = serve(state=state, **answers)
    onx.find(number="FL-1-1")
    missing, country, unmapped = onx.advice()
    assert "cancel-order, create-sales-order" in missing
    assert "country" in country
    assert "'Zugestimmt'" in unmapped

    options = {"order_statuses": {"zugestimmt": "accepted"}, "warehouse_country": "CN"}
    _, onx = serve(state=state, options=options, **answers)

    assert onx.find(number="FL-1-1").answer is Acknowledgement.ACCEPTED
    assert len(onx.advice()) == 1


def test_look_up_that_returns_other_orders_proves_nothing(serve):
    _, onx = serve(get_orders=listed(an_order(externalId="X-9")))

    with pytest.raises(TemporaryError):
        onx.find(number="FL-1-1")


def test_of_two_orders_with_our_number_the_open_one_counts(serve):
    canceled = an_order("cancelled", id="16")
    _, onx = serve(get_orders=listed(canceled, an_order()), get_fulfillments=NO_PARCELS)

    assert onx.find(number="FL-1-1").supplier_reference == "17"


def test_parcels_have_their_content_if_it_is_certain(serve):
    item = {"sku": "L-1", "quantity": 2}
    row = {"orderId": "17", "shippingCarrier": "DHL", "status": "shipped", "lineItems": [item]}
    parcels = {
        "fulfillments": [
            {**row, "trackingNumbers": ["T1"]},
            {**row, "trackingNumbers": ["T2", "T3", "T3", ""]},
            {**row, "trackingNumbers": ["T4"], "status": "canceled"},
        ]
    }
    _, onx = serve(get_orders=listed(an_order("custom")), get_fulfillments=parcels)
    reference = OrderReference(number="FL-1-1", supplier_reference="17")

    (report,) = onx.track([reference])

    line = PurchaseOrderRequestLine(sku="L-1", quantity=2, reference="")
    assert [(each.number, each.carrier, each.lines) for each in report.parcels] == [
        ("T1", "DHL", (line,)),
        ("T2", "DHL", ()),
        ("T3", "DHL", ()),
    ]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (rejected(4001, originalError="INVALID_ORDER_STATE"), NotCancellableError),
        (rejected(5001), ManualCancellationError),
        (rpc_error(-32601), ManualCancellationError),
        (plain_error, ManualCancellationError),
        ({"success": True, "order": an_order("cancel requested")}, ManualCancellationError),
        (rpc_error(-32603), TemporaryError),
    ],
)
def test_cancellation_counts_only_if_the_supplier_says_canceled(serve, answer, kind):
    _, onx = serve(get_orders=listed(an_order()), cancel_order=answer)

    with pytest.raises(kind):
        onx.cancel(number="FL-1-1")


def test_canceled_order_is_not_canceled_again(serve):
    server, onx = serve(get_orders=[listed(an_order("cancelled")), NONE])

    assert [onx.cancel(number="FL-1-1").answer for _ in range(2)] == [Acknowledgement.CANCELED] * 2
    assert server.called("cancel-order") == []
