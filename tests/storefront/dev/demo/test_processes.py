from storefront.dev.demo import processes
from storefront.dev.runtime.ports import free_port


def test_the_processes_of_a_demo_read_its_own_database(monkeypatch, tmp_path):
    settings = ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "ENVIRONMENT")
    for name in settings:
        monkeypatch.setenv(f"{name}_FILE", "/run/secrets/production")
    names_of = ("web", "sandbox", "bigbuy", "feed", "gateway", "tracker", "labels", "sms", "smtp")
    ports = processes.Ports(**{name: free_port() for name in names_of})
    ours = {"DATABASE_URL": "postgres://ours", "REDIS_URL": "redis://ours"}

    env = processes.environment(
        processes.settings(var=tmp_path, ports=ports, keys={}, addresses=ours)
    )

    assert not env.keys() & {f"{name}_FILE" for name in settings}
    assert env["DATABASE_URL"] == ours["DATABASE_URL"]
