"""The one way to run a network: float32's answers whatever the precision, bounded memory, one worker."""

import threading
import time
import weakref

import numpy as np
import pytest
import torch
from torch import nn

from core import networks
from core.base.worker import Stopped, submit
from core.models import create_model
from core.models.sparse import SparseConv2d
from core.networks import engine, families, weights
from core.networks.engine import CALIBRATION, batch_size, doubtful, fold, margins, prepare
from core.pictures.preprocess import BOUNDARIES, field_of_view, shift_offsets, shifted, to_tensor
from core.pictures.samples import load_sample
from tests.helpers.networks_by_hand import GREY, PACKAGED, SIGNS, plain_net

REACH = 6
FOLDED = (
    *("resnet18_blur3", "resnet50_blur4", "vgg11_bn_blur2", "densenet121_blur2", "mobilenet_v2", "alexnet_blur5"),
    *("bagnet9", "photo_bagnet33"),
)
PHOTOS = dict(zip(BOUNDARIES, ("cat", "coffee", "rocket"), strict=True))


def sweep_inputs(network, photo, boundary):
    """(S, 3, H, W): the sample photograph at every shift, as the network sees it."""
    prep = network.preprocessing
    view = to_tensor(field_of_view(load_sample(photo), prep, REACH, boundary), prep)
    return shifted(view, prep.size, REACH, shift_offsets(REACH))


def from_array(x):
    return lambda which: x[torch.from_numpy(which)]


@torch.inference_mode()
def one_at_a_time(net, x):
    return torch.cat([net(x[i : i + 1]) for i in range(len(x))]).numpy()


def with_statistics(arch):
    """An untrained network whose batch norms hold numbers that matter."""
    torch.manual_seed(1)
    net = create_model(arch, num_classes=10)
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.running_mean, -0.3, 0.3)
            nn.init.uniform_(layer.running_var, 0.5, 2)
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.3, 0.3)
    return net.eval()


# ---- precision -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*PACKAGED, *FOLDED])
def test_folded_channels_last_float32_is_the_plain_network(name):
    net = plain_net(name) if name in PACKAGED else with_statistics(name)
    size = networks.find(name).size if name in PACKAGED else 96
    x = torch.randn(3, 1 if name in GREY else 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = net(x)
        got = prepare(net, fast=False).exact(x.to(memory_format=torch.channels_last))
    assert expected.std() > 1e-4
    assert (got - expected).abs().max() <= 1e-4 * max(1, float(expected.abs().max()))


@pytest.mark.parametrize("name", PACKAGED)
def test_folding_leaves_no_batch_norm_but_those_that_follow_codes(name):
    prepared = prepare(plain_net(name))
    coded = sum(isinstance(layer, SparseConv2d) for layer in prepared.plain.modules())
    has_norms = any(isinstance(layer, nn.BatchNorm2d) for layer in prepared.plain.modules())
    assert has_norms != (name in (*families.HEADED.values(), *SIGNS))  # the small CNN has none
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in prepared.exact.modules()) == coded


def test_folding_does_not_disturb_other_threads():
    net = create_model("photo_resnet", num_classes=5).eval()
    x = torch.randn(1, 3, 64, 64)
    failed = []

    def ask():
        with torch.inference_mode():
            for _ in range(30):
                try:
                    net(x)
                except Exception as error:
                    failed.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    while asking.is_alive():
        fold(net)
    asking.join()
    assert failed == []


@pytest.mark.parametrize("name", PACKAGED)
def test_top1_of_every_shift_is_the_float32_one_at_a_time_result(name):
    """Every boundary has a third of the shifts."""
    network = networks.load(networks.find(name))
    x = torch.cat([sweep_inputs(network, PHOTOS[b], b)[i::3] for i, b in enumerate(BOUNDARIES)])
    ladder = prepare(plain_net(name), fast=name not in SIGNS)  # bfloat16 even where it is emulated
    answers = engine.logits(ladder, from_array(x), len(x))
    expected = one_at_a_time(plain_net(name), x)
    np.testing.assert_array_equal(answers.top1, expected.argmax(1))
    np.testing.assert_allclose(answers.logits[answers.exact], expected[answers.exact], atol=1e-4)
    if name in SIGNS:
        assert answers.exact.all()
        return
    assert not answers.exact.all()
    assert answers.error > 0
    assert np.abs(answers.logits - expected).max() < 4 * answers.error


class AlmostTied(nn.Module):
    """Two classes whose weights differ by less than bfloat16 resolves: class 1 wins by a thousandth."""

    def __init__(self, classes=2):
        super().__init__()
        self.classifier = nn.Linear(3, classes, bias=False)
        self.classifier.weight = nn.Parameter(1 + 1e-3 * torch.arange(classes)[:, None] * torch.ones(1, 3))

    def forward(self, x):
        return self.classifier(x.mean(dim=(2, 3)))


