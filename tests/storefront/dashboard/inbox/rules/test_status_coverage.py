"""Every status that is not final is covered by an inbox rule, an invariant or an exemption."""

from django.apps import apps

from storefront.dashboard.inbox.rules.registry import RULES
from storefront.dashboard.invariants.registry import INVARIANTS
from storefront.lib.state_machine import Stateful
from tests.storefront.dashboard.status_coverage import COVERED

CODES = {cause.code for cause in RULES} | {each.code for each in INVARIANTS}


def waiting_statuses():
    """Return the non-final statuses of each status field of each table."""
    return {
        (model._meta.label, status_field): {str(status) for status, to in table.items() if to}
        for model in apps.get_models()
        if issubclass(model, Stateful)
        for status_field, table in model.STATUS_FIELDS.items()
    }


def is_exempt(words):
    return words.endswith(".")


def test_each_open_status_is_covered_or_exempt():
    assert {
        status_field: set(statuses) for status_field, statuses in COVERED.items()
    } == waiting_statuses()


def test_covering_rules_exist():
    named = {
        code
        for statuses in COVERED.values()
        for words in statuses.values()
        if not is_exempt(words)
        for code in words.split()
    }

    assert named <= CODES
    assert all(words for statuses in COVERED.values() for words in statuses.values())
