# The gateway. The image has the `tusou` command too, with which docker-compose.yml migrates.
#
#     docker build --file deploy/gateway.Dockerfile --tag tusou-gateway:0.1.0 .

FROM python:3.13-slim-trixie AS needs
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY pyproject.toml constraints.txt ./
# What Tusou stands on, installed for a Tusou without code: a change of code leaves this layer as it is.
RUN touch README.md && mkdir services shared workers \
    && python -m venv /opt/tusou \
    && /opt/tusou/bin/pip install --constraint constraints.txt ".[s3,postgres]"

FROM python:3.13-slim-trixie AS wheel
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY pyproject.toml README.md ./
COPY services/ services/
COPY shared/ shared/
COPY workers/ workers/
RUN pip wheel --no-deps --wheel-dir /wheel .

FROM python:3.13-slim-trixie
ENV PATH=/opt/tusou/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    TMPDIR=/var/lib/tusou \
    TUSOU_HOST=0.0.0.0 TUSOU_PORT=8000
RUN useradd --uid 10001 --create-home --home-dir /var/lib/tusou --shell /usr/sbin/nologin tusou
COPY --from=needs /opt/tusou /opt/tusou
RUN --mount=type=bind,from=wheel,source=/wheel,target=/wheel \
    pip install --no-deps --force-reinstall /wheel/*.whl

USER 10001:10001
WORKDIR /var/lib/tusou
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --retries=3 --start-period=30s \
    CMD ["python", "-P", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["python", "-P", "-m", "services.gateway"]
