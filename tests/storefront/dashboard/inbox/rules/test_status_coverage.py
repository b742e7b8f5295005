"""No status of any table keeps a row waiting where nobody looks."""

from __future__ import annotations

from django.apps import apps

from storefront.dashboard.inbox.rules.registry import CAUSES
from storefront.dashboard.invariants.registry import INVARIANTS
from storefront.lib.state_machine import Stateful
from tests.storefront.dashboard.status_coverage import COVERED

CODES = {cause.code for cause in CAUSES} | {each.code for each in INVARIANTS}


def waiting_statuses():
    """Name each axis of each table, with the statuses that something still follows."""
    return {
        (model._meta.label, axis): {str(status) for status, to in table.items() if to}
        for model in apps.get_models()
        if issubclass(model, Stateful)
        for axis, table in model.AXES.items()
    }


def is_exempt(words):
    return words.endswith(".")


def test_each_status_that_does_not_end_is_looked_for_or_exempt_in_words():
    assert {axis: set(statuses) for axis, statuses in COVERED.items()} == waiting_statuses()


def test_what_looks_for_it_exists():
    named = {
        code
        for statuses in COVERED.values()
        for words in statuses.values()
        if not is_exempt(words)
        for code in words.split()
    }

    assert named <= CODES
    assert all(words for statuses in COVERED.values() for words in statuses.values())
