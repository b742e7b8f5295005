import pytest

from orders.models import ReturnAuthorization, SupplierReturn

RETURN = """
requested: approved rejected needs_evidence canceled refunded
needs_evidence: requested approved rejected expired canceled refunded
approved: label_issued in_transit received refunded exchanged expired canceled
label_issued: in_transit received refunded expired canceled
in_transit: received lost_in_transit refunded
lost_in_transit: received refunded refused
received: inspected
inspected: refunded exchanged refused received
exchanged: refunded
expired: received
rejected: refunded: refused: canceled:
"""
RMA = """
draft: requested written_off
requested: authorized denied written_off
authorized: shipped credited written_off
shipped: received disputed credited
received: credited disputed
disputed: credited written_off
denied: credited: written_off:
"""


def parse(table):
    found, here = {}, ""
    for word in table.split():
        if word.endswith(":"):
            here = word[:-1]
            found[here] = set()
        else:
            found[here].add(word)
    return found


@pytest.mark.parametrize(("model", "table"), [(ReturnAuthorization, RETURN), (SupplierReturn, RMA)])
def test_transitions_match_the_table(model, table):
    assert {here: set(ahead) for here, ahead in model.TRANSITIONS.items()} == parse(table)
    assert set(parse(table)) == set(model.Status)


@pytest.mark.parametrize(
    ("model", "ended"),
    [(ReturnAuthorization, ReturnAuthorization.FINAL), (SupplierReturn, SupplierReturn.SETTLED)],
)
def test_every_state_can_reach_an_end(model, ended):
    ends = set(ended)
    while more := {s for s, ahead in model.TRANSITIONS.items() if ahead & ends} - ends:
        ends |= more

    assert ends == set(model.Status)
    again = {s for s in ended if not model.TRANSITIONS[s] <= set(ended)}
    assert again <= {"expired"}, "staff still inspect goods that arrive after it expired"
