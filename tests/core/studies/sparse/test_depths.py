"""The depths: the walk is the network's own forward, and the way back is exact where it can be."""

import numpy as np
import pytest
import torch

from core.figures.palette import text_colour
from core.models.sdnet import SDNet
from core.models.sparse import SparseConv2d
from core.networks import find, load
from core.studies.sparse import depths as study
from core.studies.sparse import depths_figures as figures
from core.studies.sparse.depths import run
from tests.helpers.networks_by_hand import by_hand

RNG = np.random.default_rng(0)
PICTURE = RNG.random((17, 24, 3), dtype=np.float32)


def settled(net):
    """Batch norms with numbers of their own, as after training."""
    generator = torch.Generator().manual_seed(2)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for values, low in ((module.weight, 0.5), (module.running_var, 0.5), (module.bias, -0.2)):
                values.data.copy_(low + torch.rand(values.shape, generator=generator))
            module.running_mean.copy_(torch.rand(values.shape, generator=generator) / 10)
    return net


def all_coded(shortcut=True, width=4):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        net = SDNet(coded="all", width=width, shortcut=shortcut)
    net.fit_steps((32, 32))
    return by_hand(settled(net), size=32, classes=10)


def coded_layers(net):
    return [module for module in net.modules() if isinstance(module, SparseConv2d)]


@pytest.fixture(scope="module", params=[True, False], ids=["shortcut", "no shortcut"])
def network(request):
    return all_coded(request.param)


@pytest.mark.parametrize("lam", [None, 0.4])
@torch.inference_mode()
def test_the_walk_is_the_networks_own_forward(network, lam):
    net, seen = network.engine.plain, []
    x = torch.randn(2, 3, 17, 24, generator=torch.Generator().manual_seed(0))
    logits, maps = study.walk(net, x, lam, lambda *layer: seen.append(layer))
    np.testing.assert_allclose(logits, net(x, lam), rtol=1e-5, atol=1e-5)
    stages = net.stages(net.dictionary(x, lam))
    for mine, own in zip(maps[::2], stages, strict=True):
        torch.testing.assert_close(mine, own)
    assert [layer for _, layer, _, _ in seen] == coded_layers(net)
    for _, layer, given, codes in seen[1:]:
        torch.testing.assert_close(layer(given), codes)
    assert len({name for name, *_ in seen}) == len(seen)


@torch.inference_mode()
def test_residuals_and_shares_by_hand(network):
    net, seen = network.engine.plain, []
    found = run(network, PICTURE, 0.2)
    x = torch.from_numpy(PICTURE).permute(2, 0, 1)[None] * 2 - 1
    logits, maps = study.walk(net, x, 0.2, lambda *layer: seen.append(layer))
    for i, (name, layer, given, codes) in enumerate(seen):
        missed = (given - layer.reconstruct(codes, given)).square().sum() / given.square().sum()
        assert found.residual[i] == pytest.approx(float(missed.sqrt()), rel=1e-4)
        assert found.nonzero[i] == pytest.approx(np.count_nonzero(codes) / codes.numel(), abs=1e-3)
        assert found.layers[i] == name
    np.testing.assert_allclose(found.logits, logits[0], rtol=1e-4, atol=1e-5)
    assert found.sides.tolist() == [list(m.shape[2:]) for m in maps]


