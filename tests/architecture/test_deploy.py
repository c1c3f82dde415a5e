"""docker-compose.yml and its companions hold what the topology and the settings promise."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from shared import topology
from shared.settings import Settings
from tests.architecture.files import (
    DEPLOY,
    ROOT,
    SERVICES,
    compose,
    dockerfile,
    env_example,
    settings_named_in,
)

COMPOSE: dict[str, Any] = compose()["services"]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
SETTINGS = {f"TUSOU_{name.upper()}" for name in Settings.model_fields}
RUN_ONCE = {name for name, service in COMPOSE.items() if service["restart"] == "no"}

each_service = pytest.mark.parametrize("name", COMPOSE)
each_of_ours = pytest.mark.parametrize("name", SERVICES)


def group(service: dict[str, Any]) -> str:
    given = service["environment"].get("TUSOU_GROUP")
    return str(given or Settings.model_fields["group"].default)


def compose_texts() -> str:
    files = [ROOT / "docker-compose.yml", DEPLOY / "compose.gpu.yml", DEPLOY / "env.example"]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize("queue", topology.QUEUES, ids=lambda queue: queue.name)
def test_every_queue_has_a_service_that_consumes_it(queue: topology.Queue) -> None:
    assert queue.consumer in COMPOSE


def test_every_index_worker_consumes_the_queue_of_a_group_and_one_has_the_default() -> None:
    indexers = [s for s in COMPOSE.values() if s["image"] == f"tusou-indexer:{VERSION}"]
    queues = [topology.index_queue(group(service)) for service in indexers]
    assert {queue.consumer for queue in queues} <= set(COMPOSE)
    assert topology.index_queue(Settings.model_fields["group"].default) in queues


@each_of_ours
def test_each_process_is_built_from_its_own_dockerfile(name: str) -> None:
    assert COMPOSE[name]["build"] == {"context": ".", "dockerfile": f"deploy/{name}.Dockerfile"}
    assert COMPOSE[name]["image"] == f"tusou-{name}:{VERSION}"


def test_every_dockerfile_belongs_to_a_service() -> None:
    assert {path.name.removesuffix(".Dockerfile") for path in DEPLOY.glob("*.Dockerfile")} == set(SERVICES)


def test_every_setting_that_is_named_is_one() -> None:
    assert settings_named_in(compose_texts()) <= SETTINGS


@each_of_ours
def test_each_process_is_told_where_the_servers_are_and_takes_other_settings_from_the_env_file(
    name: str,
) -> None:
    servers = {"TUSOU_DATABASE_URL", "TUSOU_OBJECT_STORE_URL", "TUSOU_BROKER_URL", "TUSOU_REDIS_URL"}
    assert servers <= set(COMPOSE[name]["environment"])
    assert COMPOSE[name]["env_file"] == ".env"


def test_the_broker_has_a_redis_database_of_its_own() -> None:
    stores = compose()["x-stores"]
    assert stores["TUSOU_BROKER_URL"] != stores["TUSOU_REDIS_URL"]
    policy = COMPOSE["redis"]["command"]
    assert policy[policy.index("--maxmemory-policy") + 1] == "noeviction"
    assert policy[policy.index("--appendonly") + 1] == "yes"


@each_of_ours
def test_each_process_starts_after_the_schema_is_there(name: str) -> None:
    assert COMPOSE[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_migrating_waits_for_the_servers_and_runs_once() -> None:
    migrate = COMPOSE["migrate"]
    assert migrate["entrypoint"] == ["tusou", "migrate"]
    assert migrate["restart"] == "no"
    assert {name: on["condition"] for name, on in migrate["depends_on"].items()} == {
        "postgres": "service_healthy",
        "minio": "service_healthy",
    }


@each_service
def test_images_are_pinned(name: str) -> None:
    image, _, tag = COMPOSE[name]["image"].rpartition(":")
    assert image
    assert re.fullmatch(r"\d+\.\d+(\.\d+)?(-[a-z]+)?|RELEASE\.[0-9TZ-]+", tag), tag


@pytest.mark.parametrize("name", sorted(set(COMPOSE) - RUN_ONCE))
def test_each_container_that_stays_has_a_health_check(name: str) -> None:
    in_image = name in SERVICES and any(i.name == "HEALTHCHECK" for i in dockerfile(name))
    assert in_image or COMPOSE[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


@each_of_ours
def test_a_container_may_take_longer_to_stop_than_its_work_to_be_finished_or_handed_back(name: str) -> None:
    assert float(COMPOSE[name]["stop_grace_period"].removesuffix("s")) > topology.SOFT_SHUTDOWN_S


@each_of_ours
def test_nothing_stands_in_the_way_of_several_of_a_kind(name: str) -> None:
    assert "container_name" not in COMPOSE[name]
    assert "hostname" not in COMPOSE[name]


def test_the_env_example_leaves_alone_what_the_images_set() -> None:
    images = {
        n for s in SERVICES for i in dockerfile(s) if i.name == "ENV" for n in settings_named_in(i.argument)
    }
    assert images
    assert not images & set(env_example())


def test_every_volume_is_declared_and_used() -> None:
    named = {
        volume.split(":")[0]
        for service in COMPOSE.values()
        for volume in service.get("volumes", [])
        if ":" in volume and not volume.startswith("$")
    }
    assert named | {"weights"} == set(compose()["volumes"])


def test_index_workers_share_no_cache() -> None:
    assert COMPOSE["indexer"]["volumes"] == ["/var/lib/tusou"]


def test_the_gpu_file_changes_the_vision_worker_alone() -> None:
    (name,) = gpu = compose("deploy/compose.gpu.yml")["services"]
    assert name == "vision"
    assert gpu[name]["environment"] == {"TUSOU_DEVICE": "cuda"}
    (device,) = gpu[name]["deploy"]["resources"]["reservations"]["devices"]
    assert device["driver"] == "nvidia"
    assert device["capabilities"] == ["gpu"]


def test_the_build_context_holds_what_the_dockerfiles_copy_and_nothing_secret() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    allowed = {line.removeprefix("!").rstrip("/") for line in lines if line.startswith("!")}
    copied = {
        word.rstrip("/")
        for service in SERVICES
        for i in dockerfile(service)
        if i.name == "COPY" and "--from" not in i.argument
        for word in i.argument.split()[:-1]
    }
    assert allowed == copied
