"""An ONNX file in every study: what needs answers alone runs on it, and what looks inside says why not."""

import functools
import pickle
from types import CodeType, FunctionType

import numpy as np
import pytest

from core import networks
from core.base.worker import ignore
from core.batch import work
from core.compute.attributions import attribution
from core.networks import brought, engine
from core.networks.card import ONLY_ANSWERS
from core.networks.own_options import FileOptions
from core.overview import coverage
from core.pictures.preprocess import square, to_tensor
from core.pictures.samples import load_sample
from core.report import page
from core.studies import STUDIES
from core.studies.asked import Asked
from core.studies.patch import methods
from core.studies.random import maps
from core.studies.shift import sweep
from tests.core.overview.test_coverage import RUN
from tests.core.terminal.test_terminal import refused, run
from tests.helpers import progress_studies
from tests.helpers.onnx_files import exported

CAT = load_sample("cat")
ASKED = {"net", "bagnet", "coded", "twin", "vgg"}  # what progress_studies calls its networks
OTHERS = {  # compare with packaged features of lite0 alone, or take long for other reasons
    "random.glance.among_photographs", "random.photographs.place", "random.photographs.nearest_to",
    "spinal.photographs.look", "spinal.photographs.best_known", "spinal.photographs.answer",
    "random.dataset.measure_baselines", "shift.photographs.answer", "random.answers.run", "random.answers.told",
}  # fmt: skip
BY_MODULE = {"compute.attacks.ascend"}  # is given a module and no network
LOOK_INSIDE = {
    "patch.closer.alike", "patch.evidence.coarse", "patch.evidence.phases", "patch.evidence.full", "patch.exact.run",
    "patch.evidence.run:coarse", "patch.evidence.run:full", "patch.masking.run", "patch.masking.traces",
    "patch.masking_dataset.run", "patch.wall.run", "shift.inside.internal_distance", "sparse.glance.run",
    "sparse.attack.attack", "sparse.attack.curve", "sparse.attack.look", "sparse.attack_dataset.measure",
    "sparse.attack_dataset.converge", "sparse.codes.run:network", "sparse.codes.run:own", "sparse.codes.swept",
    "sparse.codes.descend", "sparse.frames.run", "sparse.opening.run", "sparse.rescue.run", "sparse.depths.run",
    "sparse.dictionary.run", "spinal.answers.run", "spinal.transfer.features", "spinal.transfer.scores_on",
}  # fmt: skip


@functools.cache
def onnx(name):
    """A packaged network by way of an ONNX file, asked as the packaged one."""
    own = networks.open_network(name)
    prep = own.preprocessing
    data = exported(own.engine.plain, 1, len(prep.mean), prep.size, prep.size)
    return brought.open_file(data, f"{name}.onnx", FileOptions(labels=own.labels, mean=prep.mean, std=prep.std))


def in_its_place(name):
    """What stands in for a packaged network in tests/helpers/progress_studies.py, of the same family."""
    same = {"photo": "photo_resnet", "cifar": "cifar_vgg", "mnist": "mnist_small_cnn", "digits": "digits_cnn"}
    return onnx(same[name.partition("_")[0]])


def names_in(code):
    """The global names that a function's code looks up, or that of a function of progress_studies which it calls."""
    own = set(code.co_names).union(*(names_in(inner) for inner in code.co_consts if isinstance(inner, CodeType)))
    called = (getattr(progress_studies, name, None) for name in own - ASKED)
    ours = (f.__code__ for f in called if isinstance(f, FunctionType) and f.__module__ == progress_studies.__name__)
    return own.union(*(names_in(inner) for inner in ours))


def asks_a_network(call):
    """Whether an entry of progress_studies.STUDIES asks one; what runs in a folder of its own is wrapped once."""
    wrapped = [cell.cell_contents for cell in call.__closure__ or () if isinstance(cell.cell_contents, FunctionType)]
    return any(names_in(one.__code__) & ASKED for one in [call, *wrapped])


def test_every_computation_of_the_studies_answers_or_says_why_not(monkeypatch):
    monkeypatch.setattr(progress_studies, "net", in_its_place)
    for name, like in (("bagnet", "photo_bagnet9"), ("coded", "cifar_"), ("twin", "cifar_"), ("vgg", "cifar_")):
        monkeypatch.setattr(progress_studies, name, functools.partial(in_its_place, like))
    asking = {name for name, call in progress_studies.STUDIES.items() if asks_a_network(call)}
    assert asking >= LOOK_INSIDE | OTHERS
    said = {}
    for name in sorted(asking - OTHERS - BY_MODULE):
        try:
            assert progress_studies.STUDIES[name](ignore) is not None
        except ValueError as error:
            said[name] = str(error)
    assert set(said) == LOOK_INSIDE
    assert all(one.startswith("expected a network to look into, got user:") and ONLY_ANSWERS in one
               for one in said.values())  # fmt: skip
    assert len(asking) - len(OTHERS) - len(said) > 20


