import csv
from dataclasses import replace
from types import SimpleNamespace

import pytest

from storefront.lib.address import Address
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors.feed import Feed
from suppliers.connectors.records import (
    Acknowledgement,
    DuplicateReferenceError,
    ManualRequest,
    PurchaseOrderRequest,
    PurchaseOrderRequestLine,
    RequestKind,
    UnsupportedCapabilityError,
)
from suppliers.resilience.gate import SupplierGate
from tests.factories.connector_contexts import make_context
from tests.factories.orders import HOME
from tests.fakes.sftp_server import sftp_server

NUMBER = "FL-261124-7K3QX-1"
REQUEST = PurchaseOrderRequest(
    number=NUMBER,
    ship_to=HOME,
    location="main",
    country_from="DE",
    carrier_service="DHL Paket",
    lines=(
        PurchaseOrderRequestLine(sku="HL-700", quantity=2, reference="11", title="Trail 700"),
        PurchaseOrderRequestLine(sku="=1+1", quantity=1, reference="12", title="@cmd"),
    ),
    declared_value=Money.zero("EUR"),
    page_url="https://fara.example/az/supplier/FL-261124-7K3QX-1/key/",
)


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "supplier"
    (folder / "orders").mkdir(parents=True)
    with sftp_server(folder) as server:
        yield server


@pytest.fixture
def by_file(server):
    options = {"orders_by": "sftp", "orders_to": "orders", "host_key": server.host_key}
    return make_context(server.url, options=options, secrets=server.secrets)


@pytest.fixture
def by_mail():
    return make_context(
        "https://lumen.example", options={"orders_to": "orders@lumen.example"}, language="az"
    )


def files(server):
    return sorted(path.name for path in (server.folder / "orders").iterdir())


def ask(context, act):
    """Act with a new connector, as a worker does."""
    connector = Feed(context)
    try:
        return act(connector)
    finally:
        connector.close()


def place(context, request=REQUEST):
    return ask(context, lambda feed: feed.place(request))


def find(context, number=NUMBER):
    return ask(context, lambda feed: feed.find(number=number))


def test_order_is_one_email_in_the_suppliers_language(by_mail):
    assert find(by_mail) is None
    state = place(by_mail)

    ((to, letter),) = by_mail.mailer.letters.values()
    assert (state.number, state.answer) == (NUMBER, Acknowledgement.RECEIVED)
    assert to == "orders@lumen.example"
    assert (letter["locale"], letter["url"]) == ("az", REQUEST.page_url)
    assert letter["lines"][0] == {"sku": "HL-700", "title": "Trail 700", "quantity": 2}
    assert letter["ship_to"]["postcode"] == "10115"
    with pytest.raises(DuplicateReferenceError):
        place(by_mail)
    assert find(by_mail).answer == Acknowledgement.RECEIVED
    assert find(by_mail, "FL-OTHER-1") is None


def test_order_without_email_address_is_rejected(by_mail):
    with pytest.raises(PermanentError, match="not an e-mail address"):
        place(replace(by_mail, options={}))

    assert by_mail.mailer.letters == {}


def test_order_is_one_complete_file_on_the_server(server, by_file):
    assert find(by_file) is None
    place(by_file)

    assert files(server) == [f"{NUMBER}.csv"]
    with (server.folder / "orders" / f"{NUMBER}.csv").open(newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["sku"], first["quantity"], first["name"]) == ("HL-700", "2", "Erika Muster")
    assert (first["phone"], first["answer_at"]) == ("+49301234567", REQUEST.page_url)
    assert (second["sku"], second["title"]) == ("'=1+1", "'@cmd")
    assert find(by_file).answer == Acknowledgement.RECEIVED


