from __future__ import annotations

import pytest

from storefront.dev.bench.goals import reading_goals
from storefront.dev.bench.scenarios.change_latency import Reach
from storefront.dev.bench.scenarios.sync.reads_during_merge import MERGING, Reading


def read(when, p95_ms):
    return Reading(page="list page", when=when, answers=500, p50_ms=1, p95_ms=p95_ms)


@pytest.mark.parametrize(("p95_ms", "is_met"), [(11.9, True), (12.1, False)])
def test_readers_are_held_against_what_they_had_alone(p95_ms, is_met):
    (verdict,) = reading_goals.judge_reading([read("alone", 10), read(MERGING, p95_ms)], count=9)

    assert (verdict.id, verdict.ok, round(verdict.ratio, 2)) == ("P12", is_met, p95_ms / 10)


def test_of_a_hundred_changes_five_may_be_late():
    on_time, late = [0.2] * 95, [3.0] * 5

    told, asked = reading_goals.judge_reaching(Reach(told=on_time + late, asked=on_time + late * 2))

    assert (told.ok, asked.ok) == (False, False)
    (told, _) = reading_goals.judge_reaching(Reach(told=[*on_time, 0.2, *late[1:]], asked=[1.0]))
    assert told.ok
