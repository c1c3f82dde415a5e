"""Every network that can be trained: cut rightly, with both outputs, and its weights in the right place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is an extra")
pytest.importorskip("torchvision", reason="torchvision is an extra")
pytest.importorskip("pytorch_metric_learning", reason="an extra of the trainer")
pytest.importorskip("torchmetrics", reason="an extra of the trainer")

# E402: these need torch, so they follow the skip where there is none.
from shared.errors import InvalidRequest, TusouError, WeightsMissing  # noqa: E402
from workers.models.engines.onnx_export import to_onnx  # noqa: E402
from workers.models.networks.build import build, preprocess_of  # noqa: E402
from workers.models.networks.catalogue import NETWORKS, Published  # noqa: E402
from workers.trainer.training.freezing import first_learning, freeze  # noqa: E402

# The largest are cut as their smaller kin is, and take seconds to fill with random numbers.
LARGE = ("vgg16", "vit_b_16")
PUBLISHED = [name for name, found in NETWORKS.items() if isinstance(found, Published) and name not in LARGE]


@pytest.mark.parametrize("name", PUBLISHED)
def test_blocks_in_a_row_are_torchvisions_own_forward(name: str, tmp_path: Path) -> None:
    """With the published layout's weights in them, and torchvision's last layer behind them."""
    found = NETWORKS[name]
    assert isinstance(found, Published)
    torch.manual_seed(0)
    whole = found.build().eval()
    path = tmp_path / f"{name}.pth"
    torch.save(whole.state_dict(), path)

    network = build(name, classes=4, weights=str(path)).eval()

    crop = preprocess_of(name).crop
    batch = torch.randn(1, 3, crop, crop)
    rest = whole.classifier if name.startswith("mobilenet_v3") else whole.get_submodule(found.head)
    with torch.inference_mode():
        torch.testing.assert_close(rest(network.blocks(batch)), whole(batch), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["classic", "digits", "tiny", "mobilenet_v3_small"])
def test_one_head_gives_logits_and_a_unit_embedding(name: str) -> None:
    crop = preprocess_of(name).crop
    network = build(name, classes=5, dim=12).eval()

    embedding, logits = network(torch.randn(3, 3, crop, crop))

    assert (embedding.shape, logits.shape) == ((3, 12), (3, 5))
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(3))


def test_a_network_of_no_classes_gives_no_logits() -> None:
    embedding, logits = build("digits", classes=0, dim=12).eval()(torch.randn(3, 3, 28, 28))
    assert (embedding.shape, logits.shape) == ((3, 12), (3, 0))


def test_the_classic_network_is_the_textbooks() -> None:
    """320 + 18,496 + 102,464 + 650 numbers: two convolutions, the dense layer of 64, ten classes."""
    network = build("classic", classes=10)
    assert sum(p.numel() for p in network.parameters()) == 320 + 18_496 + 102_464 + 650


def test_only_the_last_blocks_learn_and_the_others_keep_their_statistics() -> None:
    network = build("digits", classes=3)
    start = first_learning(network, 2)

    freeze(network, start)
    before = [b.clone() for b in network.blocks[:start].buffers()]
    network(torch.randn(4, 3, 28, 28))

    assert start == 3
    assert [any(p.requires_grad for p in b.parameters()) for b in network.blocks] == [False] * 3 + [True] * 2
    assert all(torch.equal(b, c) for b, c in zip(before, network.blocks[:start].buffers(), strict=True))
    assert network.classifier.weight.requires_grad


@pytest.mark.parametrize("keep", [True, False])
def test_blocks_that_learn_keep_the_statistics_of_the_weights_where_asked_to(keep: bool) -> None:
    """Running means and variances stand still, and what normalisation scales by learns."""
    network = build("digits", classes=3)

    freeze(network, 0, keep_statistics=keep)
    before = [b.clone() for b in network.buffers()]
    network(torch.randn(4, 3, 28, 28))

    assert all(torch.equal(b, c) for b, c in zip(before, network.buffers(), strict=True)) is keep
    assert all(p.requires_grad for p in network.parameters())


@pytest.mark.parametrize(("blocks", "start"), [(None, 0), (0, 5), (1, 4), (4, 1), (99, 0)])
def test_blocks_are_counted_from_the_end_and_only_those_that_can_learn(
    blocks: int | None, start: int
) -> None:
    assert first_learning(build("digits", classes=3), blocks) == start


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch.save({"x": torch.zeros(1)}, tmp_path / "w.pth")
    with pytest.raises(TusouError, match="another network's"):
        build("mobilenet_v3_small", classes=2, weights=str(tmp_path / "w.pth"))


def test_weights_that_are_missing_are_never_random_ones(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing):
        build("mobilenet_v2", classes=2, weights=str(tmp_path))


def test_a_network_of_our_own_has_no_published_weights() -> None:
    with pytest.raises(InvalidRequest, match="from scratch"):
        build("classic", classes=2, weights="")


@pytest.mark.parametrize("ask", [lambda: build("lenet", classes=2), lambda: preprocess_of("classic", 32)])
def test_what_cannot_be_built_is_refused(ask: object) -> None:
    with pytest.raises(InvalidRequest):
        ask()  # type: ignore[operator]


def test_a_smaller_side_sees_the_same_share_of_a_picture() -> None:
    usual, smaller = preprocess_of("mobilenet_v2"), preprocess_of("mobilenet_v2", 112)
    assert (usual.resize, usual.crop, smaller.resize, smaller.crop) == (256, 224, 128, 112)


def test_the_margin_that_is_usually_cut_off_may_be_kept() -> None:
    found = [preprocess_of("mobilenet_v2", side, keep_margin=True) for side in (None, 112)]
    assert [(p.resize, p.crop) for p in found] == [(224, 224), (112, 112)]


def _small_vit() -> list[torch.nn.Module]:
    from torchvision.models import VisionTransformer

    from workers.models.networks.cuts import transformer

    torch.manual_seed(0)
    return transformer(VisionTransformer(32, 16, 1, 2, 16, 32))


@pytest.mark.parametrize("blocks", [_small_vit], ids=["vit"])
def test_a_network_is_exported_for_batches_of_any_size(blocks: Callable[[], list[torch.nn.Module]]) -> None:
    """The export runs its file with one picture and with three, and refuses to hand out what differs."""
    preprocess = replace(preprocess_of("mobilenet_v2"), resize=32, crop=32)
    assert to_onnx(torch.nn.Sequential(*blocks()).eval(), None, preprocess)


class _Constant(torch.nn.Module):
    """Computes with a number that a trace takes for a constant."""

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return batch.mean((2, 3)) * len(batch)


def test_a_file_that_does_not_compute_what_its_network_does_is_not_handed_out() -> None:
    preprocess = replace(preprocess_of("mobilenet_v2"), resize=32, crop=32)
    with pytest.raises(TusouError, match="does not compute"):
        to_onnx(_Constant().eval(), None, preprocess)
