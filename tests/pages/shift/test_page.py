"""The shift sweep page through AppTest: settings, bad input, closer looks and offline states."""

from functools import partial

from core import networks
from core.networks.families import DEFAULT_NETWORKS
from core.pictures.image import png_bytes
from core.pictures.samples import load_sample
from tests.helpers.pages import PHOTOS, bring, finding, first_visit, visit

PAGE = "pages/shift_sweep.py"
page = partial(visit, "shift_sweep", shift_family="photographs")


def test_the_first_visit_asks_three_networks_for_every_shift():
    app = first_visit("shift_sweep")
    assert "Of 1,089 shifts" in finding(app)
    assert app.multiselect(key="shift-networks-imagenet").value == list(DEFAULT_NETWORKS)


def test_the_finding_follows_the_sliders():
    app = page(shift_R="3")
    assert "Of 49 shifts" in finding(app)
    app.slider(key="shift-R").set_value(2).run()
    assert not app.exception
    assert "Of 25 shifts" in finding(app)


def test_the_picture_is_kept_from_page_to_page():
    app = page(shift_R="2")
    app.sidebar.selectbox(key="picture").set_value("rocket").run()
    app.switch_page("pages/home.py").run()
    assert app.sidebar.selectbox(key="picture").value == "rocket"
    app.switch_page(PAGE).run()
    assert app.sidebar.selectbox(key="picture").value == "rocket"
    assert not app.exception


def test_a_click_on_the_map_chooses_the_shift():
    app = page(shift_R="3")
    app.session_state["shift-dy"] = 2
    app.run()
    assert app.number_input(key="shift-dy").value == 2
    assert not app.exception


def test_a_bad_upload_is_said_and_a_good_one_chosen():
    app = page(shift_R="2")
    files = [
        ("broken.png", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("mine.png", png_bytes(load_sample("cat")), "image/png"),
    ]
    app.sidebar.file_uploader(key="tray uploads").set_value(files).run()
    assert not app.exception
    assert any(e.value.startswith("broken.png: ") for e in app.sidebar.error)
    assert app.sidebar.selectbox(key="picture").value == "mine.png"


def test_without_networks_the_page_says_what_to_do():
    app = page(shift_R="2")
    app.multiselect(key=f"shift-networks-{PHOTOS}").set_value([]).run()
    assert not app.exception
    assert any("Choose at least one network" in i.value for i in app.info)


def test_offline_the_download_is_one_sentence_and_the_page_goes_on(monkeypatch, tmp_path):
    from core.networks import download, published

    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    monkeypatch.setattr(
        published, "published", lambda name: download.Published(name, "http://127.0.0.1:9/x.pth", "0" * 8, "authors")
    )
    app = page(shift_family="ImageNet", shift_networks_imagenet=["resnet18", "resnet18_blur5"])
    assert any("Not on this machine yet" in i.value for i in app.info)
    next(b for b in app.button if b.key.startswith("download ")).click().run()
    assert not app.exception
    assert len(app.error) == 2
    assert all("127.0.0.1" in e.value for e in app.error)
    app.selectbox(key="shift-family").set_value("photographs").run()
    assert "Of 1,089 shifts" in finding(app)


def test_every_network_wears_its_provenance():
    app = page(shift_R="2")
    app.multiselect(key=f"shift-networks-{PHOTOS}").set_value(["photo_resnet", "untrained:photo_resnet"]).run()
    said = " ".join(m.value for m in app.markdown)
    assert "photo resnet: trained by this project" in said
    assert ": untrained" in said
    assert networks.find("photo_resnet").provenance
    assert not app.exception


def test_the_layers_inside_are_computed_when_opened():
    app = page(shift_family="CIFAR-10", shift_networks_cifar10=["cifar_vgg"], shift_R="2")
    assert "shift-inside" not in app.session_state
    app.session_state["shift inside"] = True
    app.run()
    assert not app.exception
    assert len(app.get("plotly_chart")) >= 7


def test_measuring_your_own_folder(tmp_path):
    for name in ("cat", "coffee", "rocket"):
        (tmp_path / f"{name}.png").write_bytes(png_bytes(load_sample(name)))
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    app = page(shift_family="CIFAR-10", shift_networks_cifar10=["cifar_vgg"], shift_R="2")
    app.session_state["shift live"] = True
    app.run()
    app.text_input(key="live folder").set_value(str(tmp_path)).run()
    assert any("4 pictures found" in m.value for m in app.markdown)
    app.toggle(key="live go").set_value(True).run()
    assert not app.exception
    assert any("1 files could not be read" in w.value for w in app.warning)
    assert any("pictures" in d.value.columns and list(d.value["pictures"]) == [3] for d in app.dataframe)
    app.text_input(key="live folder").set_value("/nowhere").run()
    assert any("expected a folder" in e.value for e in app.error)


def test_your_own_weights_and_somebody_elses():
    import torch
    from safetensors.torch import save

    from core.models import create_model

    app = page(shift_R="2")
    state = create_model("photo_resnet_blur2", num_classes=20).state_dict()
    bring(app, "shift", save(state))
    assert [s.value for s in app.selectbox if s.label == "Architecture"] == ["photo_resnet_blur2"]
    assert next(t for t in app.text_area if "20 classes" in t.label).value.splitlines()[0] == "goldfish"
    app.button(key="shift own open").click().run()
    assert not app.exception
    assert "user:mine.bin" in app.multiselect(key=f"shift-networks-{PHOTOS}").value
    assert "Of 25 shifts" in finding(app)
    bring(app, "shift", torch.randn(4).numpy().tobytes(), "x.pth")
    assert any("expected" in e.value for e in app.error)
    assert not app.exception


def test_a_network_with_classes_of_its_own_becomes_a_family():
    from safetensors.torch import save

    from core.models import create_model

    app = page(shift_R="2")
    bring(app, "shift", save(create_model("cifar_vgg_blur3", num_classes=3).state_dict()), "birds.pt")
    labels = next(t for t in app.text_area if "3 classes" in t.label)
    labels.set_value("wren\nowl").run()
    app.button(key="shift own open").click().run()
    assert any("expected 3 labels" in e.value for e in app.error)
    next(t for t in app.text_area if "3 classes" in t.label).set_value("wren\nowl\nkite").run()
    app.button(key="shift own open").click().run()
    assert not app.exception
    assert app.selectbox(key="shift-family").value == "user:birds.pt"
    assert any(word in finding(app) for word in ("wren", "owl", "kite"))