def identity(shortcut, width=3):
    """Every 3x3 layer hands its input on: atoms are the channels, permuted; lambda 0, step 1."""
    net = settled(SDNet(coded="all", width=width, shortcut=shortcut, lam=0.0))
    for i, layer in enumerate(coded_layers(net)):
        taps = torch.zeros_like(layer.weight)
        count, channels, k, _ = taps.shape
        taps[range(count), (torch.arange(count) + i) % channels, k // 2, k // 2] = 1.0 + torch.arange(count)
        layer.weight.data.copy_(taps)
        layer.step_size.fill_(1.0)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.neg_()
            module.bias.data.abs_()  # values stay positive: no ReLU and no threshold bites
    return net


BRIGHT = (0.5 + 0.5 * PICTURE).astype(np.float32)


def test_without_shortcut_a_path_of_orthonormal_dictionaries_is_undone_exactly():
    found = run(by_hand(identity(shortcut=False), size=32, classes=10), BRIGHT)
    for depth in range(3):  # then every second pixel is left out
        np.testing.assert_allclose(found.pictures[depth], BRIGHT, atol=1e-5)
        assert found.correlation[depth] == pytest.approx(1)
    assert (found.correlation[3:] < 0.99).all()
    np.testing.assert_allclose(found.residual[:5], 0, atol=1e-6)


@pytest.mark.parametrize("quiet", ["main", "shortcut"])
@torch.inference_mode()
def test_a_branch_without_variance_takes_no_share(quiet):
    """All goes the other way, which is then undone exactly; and nothing is divided by zero."""
    net = identity(shortcut=True)
    block = study.blocks(net)[0]
    y = torch.rand(2, 3, 5, 6)
    main, coming = block.bn2.weight.square(), torch.ones(3)
    if quiet == "main":
        block.bn2.weight.data.zero_()
        torch.testing.assert_close(study.down(block, y, (main * 0, coming), (5, 6)), y)
        return
    block.has_shortcut = False
    without = study.down(block, y, (main, coming * 0), (5, 6))
    block.has_shortcut = True
    torch.testing.assert_close(study.down(block, y, (main, coming * 0), (5, 6)), without)
    block.eval()
    block.has_shortcut = False
    torch.testing.assert_close(block(without) - block(without * 0), y, rtol=1e-4, atol=1e-4)


def test_the_share_of_each_branch_is_that_of_its_variance():
    """With orthonormal layers the two estimates of the input, of w y and of (1 - w) y, are added."""
    net = identity(shortcut=True)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_var.fill_(1 - module.eps)
            module.weight.data.fill_(1.0)
    net.layer0[1].weight.data.fill_(2.0)
    study.blocks(net)[0].bn2.weight.data.fill_(0.5)
    (main, coming), (_, following) = study.variances(net)[:2]
    assert (main[0], coming[0], following[0]) == (0.25, 4, 4.25)
    block, y = study.blocks(net)[0], torch.rand(1, 3, 4, 4)
    shift = lambda t, by: t[:, (torch.arange(3) - by) % 3]  # noqa: E731
    with torch.inference_mode():
        back = study.down(block, y, (main, coming), (4, 4))
    w = 0.25 / 4.25
    torch.testing.assert_close(back, (1 - w) * y + shift(y * w / 0.5, 1 + 2))


@torch.inference_mode()
def test_a_shortcuts_convolution_is_undone_at_every_second_pixel():
    net = identity(shortcut=True)
    block = study.blocks(net.eval())[2]
    block.bn2.weight.zero_()
    x = torch.rand(1, 3, 5, 7)
    added = block.shortcut(x) - block.shortcut(x * 0)
    back = study.down(block, added, study.variances(net)[2], (5, 7))
    torch.testing.assert_close(back[..., ::2, ::2], x[..., ::2, ::2], rtol=1e-4, atol=1e-4)
    assert (back[..., 1::2, :] == 0).all()
    assert (back[..., 1::2] == 0).all()


@torch.inference_mode()
def test_no_relu_between_two_coded_layers_and_none_without_a_shortcut(network):
    net, second = network.engine.plain, []

    def see(name, layer, given, codes):
        if name == "block 1, second":
            second.append(given)

    _, maps = study.walk(net, torch.rand(1, 3, 17, 24, generator=torch.Generator().manual_seed(0)), None, see)
    assert (second[0] < 0).any()
    assert bool((maps[1] < 0).any()) is not study.blocks(net)[0].has_shortcut


def test_the_stems_picture_is_its_reconstruction_at_the_pictures_contrast(network):
    from core.compute import coded

    found = run(network, PICTURE, 0.05)
    own = coded.code(network, PICTURE, 0.05).reconstruction - 0.5
    ratio = np.sqrt(np.square(PICTURE - 0.5).mean() / np.square(own).mean())
    np.testing.assert_allclose(found.pictures[0] - 0.5, own * ratio, atol=1e-5)
    assert found.correlation[0] == pytest.approx(np.corrcoef(own.ravel(), PICTURE.ravel())[0, 1], abs=1e-5)
    root = np.sqrt(np.square(found.pictures - 0.5).mean((1, 2, 3)))
    np.testing.assert_allclose(root, np.sqrt(np.square(PICTURE - 0.5).mean()), rtol=1e-4)
    assert found.depths[0] == "stem"
    assert len(found.depths) == len(found.pictures) == 9


def test_a_huge_lambda_and_an_even_picture_leave_nothing(network):
    for pixels, lam, residual in ((PICTURE, 1e4, 1.0), (np.full_like(PICTURE, 0.5), 0.1, np.nan)):
        found = run(network, pixels, lam)
        np.testing.assert_allclose(found.pictures, 0.5, atol=1e-6)
        np.testing.assert_array_equal(found.correlation, 0)
        np.testing.assert_equal(found.residual[0], residual)
        assert "nothing of the picture" in study.finding(found)
        for fig in (figures.pictures(found).figure, figures.curves(found).figure):
            clean_json(fig)
    assert figures.table(found)["relative residual"][0] is None


def test_other_networks_and_large_pictures_are_refused(network, monkeypatch):
    for options, said in (
        ({"coded": "first"}, "plain layers"),
        ({"coded": "none"}, "expected an SDNet"),
        ({"coded": "all", "imagenet": True}, "a second layer in its stem"),
    ):
        with pytest.raises(ValueError, match=said):
            run(by_hand(SDNet(width=3, **options), classes=10), PICTURE)
    monkeypatch.setattr(study, "MOST_PIXELS", 100)
    with pytest.raises(ValueError, match="at most 100 pixels"):
        run(network, PICTURE)
    small = study.shrunk(PICTURE)
    assert small.shape == (8, 12, 3)
    np.testing.assert_allclose(small[7, 11], PICTURE[14:16, 22:24].mean((0, 1)), rtol=1e-6)


@torch.inference_mode()
def test_an_untrained_network_of_ours_answers_and_is_left_as_it_was():
    network = load(find("untrained:cifar_sdnet18_all"))
    net = network.engine.plain
    before = {name: value.clone() for name, value in net.state_dict().items()}
    found = run(network, PICTURE)
    assert len(found.layers) == 17
    assert np.isfinite(found.pictures).all()
    after = net.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert found.lam == net.dictionary.lam
    finding = study.finding(found)
    assert f"{found.correlation[0]:.2f}, then {found.correlation[4]:.2f} from block 4" in finding


# ---- figures -------------------------------------------------------------------------------------


def clean_json(fig):
    for trace in fig.data:
        assert np.isfinite(np.asarray(trace.y, float)).all()
    fig.to_json()


def test_figures_and_tables_hold_the_numbers(network, dark):
    found = run(network, PICTURE)
    panels, curves = figures.pictures(found).figure, figures.curves(found).figure
    for fig in (panels, curves):
        assert len(fig.layout.title.text) > 20
        assert fig.layout.paper_bgcolor == fig.layout.plot_bgcolor == "rgba(0,0,0,0)"
        assert fig.layout.font.color == text_colour()
        clean_json(fig)
    assert len(panels.layout.images) == 10
    assert f"r = {found.correlation[8]:.2f}" in panels.layout.annotations[9].text
    drawn = {(int(y), float(x)) for trace in curves.data[:1] for x, y in zip(trace.x, trace.y, strict=True)}
    assert drawn == {(i, float(v)) for i, v in enumerate(found.residual)}
    table, depths = figures.table(found), figures.depth_table(found)
    assert {len(column) for column in table.values()} == {len(found.layers)}
    np.testing.assert_allclose(depths["correlation with the picture"], found.correlation, atol=1e-5)
