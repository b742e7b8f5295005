"""Refused words are found in code, templates and translations, except for listed phrases."""

import subprocess

import pytest

from storefront.dev.checks import refused_language


@pytest.fixture
def repository(tmp_path):
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)

    def write(name, text):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


def found(root, **exceptions):
    return list(refused_language.find_refused_language(root, **exceptions))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("orders/a.py", "x = 1\n# Nobody calls it\n", ["orders/a.py:2: Nobody"]),
        ("tests/test_a.py", "def test_he_waits(): ...\n", ["tests/test_a.py:1: he"]),
        ("a.html", '<p>\n{{ _("Ask him, her") }}', ["a.html:2: him", "a.html:2: her"]),
        ("a.po", 'msgid "Read aloud"\nmsgstr "Oxu"\n', ["a.po:1: aloud"]),
        ("Makefile", "help: ## Whoever asks\n", ["Makefile:1: Whoever"]),
    ],
)
def test_a_refused_word_is_found_with_its_line(repository, name, text, expected):
    assert found(repository(name, text)) == expected


@pytest.mark.parametrize("text", ["heç bir", "the other chess", "Hisslər", "hash_here()"])
def test_parts_of_words_are_allowed(repository, text):
    assert found(repository("a.po", text)) == []


def test_an_exception_covers_its_phrase_in_its_file_only(repository):
    repository("a.py", 'X = "nobody@erased"\nY = "nobody"\n')
    root = repository("b.py", 'X = "nobody@erased"\n')

    assert found(root, exceptions={"a.py": ("nobody@erased",)}) == [
        "a.py:2: nobody",
        "b.py:1: nobody",
    ]


def test_supplier_texts_binary_and_ignored_files_are_not_read(repository, tmp_path):
    repository("tests/corpus/he.csv", "his")
    repository(".gitignore", "var/\n")
    root = repository("var/log.txt", "his")
    (tmp_path / "a.png").write_bytes(b"\x89PNG his \xff")

    assert found(root) == []


def test_the_command_prints_what_it_finds_and_fails(repository, monkeypatch, capsys):
    monkeypatch.chdir(repository("a.py", "# his\n"))

    assert refused_language.main() == 1
    assert capsys.readouterr().out == "a.py:1: his\n"

    repository("a.py", "# its\n")

    assert refused_language.main() == 0
