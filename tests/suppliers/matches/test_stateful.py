"""Matches: any sequence of links, merges, splits, brand merges and undos loses nothing.

Hypothesis draws the steps. After each: every offer exists and is linked to at most one variant in
production, undisputed identifiers are unique, redirects end at a live page or at none, and an undo
restores all rows that the decision changed.
"""

import pytest
from django.db import transaction
from django.db.models import Count
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from catalog.models import Brand, BrandAlias, Identifier, Product, Variant
from catalog.products.alternatives import find_redirect
from suppliers.matches import brand_merges, merges, review, splits
from suppliers.matches.splits import Target
from suppliers.models import BrandMerge, MatchDecision, SupplierOffer
from suppliers.offers import overrides
from suppliers.offers.overrides import OverrideError
from tests.factories.catalog import make_brand, make_product, make_spec, make_variant
from tests.factories.match_decisions import check_orders
from tests.factories.suppliers import NOON, make_offer, make_supplier
from tests.support.stateful.invariants import steps

WHICH = st.integers(0, 30)
OFFERS = 8
BY = {"actor": "ann", "now": NOON, "check_orders": check_orders}


def rows():
    """Return all that a decision may change, without what a split has created."""
    return {
        "offers": {
            row[0]: row[1:] for row in SupplierOffer.objects.values_list("pk", "variant")
        },
        "identifiers": {row[0]: row[1:] for row in Identifier.objects.exclude(scheme="supplier")
                        .values_list("pk", "variant", "value", "state")},
        "variants": {row[0]: row[1:] for row in Variant.objects.values_list(
            "pk", "product", "status", "replaced_by")},
        "products": {row[0]: row[1:] for row in Product.objects.values_list(
            "pk", "brand", "status", "redirects_to")},
        "brands": {row[0]: row[1:] for row in Brand.objects.values_list("pk", "merged_into")},
        "aliases": dict(BrandAlias.objects.values_list("key", "brand")),
    }  # fmt: skip


