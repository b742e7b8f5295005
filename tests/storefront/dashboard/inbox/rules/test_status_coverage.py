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


def test_each_open_status_is_covered_by_a_rule_or_exempt():
    statuses = {status_field: set(by_status) for status_field, by_status in COVERED.items()}
    words = [words for by_status in COVERED.values() for words in by_status.values()]
    named = {code for text in words if not text.endswith(".") for code in text.split()}

    assert statuses == waiting_statuses()
    assert all(words)
    assert named <= CODES
