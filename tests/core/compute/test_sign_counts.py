"""The fast way to run the random network: the plain one's features, whatever the shape, the block or the kill."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base.worker import Stopped
from core.compute import sign_counts
from core.compute.sign_counts import Spec, build, counts, extract, features, map_size


def pictures(number, height, width, channels, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (number, height, width, channels), dtype=np.uint8)


def plain(net, pixels):
    with torch.inference_mode():
        x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
        return net(x / 255 if pixels.dtype == np.uint8 else x).numpy()


def exact(spec):
    """The network with weights in steps of 1/64: on pictures of such steps every sum is exact in any order."""
    net = build(spec)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_((parameter * 64).round() / 64)
    return net


def steps(number, height, width, channels, seed=0):
    return np.random.default_rng(seed).integers(0, 65, (number, height, width, channels)).astype(np.float32) / 64


@pytest.mark.parametrize(("kernel", "depth"), [(3, 3), (5, 1), (3, 0), (1, 2), (7, 2)])
def test_no_feature_differs_from_the_plain_network(kernel, depth):
    net, pixels = exact(Spec(300, kernel, depth)), steps(4, 32, 32, 3)
    np.testing.assert_array_equal(features(net, pixels), plain(net, pixels))


def test_with_the_drawn_weights_a_sum_near_zero_may_differ_on_some_processors_at_most():
    net, pixels = build(Spec(300, 3, 3)), pictures(10, 32, 32, 3)
    assert (features(net, pixels) != plain(net, pixels)).mean() < 2e-3


@given(
    height=st.integers(1, 36),
    width=st.integers(1, 36),
    kernel=st.sampled_from([1, 3, 5]),
    depth=st.integers(0, 4),
    channels=st.sampled_from([1, 3]),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=30)
def test_any_shape_is_the_plain_networks(height, width, kernel, depth, channels, seed):
    net, pixels = exact(Spec(9, kernel, depth, channels, seed)), steps(3, height, width, channels, seed)
    np.testing.assert_allclose(features(net, pixels), plain(net, pixels), atol=1e-6)
    with torch.inference_mode():
        maps = net.signs(torch.rand(1, channels, height, width))[-1]
    assert map_size(net, height, width) == tuple(maps.shape[2:])


def test_counts_are_the_smallest_integers_that_hold_them():
    assert counts(build(Spec(4, 3, 3)), pictures(1, 32, 32, 3)).dtype == np.int8
    assert counts(build(Spec(4, 5, 1)), pictures(1, 32, 32, 3)).dtype == np.int16
    assert sign_counts.count_type(build(Spec(1, 3, 0)), 300, 300) == np.int32


def test_blocks_of_features_and_of_pictures_do_not_matter(monkeypatch):
    net, pixels = exact(Spec(70, 3, 1)), steps(9, 16, 16, 3)
    expected = counts(net, pixels)
    monkeypatch.setattr(sign_counts, "FEATURES_AT_ONCE", 16)
    monkeypatch.setattr(sign_counts, "PIXELS_AT_ONCE", 2 * 16 * 16)
    np.testing.assert_array_equal(counts(net, pixels), expected)


def test_floats_in_0_to_1_are_the_same_pictures():
    net, pixels = build(Spec(50, 3, 1)), pictures(4, 16, 16, 3)
    as_floats = (torch.from_numpy(pixels).float() / 255).numpy()
    np.testing.assert_array_equal(counts(net, as_floats), counts(net, pixels))


def test_a_slice_of_features_is_that_of_the_whole():
    whole, part = Spec(30, 3, 1, seed=5), Spec(12, 3, 1, seed=5, start=18)
    pixels = pictures(3, 12, 12, 3)
    np.testing.assert_array_equal(counts(build(part), pixels), counts(build(whole), pixels)[:, 18:])


@pytest.mark.parametrize("shape", [(2, 8, 8, 1), (8, 8, 3), (2, 8, 8, 4)])
def test_other_channels_are_refused_in_one_sentence(shape):
    with pytest.raises(ValueError, match="expected pictures"):
        counts(build(Spec(2)), np.zeros(shape, np.uint8))


def test_a_killed_extraction_goes_on_with_nothing_lost_or_doubled(tmp_path, monkeypatch):
    monkeypatch.setattr(sign_counts, "ROWS_AT_ONCE", 4)
    spec, pixels, path = Spec(20, 3, 1), pictures(18, 12, 12, 3), tmp_path / "deep" / "x.npy"

    def stop_at(done, total):
        if done == 8:
            raise Stopped

    with pytest.raises(Stopped):
        extract(spec, pixels, path, stop_at)
    seen = []
    computed = []
    real = sign_counts.counts
    monkeypatch.setattr(
        sign_counts, "counts", lambda net, some, *rest: (computed.append(len(some)), real(net, some, *rest))[1]
    )
    found = extract(spec, pixels, path, lambda done, total: seen.append((done, total)))
    assert isinstance(found, np.memmap)
    np.testing.assert_array_equal(found, real(build(spec), pixels))
    assert seen == [(8, 18), (12, 18), (16, 18), (18, 18)]
    assert sum(computed) == 10
    computed.clear()
    extract(spec, pixels, path)
    assert not computed


def test_other_pictures_other_weights_or_a_broken_journal_begin_anew(tmp_path):
    path, pixels = tmp_path / "x.npy", pictures(5, 12, 12, 3)
    extract(Spec(20, 3, 1), pixels, path)
    for spec, some in (
        (Spec(20, 3, 1), pixels[::-1].copy()),
        (Spec(20, 3, 1, seed=1), pixels),
        (Spec(7, 3, 2), pixels),
    ):
        np.testing.assert_array_equal(extract(spec, some, path), counts(build(spec), some))
    (tmp_path / "x.npy.json").write_text('{"rows": "many"')
    np.testing.assert_array_equal(extract(Spec(7, 3, 2), pixels, path), counts(build(Spec(7, 3, 2)), pixels))
    journal = json.loads((tmp_path / "x.npy.json").read_text())
    assert journal["rows"] == 5


def test_a_table_larger_than_memory_is_only_reserved(tmp_path, monkeypatch):
    """100,000 features of 60,000 pictures are 12 GB on disk; here the file is made, and the first block computed."""
    spec = Spec(100_000, 5, 0, 1)
    few = np.zeros((60_000, 4, 4, 1), np.uint8)
    few[:2] = pictures(2, 4, 4, 1)
    monkeypatch.setattr(sign_counts, "ROWS_AT_ONCE", 2)

    def stop(done, total):
        if done:
            raise Stopped

    with pytest.raises(Stopped):
        extract(spec, few, tmp_path / "x.npy", stop)
    table = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert table.shape == (60_000, 100_000)
    assert table.dtype == np.int8
    np.testing.assert_array_equal(table[:2, :50], counts(build(replace(spec, features=50)), few[:2]))
    assert (tmp_path / "x.npy").stat().st_blocks * 512 < 2**30
