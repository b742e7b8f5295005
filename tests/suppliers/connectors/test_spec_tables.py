import pytest
from hypothesis import given
from hypothesis import strategies as st

from suppliers.connectors.spec_tables import claims

MODES = (
    "<table><tr><th>Mode</th><th>Output</th><th>Runtime</th></tr>"
    "<tr><td>High</td><td>400 lm</td><td>3 h</td></tr>"
    "<tr><td>Low</td><td>10 lm</td><td></td></tr></table>"
)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", {}),
        ("<p>A light for dogs.</p>", {}),
        (
            "<p>Text.</p><table><tr><td>Weight</td><td>74 g</td></tr></table>",
            {"Weight": "74 g"},
        ),
        ("<table><tbody><tr><th>Weight:</th><td> 74&nbsp;g </td></tr></table>", {"Weight": "74 g"}),
        (
            "<table><tr><td>Weight<td>74 g<tr><td>IP<td>IPX4</table>",
            {"Weight": "74 g", "IP": "IPX4"},
        ),
        ("<ul><li>Weight: 74 g</li><li>IP: IPX4</li></ul>", {"Weight": "74 g", "IP": "IPX4"}),
        ("Weight: 74 g<br>IP: IPX4<br/>Nice", {"Weight": "74 g", "IP": "IPX4"}),
        ("Weight:74g<br>IP\uff1aIPX4<br>at 12:30", {"Weight": "74g", "IP": "IPX4"}),
        ("<dl><dt>Weight</dt><dd>74 g</dd></dl>", {"Weight": "74 g"}),
        ("<p>Please note. Ratio 3:1 of light</p>", {}),
        (
            "<table><tr><td>Weight<td>74 g</td></tr><tr><td>Weight<td>80 g</td></tr></table>",
            {"Weight": "74 g"},
        ),
        (
            MODES,
            {"Mode: High": "Output 400 lm; Runtime 3 h", "Mode: Low": "Output 10 lm"},
        ),
        (
            MODES.replace("Output", "Output (lm)").replace("400 lm", "400"),
            {"Mode: High": "Output (lm) 400 lm; Runtime 3 h", "Mode: Low": "Output (lm) 10 lm"},
        ),
        (
            "<table><tr><td>IP<script>x</script></td><td><b>IPX4</b><style>p{}</style></td></tr></table>",
            {"IP": "IPX4"},
        ),
        ("<table><tr><td></td><td>74 g</td></tr><tr><td>Only</td></tr></table>", {}),
    ],
)
def test_labels_are_extracted_from_html(html, expected):
    assert claims(html) == expected


def test_endless_page_is_read_within_limits():
    endless = "<table>" + "<tr><td>L%d</td><td>v</td></tr>" * 3
    html = "".join(f"<table><tr><td>L{n}</td><td>{'v' * 900}</td></tr></table>" for n in range(900))

    found = claims(endless + html)

    assert len(found) <= 120
    assert max(len(value) for value in found.values()) <= 500


TAGS = ["table", "tr", "td", "th", "dt", "dd", "p", "br", "li", "script", "style", "b"]
PIECES = st.sampled_from(
    [f"<{tag}>" for tag in TAGS]
    + [f"</{tag}>" for tag in TAGS]
    + ["Weight", ": 74 g", "&nbsp;", "<"]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_order_of_tags_is_parsed(html):
    for label, value in claims(html).items():
        assert label.strip()
        assert value.strip()