def test_each_step_of_an_order_counts_as_order_call(by_file):
    asked = []
    gate = SupplierGate(
        code="lumen",
        capabilities=Feed.CALLS,
        breaker=SimpleNamespace(
            enter=lambda call, *, is_for_order: asked.append((call.path, is_for_order)),
            leave=lambda *_, **__: None,
        ),
        slots=SimpleNamespace(take=lambda **_: "", release=lambda *_: None),
        rate_limit=lambda: None,
    )

    place(replace(by_file, gate=gate))

    assert {path.split()[1] for path, _ in asked} == {"SIGN", "LIST", "PUT"}
    assert [path for path, is_for_order in asked if not is_for_order] == []


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n="])
def test_cells_are_escaped_against_formulas(server, by_file, start):
    name = f"{start}HYPERLINK(1)"
    address = Address(name=name, line1="x", postcode="1", city="y", country="DE")

    place(by_file, replace(REQUEST, ship_to=address))

    written = (server.folder / "orders" / f"{NUMBER}.csv").read_text()
    assert "HYPERLINK" in written
    for row in csv.reader(written.splitlines()):
        assert not [cell for cell in row if cell.startswith(("=", "-", "@", "\t", "\r"))]
        assert not [cell for cell in row if cell.startswith("+") and not cell[1:].isdigit()]


def test_order_file_is_written_once_even_if_the_supplier_has_removed_it(server, by_file):
    path = server.folder / "orders" / f"{NUMBER}.csv"
    path.write_text("from the supplier")  # we did not mark it as sent

    with pytest.raises(DuplicateReferenceError):
        place(by_file)
    assert path.read_text() == "from the supplier"
    assert find(by_file).answer == Acknowledgement.RECEIVED

    path.unlink()
    place(by_file)
    path.unlink()
    assert find(by_file).answer == Acknowledgement.RECEIVED
    with pytest.raises(DuplicateReferenceError):
        place(by_file)
    assert files(server) == []


def test_lost_connection_while_writing_had_no_effect(server, by_file):
    server.fault("open", "drop_after")

    with pytest.raises(TemporaryError) as caught:
        place(by_file)

    assert caught.value.is_outcome_unknown is False
    assert find(by_file) is None
    place(by_file)
    assert files(server) == [f"{NUMBER}.csv"]


@pytest.mark.parametrize("is_taken", [False, True])
def test_order_with_lost_rename_answer_is_found(server, by_file, is_taken):
    server.fault("rename", "drop_after")

    with pytest.raises(TemporaryError) as caught:
        place(by_file)
    if is_taken:
        (server.folder / "orders" / f"{NUMBER}.csv").unlink()

    assert caught.value.is_outcome_unknown is True
    assert find(by_file).answer == Acknowledgement.RECEIVED


def test_partial_file_is_no_order(server, by_file):
    part = server.folder / "orders" / f"{NUMBER}.csv.part"
    part.write_text("half of it")
    by_file.mailer.mark_sending(key=f"{NUMBER}.csv")

    assert find(by_file) is None
    place(by_file)
    assert files(server) == [f"{NUMBER}.csv"]


def test_server_with_another_host_key_gets_no_order(server, by_file, tmp_path):
    with sftp_server(tmp_path / "supplier") as other:
        options = {**by_file.options, "host_key": other.host_key}
        with pytest.raises(PermanentError, match="another host key"):
            place(replace(by_file, options=options))

    assert files(server) == []


def test_many_lookups_use_one_session(server, by_file):
    feed = Feed(by_file)

    for number in range(5):
        assert feed.find(number=f"FL-{number}-1") is None
    feed.close()

    assert server.sessions == 1


STOP = ManualRequest(
    kind=RequestKind.STOP, key=f"{NUMBER}:1", number=NUMBER, page_url="https://f.example/p/"
)


def send_request(context, manual_request=STOP):
    return ask(context, lambda feed: feed.send_request(manual_request))


def test_manual_request_goes_to_the_order_address(by_mail):
    for _ in range(2):
        send_request(by_mail)
    send_request(by_mail, replace(STOP, kind=RequestKind.READDRESS, ship_to=REQUEST.ship_to))

    (stop_to, stop), (_to, other) = by_mail.mailer.letters.values()
    assert stop_to == "orders@lumen.example"
    assert stop == {"locale": "az", "number": NUMBER, "url": "https://f.example/p/"}
    assert other["ship_to"]["postcode"] == "10115"


def test_manual_request_needs_an_email_address(by_file, server):
    with pytest.raises(UnsupportedCapabilityError):
        send_request(by_file)
    send_request(
        replace(by_file, options={**by_file.options, "questions_to": "desk@lumen.example"})
    )

    ((to, _),) = by_file.mailer.letters.values()
    assert to == "desk@lumen.example"
    assert files(server) == []
