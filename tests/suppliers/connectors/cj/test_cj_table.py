"""The vendor's list of error codes, held against the table that we act by."""

from __future__ import annotations

import pytest

from storefront.lib.http.errors import PermanentError, TemporaryError
from suppliers.connectors.cj.error_codes import (
    MEANINGS,
    CapReachedError,
    Meaning,
    QuotaSpentError,
    RefreshRefusedError,
    TokenRefusedError,
    failure,
    meaning_of,
)
from suppliers.connectors.records import (
    DuplicateReferenceError,
    GoneError,
    NoWayError,
    OutOfStockError,
)

# Each line of the vendor's list, in its order, and what we do about it.
LIST = """
1600000 RETRY
1600001 REAUTHENTICATE
1600002 REAUTHENTICATE
1600003 LOGIN
1600004 CONFIGURATION
1600005 CONFIGURATION
1600006 CONFIGURATION
1600007 CONFIGURATION
1600008 CONFIGURATION
1600009 CONFIGURATION
1600010 CONFIGURATION
1600011 CONFIGURATION
1600012 CONFIGURATION
1600013 CONFIGURATION
1600030 CONFIGURATION
1600031 CONFIGURATION
1600100 PERMANENT
1600101 PERMANENT
1600200 RETRY
1600201 PAUSE
1600300 PERMANENT
1600301 RETRY
1601000 CONFIGURATION
1602000 GONE
1602001 GONE
1602002 GONE
1602003 GONE
1602004 PERMANENT
1603000 LOOK_UP
1603001 MANUAL
1603002 MANUAL
1603003 ADOPT
1603100 MANUAL
1603101 MANUAL
1603102 OUT_OF_STOCK
1604000 HOLD
1604001 HOLD
1605000 REQUOTE
1605001 REQUOTE
1605002 PERMANENT
1606000 KNOWN
1606001 CONFIGURATION
1606010 CONFIGURATION
1606011 CAP
1606012 ITEM
1606013 ITEM
1607000 CONFIGURATION
1607001 CONFIGURATION
1607002 CONFIGURATION
1607003 CONFIGURATION
1607004 REQUOTE
1607006 MANUAL
1607007 MANUAL
1607008 MANUAL
1607009 MANUAL
1607010 MANUAL
16070002 PERMANENT
1609000 MANUAL
1609001 MANUAL
1609002 MANUAL
1609003 MANUAL
1609004 MANUAL
1609005 MANUAL
1609006 MANUAL
1609007 MANUAL
1609008 MANUAL
1609009 MANUAL
1609010 MANUAL
1609011 MANUAL
1609012 MANUAL
1609013 MANUAL
1609014 MANUAL
1609015 MANUAL
1609016 MANUAL
16900202 PERMANENT
16900203 PERMANENT
16900204 PERMANENT
16900205 PERMANENT
16900403 PERMANENT
803 TRIAL
811 TRIAL
818 TRIAL
819 TRIAL
820 TRIAL
821 TRIAL
8002 CHANGED
"""
LISTED = {int(code): Meaning[name] for code, name in map(str.split, LIST.split("\n")[1:-1])}


def test_every_code_of_the_list_has_its_class_and_no_other_has_one():
    assert LISTED == MEANINGS


def test_a_code_that_nobody_told_us_of_is_a_refusal():
    assert meaning_of(1_699_999) is Meaning.PERMANENT
    assert type(failure(1_699_999, "GET x", is_write=False)) is PermanentError


@pytest.mark.parametrize(
    ("meaning", "error"),
    [
        (Meaning.RETRY, TemporaryError),
        (Meaning.REAUTHENTICATE, TokenRefusedError),
        (Meaning.LOGIN, RefreshRefusedError),
        (Meaning.CONFIGURATION, PermanentError),
        (Meaning.PERMANENT, PermanentError),
        (Meaning.PAUSE, QuotaSpentError),
        (Meaning.GONE, GoneError),
        (Meaning.OUT_OF_STOCK, OutOfStockError),
        (Meaning.LOOK_UP, TemporaryError),
        (Meaning.ADOPT, DuplicateReferenceError),
        (Meaning.HOLD, PermanentError),
        (Meaning.REQUOTE, NoWayError),
        (Meaning.MANUAL, PermanentError),
        (Meaning.KNOWN, PermanentError),
        (Meaning.CAP, CapReachedError),
        (Meaning.ITEM, PermanentError),
        (Meaning.CHANGED, TemporaryError),
        (Meaning.TRIAL, PermanentError),
    ],
)
def test_a_class_is_one_kind_of_failure_with_words_for_staff(meaning, error):
    code = next(code for code, each in LISTED.items() if each is meaning)

    made = failure(code, "POST x", is_write=False)

    assert type(made) is error
    assert (made.code, str(made)) == (str(code), f"POST x: {meaning}")


def test_only_what_may_have_been_written_is_left_open():
    is_open = {code for code in LISTED if failure(code, "", is_write=True).may_have_happened}

    assert is_open == {1600000, 1600301, 1603000}
    assert not any(failure(code, "", is_write=False).may_have_happened for code in LISTED)
