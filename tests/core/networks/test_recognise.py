"""A network is recognised by all its tensors, whatever stands before their names or beside them."""

import argparse
from collections import OrderedDict

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save

from core.models import create_model
from core.networks import brought, packaged, recognise
from core.networks.download import WeightsError
from core.networks.own_options import FileOptions
from core.networks.weights import read_state
from tests.helpers.weight_files import equal, one_sentence, torch_bytes

ARCH = "small_cnn"


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(0)
    return create_model(ARCH).state_dict()


@pytest.fixture(scope="module")
def residual():
    """A ResNet-18 of five classes."""
    torch.manual_seed(0)
    return create_model("resnet18", num_classes=5).state_dict()


def under(prefix, tensors):
    return OrderedDict((prefix + name, value) for name, value in tensors.items())


def found(saved, **options):
    return recognise.one_fit(torch_bytes(saved), **options)


# ---- what stands before the names ----------------------------------------------------------------


@pytest.mark.parametrize(
    "prefix",
    ["", "module.", "_orig_mod.", "module._orig_mod.", "model.", "net.", "model.net.", "backbone.encoder.q.", "0.",
     "_forward_module.model.", "net_", "model._orig_mod.module.", "loss.", "criterion.", "metric.model.", "acc_model.",
     "f1.", "lossless.", "accuracy_net."],
)  # fmt: skip
def test_any_prefix_that_all_share_is_left_off(state, prefix):
    for data in (torch_bytes(under(prefix, state)), save(under(prefix, state))):
        fit = recognise.one_fit(data)
        assert fit.archs == (ARCH,)
        assert fit.left_out == ()
        assert equal(fit.tensors, state)


def test_the_network_of_a_loss_counts_where_there_is_no_other(state):
    saved = {**under("model.", state), **under("criterion.", {name: value + 1 for name, value in state.items()})}
    assert [fit.part for fit in recognise.fits(torch_bytes(saved))] == ["model"]


@pytest.mark.parametrize(
    "tensors",
    [
        {"images": torch.zeros(3, 4, dtype=torch.uint8), "labels": torch.arange(3)},
        {"train_loss": torch.zeros(50), "val_acc": torch.zeros(50)},
        {"n_averaged": torch.tensor([3])},
        {"loss.a": torch.zeros(2), "loss.b": torch.zeros(3)},
    ],
)
def test_a_file_of_numbers_that_are_no_layers_is_one_sentence(tensors):
    """Before, the likeness of nothing to nothing was a division by zero."""
    for data in (torch_bytes(tensors), save(tensors)):
        with pytest.raises(
            WeightsError, match="expected the tensors of an architecture that this project knows"
        ) as error:
            brought.guesses(data)
        one_sentence(error)
        assert next(iter(tensors)) in str(error.value)


@pytest.mark.parametrize(
    "key",
    ["optimal_model", "optimal", "momentum_encoder", "upgraded_model", "gradual", "camp", "best", "schedule_free_net",
     "postgrad", "historic", "model_lr"],
)  # fmt: skip
def test_a_key_is_told_by_its_words_not_by_letters_in_them(state, key):
    """Before, what is optimal was taken for an optimizer's."""
    assert equal(found({key: state}).tensors, state)
    both = recognise.fits(torch_bytes({"model": state, key: {name: value + 1 for name, value in state.items()}}))
    assert [fit.part for fit in both] == ["model", key]


@pytest.mark.parametrize(
    "key",
    ["optimizer", "optimizer_states", "optim", "optimG", "modelOptimizer", "opt", "opt_state", "lr_schedulers", "amp",
     "scaler", "GradScaler", "grads", "exp_avg", "momentum_buffer", "history", "callbacks", "loops"],
)  # fmt: skip
def test_what_is_kept_for_training_is_no_network(state, key):
    saved = {"model": state, key: {name: value + 1 for name, value in state.items()}}
    assert [fit.part for fit in recognise.fits(torch_bytes(saved))] == ["model"]


