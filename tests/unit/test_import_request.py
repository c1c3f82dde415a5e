"""What workers are told of an import comes out of the database as it went in."""

import json

import pytest

from shared.catalog.manifest.formats import ManifestFormat
from shared.jobs.import_request import ImportOptions, StoredManifest


def test_options_survive_json() -> None:
    asked = ImportOptions(256, mode="replace", dry_run=True, force=True, refresh=True, base="photos")
    assert ImportOptions.from_json(json.loads(json.dumps(asked.to_json()))) == asked


@pytest.mark.parametrize("incoming", [True, False])
def test_a_manifest_survives_json(incoming: bool) -> None:
    noted = StoredManifest("incoming/shop/a.csv", "a.csv", ManifestFormat.CSV, incoming)
    again = StoredManifest.from_json(json.loads(json.dumps(noted.to_json())))
    assert again == noted
    assert again.format is ManifestFormat.CSV
