"""Each process has an image that is small, pinned, not root's, and says how it is."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from shared.settings import Settings
from tests.architecture.files import DEPLOY, ROOT, SERVICES, Instruction, dockerfile, settings_named_in

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = {
    "gateway": {"s3", "postgres"},
    "vision": {"vision", "torch", "parquet", "s3", "postgres"},
    "indexer": {"indexer", "s3", "postgres"},
    "keeper": {"s3", "postgres"},
    "trainer": {"train", "s3", "postgres"},
}

pytestmark = pytest.mark.parametrize("service", SERVICES)


def arguments(service: str, name: str) -> list[str]:
    return [i.argument for i in dockerfile(service) if i.name == name]


def final_stage(service: str) -> list[Instruction]:
    instructions = dockerfile(service)
    last = max(number for number, i in enumerate(instructions) if i.name == "FROM")
    return instructions[last:]


def final(service: str, name: str) -> str:
    """The argument of the one instruction of this name in the last stage."""
    (argument,) = [i.argument for i in final_stage(service) if i.name == name]
    return argument


def environment(service: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in final(service, "ENV").split())


def exec_form(argument: str) -> list[str]:
    words: list[str] = json.loads(argument)
    return words


def test_every_stage_starts_from_a_pinned_version_of_python(service: str) -> None:
    images = [argument.split()[0] for argument in arguments(service, "FROM")]
    assert len(images) > 1, "what builds stays out of the image"
    assert set(images) == {"python:3.13-slim-trixie"}


def test_the_image_installs_its_own_extras_at_the_tested_versions(service: str) -> None:
    (install,) = [run for run in arguments(service, "RUN") if "--constraint constraints.txt" in run]
    (extras,) = re.findall(r'"\.\[([a-z0-9,]+)\]"', install)
    assert set(extras.split(",")) == EXTRAS[service]
    assert EXTRAS[service] <= set(PROJECT["optional-dependencies"])


def test_what_pip_installs_is_the_wheel_or_constrained(service: str) -> None:
    for run in arguments(service, "RUN"):
        for command in re.findall(r"pip (?:install|wheel)[^&]*", run):
            assert "--constraint" in command or "--no-deps" in command, command


def test_no_cache_of_pip_stays_in_a_layer(service: str) -> None:
    stages = " ".join(i.name + " " + i.argument for i in dockerfile(service)).split("FROM ")[1:]
    for stage in stages:
        assert "pip" not in stage or "PIP_NO_CACHE_DIR=1" in stage


def test_packages_of_the_system_come_without_extras_and_leave_no_lists(service: str) -> None:
    for run in arguments(service, "RUN"):
        if "apt-get install" in run:
            assert "--no-install-recommends" in run
            assert "rm -rf /var/lib/apt/lists" in run
        assert not re.search(r"\b(sudo|apt|curl|wget)\b ", run)


def test_files_are_copied_by_name_and_never_fetched(service: str) -> None:
    assert not arguments(service, "ADD")
    for argument in arguments(service, "COPY"):
        sources = [word for word in argument.split()[:-1] if not word.startswith("--")]
        assert "." not in sources
        assert all((ROOT / source).exists() or source.startswith("/") for source in sources), argument


def test_the_process_is_not_root_and_its_user_is_a_number(service: str) -> None:
    user, group = final(service, "USER").split(":")
    assert int(user) >= 10_000
    assert int(group) >= 10_000
    assert f"useradd --uid {user} " in final_stage(service)[2].argument


def test_the_entry_point_is_the_module_of_the_service_and_takes_signals_itself(service: str) -> None:
    *python, module = exec_form(final(service, "ENTRYPOINT"))
    assert python == ["python", "-P", "-m"]
    assert (ROOT / module.replace(".", "/") / "__main__.py").is_file()
    assert module.split(".")[1] == service
    assert not arguments(service, "CMD")


def test_the_health_check_asks_the_port_that_the_process_serves(service: str) -> None:
    options, check = final(service, "HEALTHCHECK").split("CMD ")
    assert exec_form(check)[:2] == ["python", "-P"]
    port = environment(service)["TUSOU_PORT" if service == "gateway" else "TUSOU_ADMIN_PORT"]
    assert f"http://127.0.0.1:{port}/readyz" in check
    assert final(service, "EXPOSE") == port
    assert {"--interval", "--timeout", "--retries", "--start-period"} == set(
        re.findall(r"--[a-z-]+", options)
    )


def test_python_writes_no_bytecode_and_holds_no_output_back(service: str) -> None:
    assert environment(service)["PYTHONDONTWRITEBYTECODE"] == "1"
    assert environment(service)["PYTHONUNBUFFERED"] == "1"


def test_the_image_sets_only_settings_that_there_are_and_no_secret(service: str) -> None:
    text = (DEPLOY / f"{service}.Dockerfile").read_text(encoding="utf-8")
    known = {f"TUSOU_{name.upper()}": field for name, field in Settings.model_fields.items()}
    assert settings_named_in(text) <= set(known)
    assert not re.search(r"^(ENV|ARG).*(PASSWORD|SECRET|KEY|TOKEN)", text, re.MULTILINE)


def test_the_comment_at_the_top_tags_the_image_as_compose_does(service: str) -> None:
    text = (DEPLOY / f"{service}.Dockerfile").read_text(encoding="utf-8")
    assert f"--tag tusou-{service}:{PROJECT['version']} ." in text
