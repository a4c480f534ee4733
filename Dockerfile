# One image for web, worker, beat and gateway. PostgreSQL and Redis are images of their own (docker-compose.yml).

FROM python:3.13-slim-bookworm AS build
COPY requirements.lock .
RUN python -m venv --without-pip /opt/venv
RUN python -m pip --python /opt/venv/bin/python install --no-cache-dir --no-deps --require-hashes --only-binary=:all: -r requirements.lock

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --home-dir /srv/daguguan --shell /usr/sbin/nologin daguguan \
    && install -d -o daguguan -g daguguan /var/lib/daguguan
COPY --from=build /opt/venv /opt/venv
WORKDIR /srv/daguguan
COPY . .
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    STATE_DIR=/var/lib/daguguan
# An (empty) manifest in place makes the settings choose hashed file names; collectstatic then writes the real one.
RUN mkdir static && echo '{"version": "1.1", "paths": {}}' > static/staticfiles.json
RUN python manage.py collectstatic --no-input
USER daguguan
EXPOSE 8000
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000"]
