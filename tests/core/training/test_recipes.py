"""The recipes of the packaged networks: every family, and what its members have in common."""

from dataclasses import replace

import pytest

from core.networks import card as networks_card
from core.networks import families
from core.studies.shift import measure
from core.training.recipes import RECIPES


def test_the_recipes_cover_every_family():
    cifar = {"cifar_vgg": None, **{f"cifar_vgg_blur{k}": k for k in (2, 3, 5, 7)}}
    photo = {"photo_resnet": None, "photo_resnet_blur3": 3, "photo_resnet_blur5": 5}
    bags = {f"photo_bagnet{q}": None for q in (9, 17, 33)}
    coded = (*families.SDNETS, *families.TWINS, families.ALL_CODED)
    grey = ("digits_cnn", "fashion_cnn")
    seeds = {name for both in measure.SEEDED.values() for names in both for name in names}
    assert set(RECIPES) == {
        *cifar, "cifar_vgg_shifted", *photo, *seeds, *bags, *coded, *grey, *families.HEADED.values()
    }  # fmt: skip
    assert [RECIPES[name].flips for name in grey] == [False, True]  # a mirrored digit is another sign
    for name, blur in (cifar | photo | bags).items():
        recipe = RECIPES[name]
        assert recipe.arch == name
        assert networks_card.blur_of(recipe.arch) == blur
        assert recipe.shifts == 0  # as in the paper's main CIFAR table
    shifted = RECIPES["cifar_vgg_shifted"]
    assert replace(shifted, name="cifar_vgg", shifts=0) == RECIPES["cifar_vgg"]
    assert shifted.shifts > 0
    assert "shifts" in shifted.augmentation()
    for sdnet, twin in zip(families.SDNETS, families.TWINS, strict=True):
        assert replace(RECIPES[sdnet], name=twin, arch="cifar_resnet18") == RECIPES[twin]


@pytest.mark.parametrize(("name", "blurs"), [("cifar_vgg", (2, 3, 5, 7)), ("photo_resnet", (3, 5))])
def test_members_of_a_family_differ_in_the_filter_alone(name, blurs):
    plain = replace(RECIPES[name], name="", arch="")
    assert all(replace(RECIPES[f"{name}_blur{k}"], name="", arch="") == plain for k in blurs)


@pytest.mark.parametrize("pair", measure.SEEDED.values(), ids=list(measure.SEEDED))
def test_what_is_compared_over_seeds_differs_in_the_seed_alone(pair):
    for names in pair:
        first, *others = (RECIPES[name] for name in names)
        assert [RECIPES[name].seed for name in names] == [*range(len(names))]
        assert all(replace(one, name=first.name, seed=first.seed) == first for one in others)
