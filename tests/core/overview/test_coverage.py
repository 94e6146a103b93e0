"""The matrix of networks and studies: what it promises runs, and what it refuses is refused."""

import numpy as np
import pytest

from core import networks
from core.compute import attributions, coded, patches, spaces
from core.data.split import Split
from core.figures.palette import contrast
from core.overview import coverage
from core.pictures.image import from_pixels
from core.pictures.preprocess import square, to_tensor
from core.pictures.samples import load_sample
from core.studies.patch import masking as patch_masking
from core.studies.shift import inside, sweep
from core.studies.sparse import dataset
from core.studies.spinal import answers, transfer
from core.studies.spinal.diagram import PAGE

CAT = load_sample("cat")
KINDS = (  # one of every kind of architecture
    "digits_cnn", "digits_random_svm", "mnist_small_cnn", "mnist_spinal_small_cnn", "cifar_vgg", "cifar_vgg_blur3",
    "photo_resnet_blur5", "photo_bagnet17", "lite0", "lite0_blur3", "cifar_sdnet18", "cifar_resnet18", "untrained:vgg5",
    "untrained:spinal_vgg11_bn_cifar",
)  # fmt: skip
GRADIENTS = ("saliency", "integrated gradients")


def seen(network):
    return square(CAT, network.preprocessing.size)


def masking(network):
    cell = max(4, network.preprocessing.size // 8)
    params = patch_masking.Params(cell=cell, cells=3, methods=("occlusion", "random"), draws=1, by_cell=True)
    return patch_masking.trace(network, network, seen(network), 0, "occlusion", params)


def noise_and_lambda(network):
    params = dataset.Params(levels=(0.0, 0.1), lams=(0.1, 0.4))
    return dataset.run(network, [([CAT, CAT], [0, 0])], 2, params)


def own_codes(network):
    return coded.sdnet_of(network)


def heads(network):
    half = Split(np.stack([seen(network)] * transfer.FEWEST), np.arange(transfer.FEWEST) % 2, ("a", "b"))
    return transfer.features("cats", half, half, network)


RUN = {
    "every shift": lambda n: sweep.run([n], CAT, sweep.Params(max_shift=1)),
    "inside the layers": lambda n: inside.internal_distance(n, CAT, "circular"),
    "evidence of patches": patches.evident,
    "masking curves": masking,
    "codes and λ": own_codes,
    "noise × λ": noise_and_lambda,
    "map of its features": lambda n: spaces.trained(np.stack([seen(n)] * 2), n),
    "retrieval, backgrounds": lambda n: spaces.trained(np.stack([seen(n)] * 2), n),
    "heads on its features": heads,
    "what each layer adds": lambda n: answers.layers(n, to_tensor(seen(n)[None], n.preprocessing)),
}


def test_every_part_is_tried():
    assert set(RUN) == {part.name for part in coverage.PARTS}


@pytest.mark.parametrize("part", coverage.PARTS, ids=lambda part: part.name)
@pytest.mark.parametrize("name", KINDS)
def test_what_the_matrix_promises_runs_and_what_it_refuses_is_refused(name, part):
    network = networks.load(networks.find(name))
    why = part.refusal(network.card)
    if not why:
        assert RUN[part.name](network) is not None
    else:
        with pytest.raises(ValueError, match=r"."):
            RUN[part.name](network)


def test_signs_have_no_gradient():
    network = networks.load(networks.find("digits_random_svm"))
    x = to_tensor(seen(network), network.preprocessing)
    for method in GRADIENTS:
        assert not attributions.attribution(network, x, 0, method).any()
    card, part = network.card, next(p for p in coverage.PARTS if p.name == "masking curves")
    assert "no gradient" in part.note(card)


def test_every_cell_is_a_sentence():
    for card in [networks.find(name) for name in KINDS]:
        for cell in coverage.row(card):
            said = coverage.sentence(card, cell)
            assert said.endswith(".")
            assert ("does not run: " in said) == (not cell.runs)


def test_the_finding_counts_the_cells():
    cards = [networks.find(name) for name in KINDS]
    running = sum(cell.runs for card in cards for cell in coverage.row(card))
    assert coverage.finding(cards).startswith(
        f"{running:,} of {len(KINDS) * len(coverage.PARTS):,} pairs of {len(KINDS)}"
    )
    assert running < len(KINDS) * len(coverage.PARTS)
    marks = [[coverage.MARKS[value] for value in line] for line in coverage.figure(cards).figure.data[0].z]
    assert sum(mark != coverage.MARKS[0] for line in marks for mark in line) == running


def test_every_mark_reads_on_its_field(dark):
    """WCAG's 4.5 to 1, on the page itself where nothing runs."""
    cards = [networks.find(name) for name in KINDS]
    heat, marks = coverage.figure(cards).figure.data
    fields = [PAGE[dark], *(colour for _, colour in heat.colorscale[1:])]
    level = [value for line in heat.z for value in line]
    assert {*level} == {0, 1, 2}
    assert [*marks.text] == [coverage.MARKS[value] for value in level]
    assert list(zip(marks.x, marks.y, strict=True)) == [(x, y) for y in heat.y for x in heat.x]
    for value, ink in zip(level, marks.textfont.color, strict=True):
        assert contrast(ink, fields[value]) >= 4.5


def test_an_inverted_picture_is_the_same_to_a_network_of_bright_things():
    """Ink on paper and its negative are one picture to a network of bright things on black."""
    network = networks.load(networks.find("digits_cnn"))
    paper = np.full((40, 40, 3), 250, np.uint8)
    paper[8:32, 18:22] = 10
    asked = [sweep.run([network], from_pixels(p), sweep.Params(max_shift=1)) for p in (paper, 255 - paper)]
    np.testing.assert_allclose(asked[0].probability, asked[1].probability, atol=1e-6)
