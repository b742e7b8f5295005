import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from storefront.dev.bench import results
from storefront.dev.bench.goals.pages import at_least, at_most, by_clock, marked_if_busy
from storefront.dev.bench.harness.resources import Load
from tests.factories.suppliers import NOON

NAMES = [
    *("id", "what", "value", "limit", "goal", "ok", "is_by_clock", "disturbed"),
    *("ratio", "is_reliable", "machine", "date"),
]


def keep(path, *verdicts, now=NOON, **figures):
    made = [replace(each, made_at=now) for each in verdicts]
    results.keep(path, figures=figures, verdicts=made, machine="here")
    return json.loads(path.read_text())


def test_each_row_of_a_goal_has_its_own_record(tmp_path):
    stored = keep(
        tmp_path / "bench.json",
        at_most("P1", "CPU, ratio to the limit", 3, 2, most=2),
        at_most("P1", "SQL statements", 4, most=4),
        pages=["a page"],
    )

    first, second = stored["goals"]
    assert list(first) == NAMES
    assert (first["value"], first["limit"], first["ratio"]) == (3, 2, 1.5)
    assert (first["goal"], first["ok"], first["machine"]) == ("<= 2", True, "here")
    assert first["date"] == "2026-11-24T12:00:00+00:00"
    assert (second["limit"], second["ratio"], second["ok"]) == (None, 4, True)
    assert stored["pages"] == ["a page"]


def test_goals_measured_alone_leave_other_records_unchanged(tmp_path):
    path = tmp_path / "bench.json"
    keep(path, at_least("P13", "a", 1, 2, least=1), at_least("R1", "b", 1, least=1), pages=[1])

    stored = keep(
        path,
        at_least("P2", "c", 1, least=1),
        at_least("R1", "d", 1, least=1),
        now=NOON + timedelta(days=1),
    )

    found = [(each["id"], each["what"], each["date"][:10], each["ok"]) for each in stored["goals"]]
    assert found == [
        ("P2", "c", "2026-11-25", True),
        ("P13", "a", "2026-11-24", False),
        ("R1", "d", "2026-11-25", True),
    ]
    assert stored["pages"] == [1]


def test_file_of_an_older_format_is_rewritten(tmp_path):
    path = tmp_path / "bench.json"
    path.write_text('{"verdicts": []}')

    assert list(keep(path, at_least("P1", "a", 1, least=1))) == ["goals"]


def test_wall_clock_figures_are_unreliable_while_others_use_the_machine():
    seconds, cpu = by_clock(at_most("P1", "s", 1, most=2)), at_most("P1", "CPU", 1, most=2)

    def judged(*, others, stolen):
        load = Load(seconds=9, cpu_s=9, others=others, stolen=stolen)
        return marked_if_busy(load, [seconds, cpu])

    assert [each.is_reliable for each in judged(others=0.05, stolen=0.05)] == [True, True]
    clock, work = judged(others=0.06, stolen=0.05)
    assert (clock.is_reliable, work.is_reliable) == (False, True)
    assert clock.words.endswith("met unreliable, 11% used by others")
    assert work.words.endswith("met")


def test_unknown_goal_is_refused_before_measuring():
    with pytest.raises(
        CommandError,
        match=r"No goal is called P99\. There are: E1, E2, E3, F1, F2, P1, P10, P11, P12, P13, P14",
    ):
        call_command("bench", only="p1, P99")