@pytest.mark.parametrize("part", coverage.PARTS, ids=lambda part: part.name)
def test_what_the_matrix_promises_runs_and_what_it_refuses_is_refused(part):
    network = onnx("photo_resnet")
    if part.looks_inside:
        assert part.refusal(network.card) == ONLY_ANSWERS
        with pytest.raises(ValueError, match=ONLY_ANSWERS):
            RUN[part.name](network)
    else:
        assert not part.refusal(network.card)
        assert RUN[part.name](network) is not None


def test_the_matrix_says_what_is_particular():
    said = {cell.part.name: cell.words for cell in coverage.row(onnx("photo_resnet").card)}
    assert said["masking curves"] == f"by occlusion and chance only: {ONLY_ANSWERS}"
    assert said["map of its features"] == f"by its logits: {ONLY_ANSWERS}"


def test_it_answers_every_shift_as_the_packaged_network_does():
    found = sweep.run([networks.open_network("photo_resnet"), onnx("photo_resnet")], CAT, sweep.Params(max_shift=4))
    assert np.array_equal(found.top1[0], found.top1[1])
    np.testing.assert_allclose(found.probability[0], found.probability[1], atol=0.05)  # bfloat16 of two makers


def test_occlusion_and_chance_are_all_that_attribute():
    own, network = networks.open_network("cifar_vgg"), onnx("cifar_vgg")
    pixels = square(CAT, 32)
    why = methods.applicable(network, pixels, 3)
    assert methods.fitting(network, why) == ("occlusion", "random")
    assert {why[name] for name in ("saliency", "integrated gradients", "Grad-CAM", "DeepLIFT")} == {ONLY_ANSWERS}
    x = to_tensor(pixels, own.preprocessing)
    maps_ = [attribution(one, x, 3, "occlusion") for one in (own, network)]
    np.testing.assert_allclose(*maps_, atol=1e-3 * np.abs(maps_[0]).max())


def test_the_map_of_its_features_is_one_of_its_logits():
    network = onnx("cifar_vgg")
    pixels = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    x = to_tensor(pixels, network.preprocessing)
    wanted = engine.logits(network.engine, lambda which: x[which], 4).logits
    np.testing.assert_allclose(maps.vectors(pixels, "trained", progress_studies.SPEC, network), wanted, atol=1e-4)


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.slug)
def test_a_batch_writes_its_row_or_says_why_not(study):
    network = onnx("photo_resnet")
    if study.slug in ("shift_sweep", "random_features"):
        found = study.table.row(network, CAT, study.table.params)
        assert set(found) == {name for name, _ in study.table.columns}
    else:
        with pytest.raises(ValueError, match=ONLY_ANSWERS):
            study.table.row(network, CAT, study.table.params)


def test_it_travels_to_another_process_by_its_bytes():
    network = onnx("photo_resnet")
    sent = pickle.loads(pickle.dumps(work.packed(network, STUDIES[0].table.params)))
    there = work.unpacked(sent, STUDIES[0].table.params, ladder=False)
    assert there.identity == network.identity
    assert there.engine.fast is None
    x = to_tensor(square(CAT, 64)[None], network.preprocessing)
    assert there.engine.exact(x).tolist() == network.engine.exact(x).tolist()


def test_a_report_says_which_studies_do_not_take_it():
    network = onnx("photo_resnet")
    asked = Asked(CAT, "cat", "sample:cat", (network.card,), {network.card.name: network})
    said = {study.slug: page.left_out(study, asked, [], False) for study in STUDIES}
    assert f"does not take user:photo_resnet.onnx ({ONLY_ANSWERS})" in said["patch_evidence"]
    assert ONLY_ANSWERS not in said["random_features"]


# ---- the terminal --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    place = tmp_path_factory.mktemp("onnx") / "mine.onnx"
    place.write_bytes(onnx("photo_resnet").file)
    return place


def test_a_command_opens_it(path):
    done = run("shift-sweep", "sample:cat", "--model", path, "--max-shift", "2")
    assert done.exit_code == 0, done.output
    assert "your own ONNX file 'mine.onnx' from pytorch" in done.output


def test_a_command_takes_what_is_said_of_it(path, tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join(f"name {i}" for i in range(20)))
    done = run("shift-sweep", "sample:cat", "--model", path, "--max-shift", "1", "--labels", labels,
               "--mean", "0.5", "--std", "0.5", "--layout", "nchw")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "says name " in done.output


@pytest.mark.parametrize("command", ["patch-evidence", "sparse-codes"])
def test_a_command_that_looks_inside_says_why_not(command, path):
    assert ONLY_ANSWERS in refused(command, "sample:cat", "--model", path)


def test_a_command_refuses_another_layout_in_a_line(path):
    line = refused("shift-sweep", "sample:cat", "--model", path, "--layout", "NHWC")
    assert "expected the layout NCHW for this ONNX file, got 'NHWC'" in line
