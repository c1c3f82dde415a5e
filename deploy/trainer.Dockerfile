# A trainer.
#
#     docker build --file deploy/trainer.Dockerfile --tag tusou-trainer:0.1.0 .
#
# torch comes as its CUDA build, which runs on a processor as well: one image of about 6 GB for both.
# Weights: mount files at /weights and set TUSOU_WEIGHTS=/weights; without it the network's own download
# is kept there.

FROM python:3.13-slim-trixie AS needs
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY pyproject.toml constraints.txt ./
# What Tusou stands on, installed for a Tusou without code: a change of code leaves this layer as it is.
RUN touch README.md && mkdir services shared workers \
    && python -m venv /opt/tusou \
    && /opt/tusou/bin/pip install --constraint constraints.txt ".[train,s3,postgres]"

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
    TMPDIR=/var/lib/tusou TORCH_HOME=/weights \
    TUSOU_HOST=0.0.0.0 TUSOU_ADMIN_PORT=8001
RUN useradd --uid 10001 --create-home --home-dir /var/lib/tusou --shell /usr/sbin/nologin tusou \
    && install --directory --owner tusou --group tusou /weights
COPY --from=needs /opt/tusou /opt/tusou
RUN --mount=type=bind,from=wheel,source=/wheel,target=/wheel \
    pip install --no-deps --force-reinstall /wheel/*.whl

USER 10001:10001
WORKDIR /var/lib/tusou
EXPOSE 8001
HEALTHCHECK --interval=10s --timeout=5s --retries=3 --start-period=120s \
    CMD ["python", "-P", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8001/readyz', timeout=4)"]
ENTRYPOINT ["python", "-P", "-m", "workers.trainer"]