def test_networks_of_numbered_folds(state):
    assert equal(found({0: state}).tensors, state)
    assert [fit.part for fit in recognise.fits(torch_bytes({0: state, 1: state | {}}))] == ["0", "1"]


def test_a_part_of_a_file_that_is_one_network_is_left_out(state):
    with pytest.raises(WeightsError, match="got 'ema': leave --part out, for the file itself is one"):
        found(state, part="ema")


def test_what_is_said_of_a_file_is_the_same_each_time(residual):
    """Before, the names came in another order at every call."""
    data = save(residual | {f"neck.blocks.{i}.weight": torch.zeros(2) for i in range(9)})
    said = set()
    for _ in range(6):
        with pytest.raises(WeightsError, match=r"neck\.blocks\.0\.weight") as error:
            brought.guesses(data)
        said.add(str(error.value))
    assert len(said) == 1


def test_two_names_that_would_be_one_without_a_wrapper_stay_two(state):
    saved = {**under("model.", state), **under("model.module.", {name: value + 1 for name, value in state.items()})}
    assert [fit.part for fit in recognise.fits(torch_bytes(saved))] == ["model", "model.module"]


def test_networks_in_a_list(state):
    fits = recognise.fits(torch_bytes({"models": [state, {name: value + 1 for name, value in state.items()}]}))
    assert [fit.part for fit in fits] == ["models.0", "models.1"]


def test_what_an_optimiser_keeps_is_no_network(state):
    """Adam's averages have the network's names and shapes."""
    saved = {"model": state, "opt_state": {"exp_avg": dict(state)}, "state": {"exp_avg_sq": dict(state)}}
    assert [fit.part for fit in recognise.fits(torch_bytes(saved))] == ["model"]


def test_a_part_that_was_compiled_alone_is_known(residual):
    saved = {name.replace("layer1.", "layer1._orig_mod."): value for name, value in residual.items()}
    assert equal(found(saved).tensors, residual)


def test_a_prefix_that_belongs_to_the_network_stays():
    """All tensors of an SVM on random features begin with `classifier.`."""
    fit = recognise.one_fit(save(create_model("digits_random_svm").state_dict()))
    assert fit.archs[0] == "digits_random_svm"
    assert set(fit.tensors) == {"classifier.weight", "classifier.bias"}


# ---- where it lies -------------------------------------------------------------------------------

USUAL = ("model_state_dict", "state_dict", "ema", "model_ema", "state_dict_ema", "params", "params_ema", "weights",
         "network", "model", "net", "model_state", "module", "generator", "G", "best weights")  # fmt: skip


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old"])
@pytest.mark.parametrize("key", USUAL)
def test_usual_nestings_are_found(state, key, zipped):
    for saved in ({key: state, "epoch": 3}, {"checkpoint": {key: {"inner": state}, "epoch": 3}, "version": "2.1"}):
        fit = recognise.one_fit(torch_bytes(saved, zipped=zipped))
        assert equal(fit.tensors, state)
        assert equal(read_state(torch_bytes(saved, zipped=zipped)), state)


def test_a_training_scripts_whole_checkpoint(state):
    net = create_model(ARCH)
    sgd = torch.optim.Adam(net.parameters())
    net(torch.randn(2, 1, 28, 28)).sum().backward()
    sgd.step()
    saved = {
        "epoch": 5, "loss": torch.tensor(0.4), "best_acc": np.float64(91.5), "history": np.arange(4.0),
        "args": argparse.Namespace(lr=0.1, milestones=[30, 60]), "model_state_dict": net.state_dict(),
        "optimizer_state_dict": sgd.state_dict(), "rng_state": torch.get_rng_state(),
        "callbacks": {"ModelCheckpoint{'monitor': 'val_acc'}": {"best_model_score": torch.tensor([0.9])}},
    }  # fmt: skip
    assert equal(found(saved).tensors, net.state_dict())


