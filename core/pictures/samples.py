"""The photographs to start with: those that scikit-image and scikit-learn carry in their own wheels."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

from core.base.quote import literal
from core.pictures.image import RGBImage, decode


@dataclass(frozen=True)
class Sample:
    """One picture: `file` lies below the installed `package`; `credit` names its maker and licence."""

    name: str
    title: str
    credit: str
    package: str
    file: str


# The horse is a silhouette, not a photograph: kept, as a shape without texture is a good question for a CNN.
SAMPLES: tuple[Sample, ...] = (
    Sample("cat", "Chelsea the cat", "Stéfan van der Walt, CC0", "skimage", "data/chelsea.png"),
    Sample("astronaut", "Astronaut Eileen Collins", "NASA, public domain", "skimage", "data/astronaut.png"),
    Sample("coffee", "Cup of coffee", "Rachel Michetti, CC0", "skimage", "data/coffee.png"),
    Sample("rocket", "Rocket on its pad", "SpaceX, public domain", "skimage", "data/rocket.jpg"),
    Sample(
        "motorcycle",
        "Motorcycle (left of a stereo pair)",
        "Middlebury Stereo 2014, D. Scharstein et al.",
        "skimage",
        "data/motorcycle_left.png",
    ),
    Sample("china", "Summer Palace in China", "danielbuechele, CC BY 2.0", "sklearn", "datasets/images/china.jpg"),
    Sample("flower", "Dahlia", "vultilion, CC BY 2.0", "sklearn", "datasets/images/flower.jpg"),
    Sample("horse", "Horse (silhouette)", "Andreas Preuss, CC0", "skimage", "data/horse.png"),
    Sample("camera", "Photographer (grey)", "Lav Varshney, CC0", "skimage", "data/camera.png"),
    Sample(
        "coins",
        "Greek coins from Pompeii (grey)",
        "Brooklyn Museum, no known restrictions",
        "skimage",
        "data/coins.png",
    ),
    Sample("brick", "Brick wall (texture)", "CC0 Textures, CC0", "skimage", "data/brick.png"),
    Sample("grass", "Grass (texture)", "Linolafett, CC0", "skimage", "data/grass.png"),
)
DEFAULT_SAMPLE = "cat"
SAMPLE, STRETCHED = "sample:", "stretched:"  # before the name of a sample, and of a file that is to be stretched


def load_sample(name: str) -> RGBImage:
    """The sample of that name, through the same door as an upload.

    Raises ValueError for an unknown name and FileNotFoundError if the installed package lacks the file.
    """
    found = next((sample for sample in SAMPLES if sample.name == name), None)
    if found is None:
        names = [sample.name for sample in SAMPLES]
        offer = get_close_matches(name, names, n=3) or names
        raise ValueError(f"expected the name of a sample, got {name!r}: try {', '.join(offer)}")
    return decode(_path(found).read_bytes())


def read_picture(source: str) -> RGBImage:
    """A picture by the name that commands have for it: a file, sample:NAME, or stretched:FILE, of deep samples the
    darkest as black and the brightest as white.

    Raises ImageError, OSError, or ValueError for an unknown sample.
    """
    if source.startswith(SAMPLE):
        return load_sample(source.removeprefix(SAMPLE))
    return decode(Path(source.removeprefix(STRETCHED)).read_bytes(), stretch=source.startswith(STRETCHED))


def opening(source: str) -> tuple[str, str]:
    """Python lines that open what `read_picture` opens as `image`: the imports, and the assignment."""
    if source.startswith(SAMPLE):
        name = source.removeprefix(SAMPLE)
        return "from core.pictures.samples import load_sample", f"image = load_sample({literal(name)})"
    name, how = source.removeprefix(STRETCHED), ", stretch=True" if source.startswith(STRETCHED) else ""
    imports = "from pathlib import Path\n\nfrom core.pictures.image import decode"
    return imports, f"image = decode(Path({literal(name)}).read_bytes(){how})"


def _path(sample: Sample) -> Path:
    # find_spec looks a package up without running it: importing scikit-learn would hold up the first paint.
    spec = find_spec(sample.package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"expected the package {sample.package}, got none installed: run pip install -e .")
    path = Path(spec.submodule_search_locations[0]) / sample.file
    if not path.is_file():
        raise FileNotFoundError(f"expected {path}, got no such file: reinstall {sample.package}")
    return path
