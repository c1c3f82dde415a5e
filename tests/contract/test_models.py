"""What every model promises to the batcher and to the index."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.needs import need_onnx_runtime, need_torch
from workers.models.classical.descriptor import Descriptor
from workers.models.fake import FakeModel
from workers.models.port import Model
from workers.models.steps import embed


def _photos(model: Model, count: int) -> list[np.ndarray]:
    """Different images with structure: a bright bar on a gradient, elsewhere in each."""
    crop = model.preprocess.crop
    ramp = np.linspace(0, 255, crop, dtype=np.uint8)
    photos = []
    for number in range(count):
        photo = np.stack(
            [np.tile(ramp, (crop, 1)), np.tile(ramp[:, None], (1, crop)), np.full((crop, crop), 90)], 2
        )
        photo[crop // 4 : crop // 2, number * crop // count : (number + 1) * crop // count] = (250, 240, 20)
        photos.append(photo.astype(np.uint8))
    return photos


class ModelContract:
    """Inherited by one class for each model, which says how it is made."""

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls) -> Model:
        raise NotImplementedError

    def test_vectors_are_float32_of_unit_length(self, model: Model) -> None:
        for result in embed(model, _photos(model, 3)):
            assert result.vector.shape == (model.dim,)
            assert result.vector.dtype == np.float32
            assert np.linalg.norm(result.vector) == pytest.approx(1, abs=1e-3)

    def test_results_keep_the_order_of_the_images(self, model: Model) -> None:
        photos = _photos(model, 3)
        forwards = embed(model, photos)
        backwards = embed(model, photos[::-1])

        for one, other in zip(forwards, backwards[::-1], strict=True):
            assert one.vector @ other.vector > 0.9999

    def test_the_batch_around_an_image_does_not_matter(self, model: Model) -> None:
        """Up to rounding: batch size alone changes the last bits of a network's numbers."""
        photos = _photos(model, 3)
        alone = embed(model, photos[:1])[0]
        together = embed(model, photos)[0]

        assert alone.vector @ together.vector > 0.9999

    def test_different_images_get_different_vectors(self, model: Model) -> None:
        first, second = embed(model, _photos(model, 2))

        assert first.vector @ second.vector < 0.9999

    @pytest.mark.parametrize("value", [0, 255])
    def test_a_plain_image_has_a_unit_vector_too(self, model: Model, value: int) -> None:
        crop = model.preprocess.crop
        (result,) = embed(model, [np.full((crop, crop, 3), value, np.uint8)])

        assert np.linalg.norm(result.vector) == pytest.approx(1, abs=1e-3)

    def test_noise_has_a_unit_vector_too(self, model: Model) -> None:
        crop = model.preprocess.crop
        noise = np.random.default_rng(0).integers(0, 256, (crop, crop, 3), np.uint8)

        assert np.linalg.norm(embed(model, [noise])[0].vector) == pytest.approx(1, abs=1e-3)

    def test_the_label_is_one_of_its_labels_with_a_probability(self, model: Model) -> None:
        """A model without a classifier gives neither."""
        (result,) = embed(model, _photos(model, 1))

        if model.labels:
            assert result.label in model.labels
            assert result.label_score is not None
            assert 0 < result.label_score <= 1
        else:
            assert (result.label, result.label_score) == (None, None)

    def test_an_image_of_another_size_is_refused(self, model: Model) -> None:
        crop = model.preprocess.crop
        with pytest.raises(ValueError, match=f"crop {crop}"):
            model.pre([np.zeros((crop + 1, crop, 3), np.uint8)])

    def test_an_image_of_floats_is_refused(self, model: Model) -> None:
        crop = model.preprocess.crop
        with pytest.raises(ValueError, match="float32"):
            model.pre([np.zeros((crop, crop, 3), np.float32)])

    def test_the_images_are_left_as_they_were(self, model: Model) -> None:
        """The decode child hands over read-only memory."""
        photos = _photos(model, 2)
        before = [photo.copy() for photo in photos]
        for photo in photos:
            photo.setflags(write=False)

        embed(model, photos)

        np.testing.assert_array_equal(photos, before)

    def test_the_fingerprint_is_twelve_hex_digits(self, model: Model) -> None:
        assert re.fullmatch("[0-9a-f]{12}", model.fingerprint)

    def test_warm_up_takes_any_batch_size(self, model: Model) -> None:
        model.warmup([1, 3])


class TestFakeModel(ModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def model(cls) -> Model:
        return FakeModel()


class TestDescriptor(ModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def model(cls) -> Model:
        return Descriptor()


class TestTiny(ModelContract):
    """What comes with the package, as it is served by default."""

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls) -> Model:
        need_onnx_runtime()
        from workers.models.registry import load_model

        return load_model("tiny", weights=None, threads=1)


class TestTorchvisionNet(ModelContract):
    """The smallest of them with invented weights: the engine is the same for all."""

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, tmp_path_factory: pytest.TempPathFactory) -> Model:
        need_torch()
        from tests.invented_weights import invent_weights
        from workers.models.registry import load_model

        weights = invent_weights("mobilenet_v2", tmp_path_factory.mktemp("weights"))
        return load_model("mobilenet_v2", weights=str(weights), device="cpu", threads=1)