@pytest.mark.parametrize("classes", [2, 3])
def test_almost_tied_logits_need_the_ladder(classes):
    net = AlmostTied(classes).eval()
    x = torch.rand(200, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    ladder = prepare(net, fast=True)
    with torch.inference_mode():
        alone = ladder.fast(x.bfloat16()).float().numpy()
    assert (alone.argmax(1) != classes - 1).mean() > 0.5  # else the rest proves nothing
    answers = engine.logits(ladder, from_array(x), len(x))
    assert (one_at_a_time(net, x).argmax(1) == classes - 1).all()
    assert (answers.top1 == classes - 1).all()
    assert answers.exact.all()


def test_a_sample_without_any_error_does_not_hide_the_others():
    # A folder with black frames, which happen to be the calibration sample.
    net = AlmostTied().eval()
    x = torch.rand(320, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    x[np.linspace(0, 319, engine.CALIBRATION).astype(int)] = 0
    answers = engine.logits(prepare(net, fast=True), from_array(x), len(x))
    np.testing.assert_array_equal(answers.top1, one_at_a_time(net, x).argmax(1))


def test_ties_beyond_float32_batches_are_run_one_at_a_time():
    class Counts(AlmostTied):
        def forward(self, x):
            seen.append(len(x))
            return super().forward(x)

    seen = []
    net = Counts().eval()
    net.classifier.weight.data.fill_(1)
    prepared = engine.Engine(net, net, None)
    answers = engine.logits(prepared, from_array(torch.rand(7, 3, 8, 8)), 7)
    assert seen == [7, *[1] * 7]
    assert (answers.top1 == 0).all()


def test_exact_answers_all_in_float32():
    net = AlmostTied().eval()
    x = torch.rand(100, 3, 8, 8)
    answers = engine.logits(prepare(net, fast=True), from_array(x), 100, exact=True)
    assert answers.exact.all()
    assert answers.error == 0
    np.testing.assert_allclose(answers.logits, one_at_a_time(net, x), atol=1e-6)


def test_without_bfloat16_there_is_only_float32():
    prepared = prepare(AlmostTied(), fast=False)
    assert prepared.fast is None
    assert engine.logits(prepared, from_array(torch.rand(40, 3, 8, 8)), 40).exact.all()
    assert (prepare(AlmostTied()).fast is not None) == engine.has_bfloat16()


def test_probability_is_the_softmax_and_sums_to_one():
    values = np.random.default_rng(0).normal(0, 60, (50, 10)).astype(np.float32)
    answers = engine.Answers(values, np.ones(50, bool), 0.0)
    np.testing.assert_allclose(answers.probability.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(answers.probability, torch.from_numpy(values).softmax(1).numpy(), atol=1e-6)
    np.testing.assert_array_equal(answers.probability.argmax(1), answers.top1)


def test_only_how_two_classes_stray_from_each_other_puts_an_answer_in_doubt():
    strays = np.array([[0.0, 0.5, 0.5], [0.0, -0.5, -0.5]])  # the last two together, the first apart from them
    values = np.array([[1.0, 9.0, 8.8], [8.8, 9.0, 1.0], [7.0, 9.0, 1.0], [1.0, 9.0, 8.95]])
    assert doubtful(values, strays).tolist() == [False, True, False, True]  # the last within two roundings
    assert not doubtful(np.ones((2, 1)), np.ones((3, 1))).any()


class Halves(nn.Module):
    """What bfloat16 might be: a logit `by` off everywhere, and noise of `spread`."""

    def __init__(self, by=0.0, spread=0.0):
        super().__init__()
        self.by, self.spread, self.seen = by, spread, 0

    def forward(self, x):
        self.seen += len(x)
        noise = torch.randn(len(x), 3, generator=torch.Generator().manual_seed(self.seen))
        return x[:, :, 0, 0] + self.spread * noise + self.by * torch.eye(3)[0]


@pytest.mark.parametrize(("by", "spread", "again"), [(5.0, 0.0, 0.1), (0.0, 0.1, 0.15)])
def test_what_bfloat16_strays_by_everywhere_is_taken_off(by, spread, again):
    x = torch.rand(500, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 20
    net = Halves()
    answers = engine.logits(engine.Engine(net, net, Halves(by, spread)), from_array(x), len(x))
    np.testing.assert_array_equal(answers.top1, x[:, :, 0, 0].argmax(1))
    assert CALIBRATION / 500 <= answers.exact.mean() < CALIBRATION / 500 + again
    assert (answers.error > 0.01) == (spread > 0)


def test_float32_answers_at_once_where_bfloat16_leaves_most_in_doubt():
    x = torch.rand(500, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    net, half = Halves(), Halves(spread=1.0)
    answers = engine.logits(engine.Engine(net, net, half), from_array(x), len(x))
    assert half.seen == CALIBRATION
    assert answers.exact.all()
    np.testing.assert_array_equal(answers.top1, x[:, :, 0, 0].argmax(1))


def test_margins():
    assert margins(np.array([[1.0, 4, 2], [3, 3, 0], [-1, -7, -2]])).tolist() == [2, 0, 1]
    assert np.isinf(margins(np.ones((2, 1)))).all()


# ---- memory and leaving things alone -------------------------------------------------------------


class Nursery:
    """Makes inputs on demand and counts how many pixels of them live at the same time."""

    def __init__(self, side):
        self.side, self.alive, self.peak, self.largest = side, 0, 0, 0

    def __call__(self, which):
        x = torch.randn(len(which), 3, self.side, self.side)
        self.alive += len(which)
        self.largest = max(self.largest, len(which))
        self.peak = max(self.peak, self.alive)
        weakref.finalize(x, self.died, len(which))
        return x

    def died(self, count):
        self.alive -= count


@pytest.mark.parametrize("fast", [False, True])
def test_inputs_alive_do_not_grow_with_the_count(fast):
    prepared = prepare(AlmostTied(), fast=fast)
    size = batch_size(64, 64)
    peaks = []
    for count in (4 * size, 16 * size):
        nursery = Nursery(64)
        engine.logits(prepared, nursery, count)
        assert nursery.largest <= size
        peaks.append(nursery.peak)
    assert peaks[0] == peaks[1] <= 2 * size


def test_batches_shrink_as_pictures_grow():
    sizes = [batch_size(side, side) for side in (1, 32, 64, 224, 512, 5000)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] <= 512
    assert sizes[-1] == 1
    assert all(
        n * side**2 <= engine.PIXELS_PER_BATCH for n, side in zip(sizes[:-1], (1, 32, 64, 224, 512), strict=True)
    )


@pytest.mark.parametrize("name", [*PACKAGED[:1], "resnet18_blur3"])
def test_the_given_network_stays_as_it_was_and_has_no_hooks(name):
    net = plain_net(name) if name in PACKAGED else with_statistics(name)
    net.train()
    before = weights.state_digest(net.state_dict())
    owned = {key: (id(value), value.stride(), value.dtype) for key, value in net.named_parameters()}
    prepared = prepare(net, fast=True)
    size = networks.find(name).size if name in PACKAGED else 64
    engine.logits(prepared, from_array(torch.randn(40, 3, size, size)), 40)
    assert prepared.plain is net
    assert not net.training
    assert weights.state_digest(net.state_dict()) == before
    assert {key: (id(value), value.stride(), value.dtype) for key, value in net.named_parameters()} == owned
    for part in (prepared.plain, prepared.exact, prepared.fast):
        for layer in part.modules():
            assert len(layer._forward_hooks) + len(layer._forward_pre_hooks) + len(layer._backward_hooks) == 0


def test_progress_counts_up_to_all_and_may_stop():
    seen = []
    prepared = prepare(AlmostTied(), fast=True)
    size = batch_size(64, 64)
    engine.logits(prepared, Nursery(64), 3 * size + 1, lambda done, total: seen.append((done, total)))
    count = 3 * size + 1
    assert seen == [(done, count) for done in (CALIBRATION, CALIBRATION + size, CALIBRATION + 2 * size, count)]

    def stop(done, total):
        raise Stopped

    with pytest.raises(Stopped):
        engine.logits(prepared, Nursery(64), 3 * size, stop)


def test_what_float32_answers_again_may_still_be_stopped():
    seen = []
    x = torch.rand(500, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 20
    prepared = engine.Engine(Halves(), Halves(), Halves(spread=0.1))
    engine.logits(prepared, from_array(x), 500, lambda done, total: seen.append((done, total)))
    assert seen == [(CALIBRATION, 500), (500, 500), (500, 500)]


# ---- the worker ----------------------------------------------------------------------------------


def test_first_come_first_served_one_at_a_time():
    order, running, together = [], [], []

    def work(i):
        def run(progress):
            running.append(i)
            together.append(len(running))
            time.sleep(0.005)
            order.append(i)
            running.remove(i)
            return i, threading.current_thread().name

        return run

    results = [job.future.result(10) for job in [submit(work(i)) for i in range(20)]]
    assert [i for i, _ in results] == order == list(range(20))
    assert set(together) == {1}
    assert {name.rsplit("_", 1)[0] for _, name in results} == {"inference"}


def test_stop_ends_a_job_and_the_worker_goes_on():
    began = threading.Event()

    def endless(progress):
        for i in range(10_000):
            progress(i, 10_000)
            began.set()
            time.sleep(0.001)
        return "never"

    running, waiting, after = submit(endless), submit(endless), submit(lambda progress: "next")
    assert began.wait(10)
    waiting.stop()  # before its turn has come
    running.stop()
    for job in (running, waiting):
        with pytest.raises(Stopped):
            job.future.result(10)
    assert after.future.result(10) == "next"
    assert running.total == 10_000
    assert waiting.done == waiting.total == 0


def test_exceptions_reach_whoever_waits():
    def broken(progress):
        raise ValueError("expected better")

    first, second = submit(broken), submit(lambda progress: progress(3, 4))
    with pytest.raises(ValueError, match="expected better"):
        first.future.result(10)
    second.future.result(10)
    assert (second.done, second.total) == (3, 4)
