import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command


def recognize_carrier(*args):
    out = StringIO()
    call_command("recognize_carrier", *args, stdout=out)
    return out.getvalue()


def test_carriers_are_named():
    lines = recognize_carrier("1z999aa10123456784", "123456789013", "XY12345", "--country", "de")

    certain, undecided, unknown = lines.splitlines()
    assert certain == "1Z999AA10123456784: UPS"
    assert undecided.startswith("123456789013: undecided (")
    assert unknown == "XY12345: undecided (no known carrier)"


def test_json_has_the_finding_and_the_link():
    (document,) = json.loads(
        recognize_carrier("1Z999AA10123456784", "--carrier", "DPD", "--json", "--country", "DE")
    )

    assert document == {
        "number": "1Z999AA10123456784",
        "carrier": None,
        "candidates": ["dpd", "ups"],
        "finding": "other_carrier",
        "tracking_url": "https://t.17track.net/en#nums=1Z999AA10123456784",
    }


@pytest.mark.parametrize("args", [["12/34"], ["1Z999AA10123456784", "--country", "Germany"]])
def test_unreadable_input_exits_with_2(args):
    with pytest.raises(CommandError) as caught:
        recognize_carrier(*args)

    assert caught.value.returncode == 2
