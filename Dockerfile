# Build: dependencies, compiled translations and static files, none of which needs a compiler.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /opsgate
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements.txt .
RUN pip install --require-hashes -r requirements.txt
COPY . .
RUN pybabel compile --directory locale --domain django \
 && SECRET_KEY=unused-while-building STATIC_ROOT=/opsgate/collected VAR_DIR=/tmp/var \
    python manage.py collectstatic --noinput --verbosity 0 \
 && python -m compileall -q /opsgate

# Run: as nobody in particular, writing only under /var/lib/opsgate.
FROM python:3.13-slim
# Pango and a Chinese font, by which WeasyPrint sets minutes and sign-off records.
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends libpangoft2-1.0-0 fonts-noto-cjk \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /var/lib/opsgate --create-home opsgate
COPY --from=build /venv /venv
COPY --from=build /opsgate /opsgate
WORKDIR /opsgate
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 STATIC_ROOT=/opsgate/collected VAR_DIR=/var/lib/opsgate
USER opsgate
VOLUME /var/lib/opsgate
EXPOSE 8000
# Without other servers, on SQLite: docker run --publish 127.0.0.1:8000:8000 opsgate \
#   manage.py serve --prepare
ENTRYPOINT ["python"]
CMD ["-m", "gunicorn", "--config", "config/gunicorn.py", "config.wsgi"]
