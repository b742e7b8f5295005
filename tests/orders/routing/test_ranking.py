from orders.enums import Criterion
from orders.routing import admin
from orders.routing.candidates import Need
from orders.routing.engine import Drawback, reason_against, route
from orders.routing.ranking import DEFAULT_RULES, Rules
from tests.orders.routing.test_engine import candidate


def test_the_first_criterion_decides():
    cheap = candidate(1, 1, 10, cost="8", days=9, score=60, supplier_code="cj")
    quick = candidate(2, 1, 20, cost="9", days=3, score=50, supplier_code="lumen")
    good = candidate(3, 1, 30, cost="10", days=5, score=95, supplier_code="bigbuy")
    liked = ("lumen", "cj")

    def taken(*criteria):
        rules = Rules(criteria=criteria, preferred=liked)
        need = Need(variant_id=1, quantity=1)
        plan = route(needs=[need], candidates=[cheap, quick, good], rules=rules)
        return plan.parcels[0].lines[0].candidate

    def why(other, *criteria):
        rules = Rules(criteria=criteria, preferred=liked)
        return reason_against(other, chosen=taken(*criteria), quantity=1, rules=rules)

    assert taken(Criterion.COST) == cheap
    assert taken(Criterion.DAYS, Criterion.COST) == quick
    assert taken(Criterion.SCORE) == good
    assert taken(Criterion.PREFERENCE) == quick
    assert why(cheap, Criterion.DAYS) == Drawback.SLOWER
    assert why(cheap, Criterion.SCORE) == Drawback.LOWER_SCORE
    assert why(good, Criterion.PREFERENCE) == Drawback.LESS_PREFERRED


def test_rules_can_rank_cost_before_parcels():
    needs = [Need(variant_id=1, quantity=1), Need(variant_id=2, quantity=1)]
    candidates = [
        candidate(1, 1, location_id=10, cost="5"),
        candidate(2, 2, location_id=20, cost="5"),
        candidate(3, 2, location_id=10, cost="5"),
        candidate(4, 1, location_id=30, cost="9"),
        candidate(5, 2, location_id=30, cost="4"),
    ]
    rules = Rules(criteria=(Criterion.COST, Criterion.PARCELS))

    plan = route(needs=needs, candidates=candidates, rules=rules)
    of_equals = route(needs=needs, candidates=candidates[:4], rules=rules)

    assert [parcel.location_id for parcel in plan.parcels] == [10, 30]
    assert [parcel.location_id for parcel in of_equals.parcels] == [10]


def test_the_default_chain_is_applied_in_order():
    assert DEFAULT_RULES.criteria == (
        Criterion.PARCELS,
        Criterion.COST,
        Criterion.DAYS,
        Criterion.SCORE,
        Criterion.PREFERENCE,
        Criterion.DISTANCE,
    )
    drafted = [admin.RoutingRulesForm.base_fields[step].initial for step in admin.CRITERION_FIELDS]
    assert drafted == list(DEFAULT_RULES.criteria)
