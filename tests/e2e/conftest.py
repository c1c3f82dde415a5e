"""One deployment with the sample catalogue, shared by the tests of this folder."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from services.cli import importing
from services.cli.client import Client
from services.cli.embedded.stack import Stack
from services.cli.sample.catalog import Sample, write_sample
from tests.deployment import client_of, deployed


@dataclass(frozen=True)
class Shop:
    """A loaded shop."""

    stack: Stack
    client: Client
    sample: Sample
    imported: dict


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    sample = write_sample(tmp_path_factory.mktemp("sample"), products=60)
    samples = str(sample.folder / "queries")
    home = tmp_path_factory.mktemp("home")
    settings = {"TUSOU_SAMPLES_FOLDER": samples, "TUSOU_ERASE_WITHIN": "8"}
    with deployed(home, data_folder=sample.folder, **settings) as stack:
        client = client_of(stack)
        job = importing.run(client, sample.manifest, quiet=True, base="")
        assert job["state"] == "succeeded", job
        yield Shop(stack, client, sample, job["result"])
