"""What a report says of this study: where a picture falls among others of its sort."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from core import networks
from core.base.prose import section
from core.base.records import as_json
from core.base.worker import Progress, each, part
from core.compute import embedding, gallery
from core.compute.neighbours import nearest
from core.compute.sign_counts import Spec
from core.data import named
from core.data import split as data_split
from core.data.sets import DATASETS
from core.data.split import Split
from core.figures.blocks import WIDTH, Picture, Pictures, Plot, Table, csv_address, enlarged
from core.figures.palette import uri
from core.networks import families
from core.networks.card import Card, Network
from core.pictures.digit_form import in_form_of
from core.pictures.drawn import sort_of
from core.pictures.samples import DEFAULT_SAMPLE, load_sample
from core.studies import first_look as studies_first_look
from core.studies.asked import Asked, Part, Work, packaged
from core.studies.random import answers, features, maps_figures, photographs
from core.studies.random import maps as random_maps
from core.studies.random.maps import Placed, Space, SpaceMap
from core.studies.random.maps_figures import colour, map_figure
from core.studies.study import FirstLook

DISTANCE_DECIMALS = 4  # of distances and probabilities, in JSON
NEIGHBOURS, NEIGHBOUR = 6, 32  # of each space, and px a side
SMALL_DIGIT = 64  # px
MAP, TOOLS, DOT = (WIDTH - 24) // 3, 26, 2.6  # px: a map's side, the camera's room above it, a point


def parts(asked: Asked) -> list[Work]:
    """Where a photograph falls among photographs, and a drawing among digits: both come along."""
    if sort_of(asked.image) == "photograph" and gallery.PATH.is_file():
        cards, missing = packaged((gallery.NETWORK,))
        if cards:
            return [partial(among_photographs, asked, cards)]
        return missing
    return [partial(random_part, asked)]


def among_photographs(asked: Asked, cards: tuple[Card, ...], progress: Progress) -> Part:
    """Where the photograph falls in each space, with its nearest neighbours in words."""
    found, [network] = gallery.there(), asked.load(cards)
    placed = photographs.place(found, asked.image, network, progress)
    result = photographs.result_of(found)
    maps = tuple(fit_map(result, space, at, photographs.alike(found, at)) for space, at in placed.items())
    names = {space: [found.names[found.labels[row]] for row in at.nearest] for space, at in placed.items()}
    rows = {
        "space": [random_maps.TITLES[space] for space in placed],
        "nearest photographs": [", ".join(near) for near in names.values()],
        "distance": [f"{at.distances[0]:.2f}" for at in placed.values()],
    }
    return Part(
        photographs.finding(found, placed),
        (maps,),
        section("random_features", "photographs", data=found.about["data"], side=gallery.SIDE),
        (Table("The nearest photographs, the nearest first; distances of different spaces do not compare", rows),),
        asked.again,
        cards,
        "",
        photographs.spread(found),
    )


def random_part(asked: Asked, progress: Progress) -> Part:
    """Where the picture falls among the digits in each space, with its nearest neighbours."""
    train, test = (named.load("digits", split=split) for split in ("train", "test"))
    every, about = data_split.together(train, test), DATASETS["digits"]
    card = networks.find(families.CEILINGS["digits"])
    network, spec, params = networks.load(card), features.Params().spec(about.channels), random_maps.Params()
    query = in_form_of(asked.image, about.size, about.channels, about.bright_on_dark)
    digest = data_split.digest(train, test)
    result = studies_first_look.find("random_maps", random_maps.Result, [card], digest, params)
    drawing, placing = (part(progress, i, 2) for i in range(2))
    if result is None:
        result = random_maps.run(every, spec, network, params, drawing)
    placed = {found.space: place(query, every, result, found, spec, network) for found in each(result.maps, placing)}
    picture = enlarged(maps_figures.colour(query[0]), SMALL_DIGIT)
    seen = Picture(
        uri(picture),
        "The picture in the form of the digits",
        f"The picture as it is compared: {about.size} × {about.size} px, grey, bright on dark",
        picture.shape[1],
    )
    maps = tuple(fit_map(result, space, at) for space, (at, _) in placed.items())
    caption = section(
        "random_features", "report", digits=len(result), perplexity=params.perplexity, seed=params.seed,
        features=spec.features, kernel=spec.kernel_size, depth=spec.depth, network_seed=spec.seed,
    )  # fmt: skip
    return Part(
        next_to(result, placed),
        ((seen,), maps),
        caption,
        (neighbour_table(every, result, placed),),
        asked.again,
        (card,),
        csv_address(maps_figures.table(result)),  # type: ignore[arg-type]
        random_maps.finding(result),
    )


def place(
    query: np.ndarray, every: Split, result: random_maps.Result, found: SpaceMap, spec: Spec, network: Network
) -> tuple[Placed, float]:
    """The picture (1, H, W, C) on one map with its neighbours, and how far a digit there is from its own nearest."""
    vectors = random_maps.vectors(every.pixels[result.indices], found.space, spec, network)
    fixed = embedding.anchor(vectors, found.positions, found.perplexity, result.seed)
    at = random_maps.place(query, found.space, vectors, fixed, spec, network, NEIGHBOURS)
    _, apart = nearest(vectors, vectors, 2)
    return at, float(np.median(apart[:, 1]))


def next_to(result: random_maps.Result, placed: dict[Space, tuple[Placed, float]]) -> str:
    """What lies nearest in each space, and how far that is."""
    digits = {space: result.classes[result.labels[at.nearest[0]]] for space, (at, _) in placed.items()}
    near = [f"{'an' if name == '8' else 'a'} {name} {random_maps.WORDS[space]}" for space, name in digits.items()]
    far = [times(at, typical) for at, typical in placed.values()]
    return (
        f"Among {len(result):,} digits the one nearest to the picture is {', '.join(near[:-1])} and {near[-1]}: "
        f"{', '.join(far[:-1])} and {far[-1]} times as far away as a digit's own nearest."
    )


def times(at: Placed, typical: float) -> str:
    return f"{at.distances[0] / typical:.1f}"


def fit_map(result: random_maps.Result, space: Space, at: Placed, shown: Sequence[int] | None = None) -> Plot:
    """A third of the page's width, its points drawn as shapes: a browser prints those sharp, and WebGL's not at all."""
    fig = map_figure(result, space, shown, at, shapes=len(result))
    fig.data[0].marker.size = DOT
    fig.data[1].marker.size = 15
    fig.update_layout(title_text="", width=MAP, height=MAP + TOOLS, margin={"t": TOOLS}, dragmode=False)
    near = result.classes[result.labels[at.nearest[0]]]
    alt = f"Map of {len(result):,} {result.data} {random_maps.WORDS[space]}; the picture lies beside a {near}"
    return Plot(fig, alt, heading=random_maps.TITLES[space])


def neighbour_table(
    every: Split, result: random_maps.Result, placed: dict[Space, tuple[Placed, float]]
) -> Table:  # fmt: skip
    """The nearest digits of every space, with their distances."""

    def shown(at: Placed) -> Pictures:
        pixels = [enlarged(colour(every.pixels[result.indices[row]]), NEIGHBOUR) for row in at.nearest]
        words = [result.classes[result.labels[row]] for row in at.nearest]
        return Pictures(tuple((uri(p), word) for p, word in zip(pixels, words, strict=True)))

    return Table(
        "The nearest digits, the nearest first; distances of different spaces do not compare",
        {
            "space": [random_maps.TITLES[space] for space in placed],
            "nearest digits": [shown(at) for at, _ in placed.values()],
            "distance": [f"{at.distances[0]:.2f}" for at, _ in placed.values()],
            "a digit's (median)": [f"{typical:.2f}" for _, typical in placed.values()],
            "times as far": [times(at, typical) for at, typical in placed.values()],
        },
    )


def first_looks() -> Iterator[FirstLook]:
    """The digits in random-feature space: the maps of all three spaces, and the accuracy that goes with them."""
    train, test = (named.load("digits", split=split) for split in ("train", "test"))
    digest, params, drawn = data_split.digest(train, test), features.Params(), random_maps.Params()
    network = networks.load(networks.find(families.CEILINGS["digits"]))
    maps = random_maps.run(data_split.together(train, test), params.spec(1), network, drawn)
    made_of = studies_first_look.key([network.card], digest, drawn)
    yield "random_maps", made_of, as_json(maps, random_maps.DECIMALS), random_maps.finding(maps)
    accuracy = features.run("digits", train, test, params)
    made_of = studies_first_look.key([], digest, params)
    yield "random_features", made_of, as_json(accuracy), features.finding(accuracy)
    found, card = gallery.there(), networks.find(gallery.NETWORK)
    image = load_sample(DEFAULT_SAMPLE)
    placed = photographs.place(found, image, networks.load(card))
    made_of = studies_first_look.key([card], image.digest, photographs.Among(found.digest))
    look = as_json(photographs.kept(placed), random_maps.DECIMALS)
    finding = photographs.finding(found, placed)
    yield photographs.LOOK, made_of, look, finding
    near = photographs.nearest_to(found, image, network := networks.load(card))
    yield photographs.NEARBY, made_of, as_json(near, DISTANCE_DECIMALS), finding
    answered = studies_first_look.key([card], image.digest, answers.Params())
    yield answers.LOOK, answered, as_json(answers.run(image, network), DISTANCE_DECIMALS), finding
