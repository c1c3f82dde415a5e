"""A bad setting is refused at the start, and a mistyped one is told."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from shared.settings import Settings, sentences
from shared.unknown_settings import unknown_settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VISION_THREADS", "-3"),
        ("DECODE_CHILDREN", "0"),
        ("MAX_BATCH", "0"),
        ("IMPORT_BATCH", "-1"),
        ("RETENTION", "0"),
        ("MAX_SIDE", "-1"),
        ("RATE_PER_MINUTE", "-1"),
        ("CHUNK_ROWS", "257"),
        ("CHUNK_ROWS", "0"),
        ("LOG_LEVEL", "LOUD"),
        ("DEVICE", "tpu"),
        ("ENGINE", "tensorrt"),
    ],
)
def test_a_value_that_no_process_can_work_with_is_refused_by_name(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"TUSOU_{name}", value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    (sentence,) = sentences(refused.value)
    assert sentence.startswith(f"TUSOU_{name}: ")


def test_a_log_level_may_be_written_in_small_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUSOU_LOG_LEVEL", "warning")
    assert Settings().log_level == "WARNING"


def test_a_mistyped_setting_is_named() -> None:
    sentence = unknown_settings(["TUSOU_RETENTON", "TUSOU_RETENTION", "PATH"])
    assert sentence == "there is no setting TUSOU_RETENTON: ignored"


def test_what_the_tests_are_told_is_no_mistyped_setting() -> None:
    assert unknown_settings(["TUSOU_DATA", "TUSOU_CI_CACHE", "TUSOU_TEST_POSTGRES", "TUSOU_HOME"]) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "redis://:S3CRET/x@127.0.0.1:6379/0"),
        ("REDIS_URL", "redis://:S3CRET#x@127.0.0.1:6379/0"),
        ("REDIS_URL", "redis://127.0.0.1:S3CRET/0"),
        ("BROKER_URL", "amqp://tusou:S3CRET?x@127.0.0.1:5672//"),
        ("DATABASE_URL", "postgresql+psycopg://tusou:S3CRET/x#y@127.0.0.1/tusou"),
        ("OBJECT_STORE_URL", "s3://KEY:S3[CRET@127.0.0.1:9000/bucket"),
    ],
)
def test_a_url_whose_password_is_not_encoded_is_refused_without_a_word_of_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library would say `Port could not be cast to integer value as 'S3CRET'`, in the log."""
    monkeypatch.setenv(f"TUSOU_{name}", value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    (sentence,) = sentences(refused.value)
    assert sentence.startswith(f"TUSOU_{name}: ")
    assert "percent-encoded" in sentence
    assert "S3" not in sentence


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = ("no_match_below", "vision_threads", "model")
    names = [f"TUSOU_{field.upper()}" for field in fields]
    for name in names:
        monkeypatch.delenv(name, raising=False)
    usual = Settings()

    for name in names:
        monkeypatch.setenv(name, "")

    assert [getattr(Settings(), name) for name in fields] == [getattr(usual, name) for name in fields]
