from storefront.ops.environment import is_set, override


def test_override_removes_the_file_variant_of_each_setting():
    found = override(
        {"DATABASE_URL_FILE": "/run/secrets/production", "LANG": "C", "OTHER_FILE": "x"},
        {"DATABASE_URL": "postgres://ours"},
    )

    assert found == {"DATABASE_URL": "postgres://ours", "LANG": "C", "OTHER_FILE": "x"}


def test_a_setting_read_from_a_file_counts_as_set():
    assert is_set({"REDIS_URL_FILE": "/run/secrets/redis"}, "REDIS_URL")
    assert is_set({"REDIS_URL": "redis://x"}, "REDIS_URL")
    assert not is_set({"REDIS_URL": ""}, "REDIS_URL")
