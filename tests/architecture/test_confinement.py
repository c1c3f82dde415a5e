"""What the containers of docker-compose.yml may not do, and that no secret has a default."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.architecture.files import ROOT, SERVICES, compose, env_example

COMPOSE: dict[str, Any] = compose()["services"]
# Runs once as root with one capability, so that the object store needs neither.
ONCE_AS_ROOT = "minio-owner"
SERVERS = {name for name in COMPOSE if not COMPOSE[name]["image"].startswith("tusou-")} - {ONCE_AS_ROOT}


@pytest.mark.parametrize("name", COMPOSE)
def test_each_container_is_confined(name: str) -> None:
    service = COMPOSE[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("cap_add", []) == (["CHOWN"] if name == ONCE_AS_ROOT else [])
    assert not service.get("privileged")
    assert "/var/run/docker.sock" not in str(service.get("volumes"))


@pytest.mark.parametrize("name", sorted(SERVERS))
def test_no_server_runs_as_root(name: str) -> None:
    assert COMPOSE[name]["user"].split(":")[0] not in {"root", "0"}


@pytest.mark.parametrize("name", SERVICES)
def test_compose_leaves_the_user_to_the_image(name: str) -> None:
    assert "user" not in COMPOSE[name]


def test_only_the_gateway_is_published_and_on_this_machine_alone_unless_told() -> None:
    assert {name for name, service in COMPOSE.items() if "ports" in service} == {"gateway"}
    assert COMPOSE["gateway"]["ports"] == ["${GATEWAY_ADDRESS:-127.0.0.1}:${GATEWAY_PORT:-8000}:8000"]


def test_servers_and_those_who_need_no_one_outside_have_no_way_out() -> None:
    assert compose()["networks"]["inside"] == {"internal": True}
    outside = {name for name, service in COMPOSE.items() if "outside" in service["networks"]}
    assert outside == {"gateway", "vision", "trainer"}


def test_every_secret_comes_from_the_env_file_and_has_no_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for name, rest in re.findall(r"\$\{([A-Z_]*(?:PASSWORD|SECRET|KEY))([^}]*)\}", text):
        assert rest.startswith(":?"), name
    for line in re.findall(r"^\s+\w*(?:PASSWORD|SECRET|KEY|AUTH)\w*:.*$", text, re.MULTILINE):
        assert "${" in line, line


def test_the_env_example_names_all_that_compose_asks_for_and_gives_no_secret() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    example = env_example()
    assert set(re.findall(r"\$\{([A-Z_]+)", text)) <= set(example)
    secrets = {name: value for name, value in example.items() if re.search("PASSWORD|SECRET|KEY", name)}
    assert secrets
    assert set(secrets.values()) == {""}
