from storefront.dashboard.inbox import losses
from storefront.dashboard.inbox.losses import LOSSES, PEOPLE_WAIT, Loss
from storefront.dashboard.inbox.rules.registry import RULES


def test_each_rule_has_one_loss():
    known = [code for each in losses._BY_LOSS.values() for code in each]

    assert sorted(known) == sorted(cause.code for cause in RULES)
    assert not PEOPLE_WAIT - LOSSES.keys()


def test_amount_of_each_rule_says_what_it_means():
    """A rule without a loss of money has an amount only where its label says what it counts."""
    labeled = {Loss.MARGIN, Loss.PROMISE, Loss.RESERVED, Loss.ANSWER, Loss.SALES, Loss.BILL}

    for cause in RULES:
        if "NULL::numeric AS amount" not in cause.sql:
            loss = LOSSES[cause.code]
            assert loss.is_money or loss in labeled, cause.code
