"""Where a backup may go."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli.backing import _open_place
from services.cli.trouble import Trouble
from shared.settings import Settings

OWN = "s3://KEY:SECRET@minio.example:9000/tusou?secure=false"


@pytest.mark.parametrize(
    "place",
    [
        OWN,
        "s3://BACKUP:OTHER@minio.example:9000/tusou?secure=false",
        "s3://KEY:SECRET@MINIO.example:9000/tusou/?secure=false&region=eu",
    ],
)
def test_a_backup_into_the_deployment_s_own_bucket_is_refused_by_whichever_key(place: str) -> None:
    with pytest.raises(Trouble, match="own object store"):
        _open_place(Settings(object_store_url=OWN), place)


def test_a_backup_into_the_deployment_s_own_folder_is_refused_by_whichever_name(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "objects")
    settings = Settings(object_store_url=(tmp_path / "objects").as_uri())
    with pytest.raises(Trouble, match="own object store"):
        _open_place(settings, str(tmp_path / "link"))
    assert _open_place(settings, str(tmp_path / "backups"))


def test_a_backup_into_the_home_of_an_embedded_deployment_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "tusou.db").touch()
    for place in (home, home / "backups", tmp_path / "home" / ".." / "home"):
        with pytest.raises(Trouble, match="lost with the deployment"):
            _open_place(Settings(home=home), str(place))
    assert _open_place(Settings(home=home), str(tmp_path / "backups"))