class MatchDecisions(RuleBasedStateMachine):
    """Three brands with two products each; each variant is offered, some by two suppliers."""

    @initialize()
    def open(self):
        self.test_transaction = transaction.atomic()
        self.test_transaction._from_testcase = True  # durable transactions can nest in it
        self.test_transaction.__enter__()
        suppliers = [make_supplier(code=code) for code in ("one", "two")]
        self.before = {}
        offered = 0
        for brand in (make_brand(name=name) for name in ("Olight", "Olite", "Fenix")):
            for number in range(2):
                product = make_product(brand=brand, title=f"{brand.name} T{number}")
                make_spec(product)
                variant = make_variant(product)
                Identifier.objects.create(
                    variant=variant, scheme="mpn", value=f"{brand.key}:t{number}", raw=f"T{number}"
                )
                for supplier in suppliers[: 1 + number]:
                    if offered < OFFERS - 1:
                        make_offer(variant, supplier=supplier, sku=f"S{offered}")
                        offered += 1
        loose = make_offer(variant, supplier=make_supplier(code="three"), sku="LOOSE")
        SupplierOffer.objects.filter(pk=loose.pk).update(variant=None)

    def pick(self, found, which):
        found = list(found.order_by("pk"))
        return found[which % len(found)] if found else None

    def decide(self, act):
        """Run a decision; keep what it may change, for its undo. A refusal changes nothing."""
        before = rows()
        try:
            decision = act()
        except OverrideError as refusal:
            event(f"refused: {str(refusal)[:40]}")
            assert rows() == before
            return
        if decision is not None:
            self.before[type(decision).__name__, decision.pk] = before, rows()
            event(f"done: {type(decision).__name__} {getattr(decision, 'kind', '')}")

    @rule(first=WHICH, second=WHICH)
    def merge_variants(self, first, second):
        listed = Variant.objects.all()
        ours, other = self.pick(listed, first), self.pick(listed, second)
        self.decide(lambda: merges.merge(variant=ours, other=other, **BY))

    @rule(first=WHICH, second=WHICH, with_images=st.booleans())
    def merge_products(self, first, second, with_images):
        listed = Product.objects.all()
        ours, other = self.pick(listed, first), self.pick(listed, second)
        self.decide(
            lambda: merges.merge_products(product=ours, other=other, with_images=with_images, **BY)
        )

    @rule(which=WHICH, to=WHICH, all_offers=st.booleans(), goal=st.sampled_from(["new", "old"]))
    def split_offers(self, which, to, all_offers, goal):
        offer = self.pick(SupplierOffer.objects.exclude(variant=None), which)
        of_variant = offer.variant.offers.values_list("pk", flat=True)
        target = Target(title="Another light")
        if goal == "old":
            target = Target(variant=self.pick(Variant.objects.all(), to))
        self.decide(
            lambda: splits.split_offers(
                variant=offer.variant,
                offers=[*of_variant] if all_offers else [offer.pk],
                target=target,
                identifiers=[*offer.variant.identifiers.values_list("pk", flat=True)[:1]],
                is_redirected=all_offers and goal == "old",
                **BY,
            )
        )

    @rule(which=WHICH)
    def split_variant(self, which):
        variant = self.pick(Variant.objects.all(), which)
        self.decide(
            lambda: splits.split_variants(
                product=variant.product, variants=[variant.pk], title="Another light", **BY
            )
        )

    @rule(to=WHICH)
    def link(self, to):
        loose = SupplierOffer.objects.filter(variant=None).first()
        if loose is not None:
            variant = self.pick(Variant.objects.exclude(status="discontinued"), to)
            self.decide(lambda: overrides.link(offer=loose, variant=variant, now=NOON))

    @rule(first=WHICH, second=WHICH)
    def merge_brands(self, first, second):
        brands = Brand.objects.all()
        ours, other = self.pick(brands, first), self.pick(brands, second)
        self.decide(
            lambda: brand_merges.merge_brands(brand=ours, other=other, actor="ann", now=NOON)
        )

    @precondition(lambda self: getattr(self, "before", None))
    @rule(which=WHICH, is_brand=st.booleans())
    def undo(self, which, is_brand):
        model = BrandMerge if is_brand else MatchDecision
        decision = self.pick(model.objects.filter(undone_at=None), which)
        if decision is None:
            return
        earlier = rows()
        try:
            if is_brand:
                brand_merges.undo_merge(decision=decision, actor="leo", now=NOON)
            else:
                review.undo(decision=decision, actor="leo", now=NOON, check_orders=check_orders)
        except OverrideError as refusal:
            event(f"undo refused: {str(refusal)[:40]}")
            assert rows() == earlier
            return
        before, after = self.before[model.__name__, decision.pk]
        event(f"undone: {model.__name__}, latest: {earlier == after}")
        if earlier == after:  # nothing was decided since
            restored = rows()
            for table, known in before.items():
                assert {pk: restored[table].get(pk) for pk in known} == known, table

    @invariant()
    def nothing_is_lost(self):
        if not hasattr(self, "test_transaction"):
            return
        assert SupplierOffer.objects.count() == OFFERS
        linked = SupplierOffer.objects.exclude(variant=None)
        assert not linked.filter(variant__status="discontinued").exists()
        assert not linked.filter(variant__product__status="archived").exists()
        twice = linked.values("variant", "supplier").annotate(n=Count("pk")).filter(n__gt=1)
        assert not twice.exists()
        undisputed = Identifier.objects.exclude(state="conflict")
        names = undisputed.values("scheme", "value").annotate(n=Count("pk")).filter(n__gt=1)
        assert not names.exists()

    @invariant()
    def redirects_end_at_a_live_page_or_at_none(self):
        if not hasattr(self, "test_transaction"):
            return
        live = {*Product.objects.filter(status="live").values_list("slug", flat=True), ""}
        for pk in Product.objects.values_list("pk", flat=True):
            assert find_redirect(pk) in live

    def teardown(self):
        if hasattr(self, "test_transaction"):
            transaction.set_rollback(True)
            self.test_transaction.__exit__(None, None, None)


@pytest.mark.django_db
@pytest.mark.parametrize("examples", [5, pytest.param(60, marks=pytest.mark.full)])
def test_decisions_and_undos_lose_nothing(examples):
    run_state_machine_as_test(MatchDecisions, settings=steps(examples))
