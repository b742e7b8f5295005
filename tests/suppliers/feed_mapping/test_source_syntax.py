import pytest

from suppliers.connectors.feed.mapping.spec import Source
from suppliers.feed_mapping import source_syntax
from suppliers.feed_mapping.source_syntax import InvalidLineError

PAIRS = [
    ("B2B price", Source(column="B2B price")),
    ("json: prices[0].net", Source(jmespath="prices[0].net")),
    ("xpath: g:price", Source(xpath="g:price")),
    ("fixed: EUR", Source(constant="EUR")),
    ("IMAGES split at |", Source(column="IMAGES", separator="|")),
    ("json: a.b split at ;", Source(jmespath="a.b", separator=";")),
    ("note: not ours", Source(column="note: not ours")),
]


@pytest.mark.parametrize(("text", "source"), PAIRS)
def test_a_source_is_written_as_it_is_parsed(text, source):
    assert source_syntax.parse_source(text) == source
    assert source_syntax.format_source(source) == text


def test_lines_are_parsed_as_pairs():
    assert source_syntax.parse_pairs("Color = colour\n\n Size=fixed: L=1 \n") == {
        "Color": "colour",
        "Size": "fixed: L=1",
    }


@pytest.mark.parametrize("line", ["Color", "= colour", "Color ="])
def test_half_a_pair_is_an_error(line):
    with pytest.raises(InvalidLineError, match=line.split()[0]):
        source_syntax.parse_pairs(line)