def test_numbers_of_metrics_and_losses_are_left_out_and_said(state):
    beside = {
        "criterion.weight": torch.ones(10), "loss_fn.pos_weight": torch.ones(10), "val_acc.tp": torch.zeros(10).long(),
        "train_metrics.MulticlassF1Score.tp": torch.zeros(10), "valLoss.mean_value": torch.tensor(0.3),
        "test_confmat.confmat": torch.zeros(10, 10), "n_averaged": torch.tensor(7), "ema.decay": torch.tensor(0.999),
        "model.conv1.total_ops": torch.ones(1).double(),
        "losses": torch.ones(3), "loss1.scale": torch.ones(3), "lossFn.scale": torch.ones(3),
    }  # fmt: skip
    fit = found({"state_dict": {**under("model.", state), **beside}})
    assert equal(fit.tensors, state)
    assert set(fit.left_out) == set(beside)
    network = brought.open_file(torch_bytes({**under("model.", state), **beside, "epoch": 3}), "mine.pt")
    assert "left out, for it is no part of the network: criterion.weight, " in network.card.provenance


@pytest.mark.parametrize("name", ["model.extra.weight", "head.weight", "normalise.mean", "layer1.0.scale"])
def test_a_layer_is_never_left_out_in_silence(state, name):
    saved = {**under("model.", state), name: torch.ones(3, 3)}
    with pytest.raises(WeightsError, match=name.removeprefix("model.")) as error:
        found(saved)
    one_sentence(error)


# ---- several networks in a file ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "names"),
    {
        "two keys": (lambda s: {"model": s, "model_ema": under("module.", s)}, ["model", "model_ema"]),
        "two prefixes": (lambda s: {"state_dict": under("net.", s) | under("ema.module.", s)},
                         ["state_dict.net", "state_dict.ema"]),
        "a copy inside": (lambda s: {**s, **under("teacher.", s)}, [".", "teacher"]),
        "deep": (lambda s: {"run": {"a": {"net": s}, "b": {"net": s | {"fc2.bias": torch.ones(10)}}}},
                 ["run.a.net", "run.b.net"]),
    }.values(),
)  # fmt: skip
def test_where_two_fit_the_reader_is_asked(state, make, names):
    other = make({name: value + 1 for name, value in state.items()})
    fits = recognise.fits(torch_bytes(other))
    assert [fit.part for fit in fits] == names
    with pytest.raises(WeightsError, match="with --part in a command") as error:
        found(other)
    assert all(name in one_sentence(error) for name in names)
    for fit in fits:
        assert equal(found(other, part=fit.part).tensors, fit.tensors)
    with pytest.raises(WeightsError, match="expected the name of a network in the file, got 'nothing'"):
        found(other, part="nothing")


def test_two_networks_of_different_architectures(state, residual):
    saved = under("student.", state) | under("teacher.", residual)
    assert [(fit.part, fit.archs[0]) for fit in recognise.fits(torch_bytes(saved))] == [
        ("student", ARCH),
        ("teacher", "resnet18"),
    ]
    assert found(saved, arch="resnet18").part == "teacher"


def test_a_network_beside_one_that_diverged_opens(state):
    ill = {name: value * float("nan") for name, value in state.items()}
    saved = {"model": state, "model_ema": ill}
    assert equal(found(saved, part="model").tensors, state)
    with pytest.raises(WeightsError, match="expected finite numbers"):
        found(saved, part="model_ema")


def test_reading_a_state_asks_which_of_two(state):
    data = torch_bytes({"model": state, "ema": {name: value + 1 for name, value in state.items()}})
    with pytest.raises(WeightsError, match="got model, ema: name one") as error:
        read_state(data)
    one_sentence(error)
    assert equal(read_state(data, "model"), state)
    with pytest.raises(WeightsError, match="got model, ema"):
        read_state(data, "nothing")


# ---- what its tensors cannot tell ----------------------------------------------------------------


