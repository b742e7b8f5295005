import pytest

from storefront.dev.demo import migration_files


def test_only_an_edited_file_is_refused(tmp_path):
    sql = tmp_path / "orders/migrations/sql/rules.sql"
    sql.parent.mkdir(parents=True)
    sql.write_text("SELECT 1")
    (tmp_path / "orders/migrations/0001_initial.py").write_text("")
    migration_files.record(tmp_path, root=tmp_path)
    (tmp_path / "orders/migrations/0002_new.py").write_text("")
    migration_files.require_same(tmp_path, root=tmp_path, has_data=True)

    sql.write_text("SELECT 2")

    with pytest.raises(migration_files.EditedMigrationsError) as refused:
        migration_files.require_same(tmp_path, root=tmp_path, has_data=True)
    assert "  orders/migrations/sql/rules.sql has changed\n" in str(refused.value)
    assert "0001_initial" not in str(refused.value)


def test_data_without_a_record_is_refused_and_an_empty_folder_is_not(tmp_path):
    migration_files.require_same(tmp_path, root=tmp_path, has_data=False)

    with pytest.raises(migration_files.EditedMigrationsError):
        migration_files.require_same(tmp_path, root=tmp_path, has_data=True)
