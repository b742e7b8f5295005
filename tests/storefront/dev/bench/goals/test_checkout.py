from storefront.dev.bench.goals import checkout
from storefront.dev.bench.harness.checkout_script import PLACE
from storefront.dev.bench.scenarios.checkout import BARE, CHECKOUT, Counted, Pace
from storefront.dev.bench.scenarios.checkout_while_supplier_hangs import Hung, Spent
from storefront.dev.bench.scenarios.last_units import Rush


def pace(what, at_once, per_second, p50_ms=5.0, cpu_ms=1):
    return Pace(
        what=what,
        at_once=at_once,
        count=100,
        per_second=per_second,
        p50_ms=p50_ms,
        p95_ms=2 * p50_ms,
        cpu_ms=cpu_ms,
    )


def rush(what, *, sold, refused, held, seconds):
    cpu_s = [2 * each for each in seconds]
    return Rush(what=what, sold=sold, refused=refused, held=held, seconds=seconds, cpu_s=cpu_s)


def shown(verdicts):
    return {each.what: (round(each.ratio, 2), each.goal, each.ok) for each in verdicts}


def test_checkouts_are_compared_with_other_shops_relative_to_the_bare_sale():
    found = [
        pace(BARE, 8, 2170),
        pace(CHECKOUT, 8, 99, cpu_ms=40),
        pace(BARE, 1, 196),
        pace(CHECKOUT, 1, 2),
    ]

    judged = shown(checkout.judge_checkouts(found))

    assert judged["guest checkout, 8 at once: checkouts, ratio to django-oscar"] == (
        9.9,
        ">= 10",
        False,
    )
    assert judged["guest checkout, 8 at once: checkouts, ratio to Saleor"] == (
        39.37,
        ">= 40",
        False,
    )
    assert judged["guest checkout, 1 at once: checkouts, ratio to django-oscar"] == (
        2,
        "no goal",
        True,
    )
    assert judged["guest checkout, 8 at once: p95, ms"] == (10, "no goal", True)
    assert judged["guest checkout, 8 at once: CPU, ratio to bare sale"] == (40, "no goal", True)


def test_orders_are_compared_with_the_bare_sale_and_a_time_limit():
    slow = [pace(BARE, 1, 1000), pace(PLACE, 1, 100, p50_ms=8.1)]
    found = [*slow, pace(BARE, 8, 1000), pace(PLACE, 8, 299, cpu_ms=3)]

    judged = shown(checkout.judge_orders(found))

    assert judged["place order, alone: p50, ms"] == (8.1, "<= 8", False)
    assert judged["place order, 8 at once: orders, ratio to bare sale"] == (0.3, ">= 0.3", False)
    assert judged["place order, 1 at once: orders, ratio to bare sale"] == (0.1, "no goal", True)
    assert judged["place order, 8 at once: CPU, ratio to bare sale"] == (3, "no goal", True)


def test_statements_are_summed_over_all_requests():
    judged = shown(
        checkout.judge_sql(Counted(live={"cart": 41, PLACE: 20}, kept={"cart": 0, PLACE: 20}))
    )

    assert judged["SQL statements of a whole checkout"] == (61, "<= 60", False)
    assert judged["SQL statements of a whole checkout, with page cache"][0] == 20
    assert judged["SQL statements of place order"][0] == 20


def test_one_round_that_sells_too_many_or_too_few_fails():
    bare = rush("bare", sold=[50], refused=[150], held=[50], seconds=[0.1])
    good = rush("shop", sold=[50, 50], refused=[150, 150], held=[50, 50], seconds=[0.4, 0.5])
    bad = rush("shop", sold=[50, 49], refused=[150, 149], held=[51, 49], seconds=[0.6, 0.6])

    assert [each.ok for each in checkout.judge_rush(bare, good)] == [True] * 6
    assert [each.ok for each in checkout.judge_rush(bare, bad)] == [False] * 4 + [True] * 2
    assert checkout.judge_rush(bare, bad)[2].value == 1


def test_hanging_supplier_may_slow_buyers_by_a_tenth():
    def judged(hung_ms):
        found = Hung(alone=Spent(100.0, 50.0), hung=Spent(hung_ms, 55.0), bought=9)
        by_clock, cpu = checkout.judge_hung(found)
        assert (cpu.goal, cpu.ratio) == ("no goal", 1.1)
        return by_clock.ok

    assert judged(109.0)
    assert not judged(111.0)