def test_networks_with_the_same_tensors_are_named_and_may_be_chosen(residual):
    data = save(residual)
    [guess] = brought.guesses(data)
    assert guess.archs == ("resnet18", "resnetblur18")
    plain = brought.open_file(data, "mine.pt")
    assert "it may as well be resnetblur18, with the same tensors" in plain.card.provenance
    blurred = brought.open_file(data, "mine.pt", FileOptions(arch="resnetblur18"))
    assert blurred.card.arch == "resnetblur18"
    assert (plain.card.name, blurred.card.name) == ("user:mine.pt", "user:mine.pt as resnetblur18")
    assert "it may as well be resnet18, with the same tensors" in blurred.card.provenance
    x = torch.randn(1, 3, 97, 97)
    with torch.inference_mode():
        assert not torch.allclose(plain.engine.plain(x), blurred.engine.plain(x), atol=1e-3)


@pytest.mark.parametrize("arch", ["resnetblur18", "resnetblur50", "resnetaa50"])
def test_timms_networks_give_timms_answers(arch):
    torch.manual_seed(0)
    theirs = timm.create_model(arch, num_classes=7).eval()
    for module in theirs.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    ours = create_model(arch, num_classes=7).eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    x = torch.randn(1, 3, 97, 97)
    with torch.inference_mode():
        torch.testing.assert_close(ours(x), theirs(x))


# ---- what is nearly known ------------------------------------------------------------------------


CLASSIFIER = {"fc.weight": None, "fc.bias": None}
NEARLY = {
    "grey": (
        {"conv1.weight": torch.ones(64, 1, 7, 7)},
        "the nearest is resnet18, but conv1.weight is (64, 1, 7, 7), resnet18 has (64, 3, 7, 7): offer",
    ),
    "stem": (
        {"conv1.weight": torch.ones(64, 3, 3, 3)},
        "the nearest is resnet18, but conv1.weight is (64, 3, 3, 3), resnet18 has (64, 3, 7, 7): offer",
    ),
    "sequential": (
        CLASSIFIER | {"fc.1.weight": torch.ones(5, 512), "fc.1.bias": torch.ones(5)},
        "but fc.weight, fc.bias are missing; fc.1.weight, fc.1.bias are not in resnet18: offer",
    ),
    "headless": (CLASSIFIER, "the nearest is resnet18, but fc.weight, fc.bias are missing: offer"),
    "one name": ({"bn1.bias": None}, "the nearest is resnet18, but bn1.bias is missing: offer"),
    "features": ({"fc.weight": torch.ones(5, 600)}, "but fc.weight is (5, 600), resnet18 has (any, 512): offer"),
}


@pytest.mark.parametrize(("change", "said"), NEARLY.values(), ids=NEARLY)
@pytest.mark.parametrize("prefix", ["", "model."])
def test_a_network_nearly_known_is_told_from_the_nearest(residual, change, said, prefix):
    saved = {name: value for name, value in (residual | change).items() if value is not None}
    with pytest.raises(WeightsError) as error:
        brought.guesses(torch_bytes(under(prefix, saved)))
    assert said in one_sentence(error)


def test_one_of_torchvisions_is_told_from_itself():
    from torchvision.models import get_model

    with pytest.raises(WeightsError) as error:
        brought.guesses(save(get_model("mobilenet_v3_small", weights=None, num_classes=5).state_dict()))
    said = one_sentence(error)
    assert "the nearest is torchvision:mobilenet_v3_small, but classifier.3.weight is (5, 1024)" in said


def test_an_architecture_that_is_said_and_does_not_fit(residual):
    with pytest.raises(
        WeightsError, match=r"without backbone|without 0\.|without features|got a file without"
    ) as error:
        packaged.user_network(torch_bytes({"model": residual}), "alexnet", "imagenet")
    assert "choose the architecture" in one_sentence(error)


def test_a_depthwise_networks_file_says_what_its_tensors_do_not_tell():
    state = create_model("lite0", num_classes=3).state_dict()
    [fit] = recognise.fits(save(state))
    assert recognise.UNTOLD in recognise.notes(fit, "lite0")
    strange = {name: value for name, value in state.items() if not name.startswith("classifier")}
    with pytest.raises(WeightsError, match="do not tell padding or batch norms' eps"):
        recognise.fits(save(strange))
    for arch in ("resnet18", "resnet18_blur3"):  # a blur's kernels are no such layers
        assert not recognise.is_depthwise(create_model(arch).state_dict())
