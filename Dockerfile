# The shop's image: the locked packages, the code, and nothing that needs root.
FROM python:3.13.12-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements/base.txt requirements/base.txt
RUN /venv/bin/pip install --require-hashes -r requirements/base.txt
COPY . .
RUN for po in storefront/locale/*/LC_MESSAGES/django.po \
        storefront/supplier_portal/locale/*/LC_MESSAGES/django.po; do \
        /venv/bin/pybabel --quiet compile -i "$po" -o "${po%.po}.mo" || exit 1; \
    done \
    && /venv/bin/python -m storefront.ops.production_env \
        /venv/bin/python manage.py collectstatic --no-input \
    && /venv/bin/python -m compileall -q catalog notifications orders shipping storefront suppliers

FROM postgres:18.6-trixie AS database

FROM python:3.13.12-slim-trixie
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# pg_dump and pg_restore of the server's version (manage.py backup): Debian's are older.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends liblz4-1 libpq5 libzstd1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=database /usr/lib/postgresql/18/bin/pg_dump /usr/lib/postgresql/18/bin/pg_restore /usr/local/bin/
COPY --from=database /usr/lib/*-linux-gnu/libpq.so.5 /usr/local/lib/
RUN ldconfig
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin fara
COPY --from=build /venv /venv
COPY --from=build /app /app
# The folders that the shop writes to (DATA_ROOTS): a new volume takes its owner from them.
RUN install -d -o fara -g fara /app/var/media /app/var/private /app/var/feeds
WORKDIR /app
USER fara
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-m", "storefront.ops.healthcheck"]
# Two threads a worker: only behind a proxy that buffers what is sent, with a limit and a timeout
# (the head of docker-compose.yml says which).
CMD ["python", "-m", "storefront.server", \
     "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--blocking-threads", "2", "--workers-kill-timeout", "10", \
     "--respawn-failed-workers", "storefront.wsgi:application"]
