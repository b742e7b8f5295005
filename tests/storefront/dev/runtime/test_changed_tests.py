"""Changed tests: find them by the names of the changed files."""

import subprocess

from storefront.dev.runtime import changed_tests


def write(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x\n")


def git(root, *arguments):
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *arguments]
    subprocess.run(command, cwd=root, check=True, capture_output=True)


def test_a_changed_file_runs_the_test_of_its_name_or_of_its_folder(tmp_path):
    write(
        tmp_path,
        "tests/catalog/pricing/test_guards.py",
        "tests/orders/cart/test_lines.py",
        "tests/e2e/test_all.py",
    )
    changed = [
        "catalog/pricing/guards.py",
        "orders/cart/cart.py",
        "orders/cart/lines.py",
        "tests/e2e/test_all.py",
        "README.md",
        "manage.py",
    ]

    assert changed_tests.tests_of(changed, tmp_path) == [
        "tests/architecture",
        "tests/catalog/pricing/test_guards.py",
        "tests/orders/cart",
    ]


def test_new_and_changed_files_are_found(tmp_path):
    write(tmp_path, "kept.py", "changed.py")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    write(tmp_path, "new.py")
    (tmp_path / "changed.py").write_text("y\n")

    assert sorted(changed_tests.changed_files(tmp_path)) == ["changed.py", "new.py"]
