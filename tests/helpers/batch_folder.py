"""Small folders of pictures to run batches over, and what the files that come out of it hold."""

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from core.batch import columns, run
from core.batch.work import in_this_process, open_models

SIDE = 40  # px


def make_folder(path, count=12, classes=("cat", "ship", "something")):
    """`count` seeded pictures, in turn in the class folders."""
    for i in range(count):
        dice = np.random.default_rng(i)
        rough = Image.fromarray(dice.integers(0, 256, (6, 6, 3), np.uint8))
        folder = path / classes[i % len(classes)]
        folder.mkdir(parents=True, exist_ok=True)
        rough.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(folder / f"{i:03}.png")
    return path


def planned(folder, study="shift-sweep", models=("cifar_vgg",), words=("max_shift=2",), chunk=3):
    return run.plan(study, folder, open_models(models), columns.settings(study, words), chunk)


def rows(path):
    """The rows of a parquet file, and its columns."""
    table = pq.read_table(path)
    return table.to_pylist(), table.schema.remove_metadata()


def same_rows(left, right):
    """Whether two files hold the same rows bit by bit: the columns' own bytes, missing values and all."""
    one, other = (pq.read_table(path).replace_schema_metadata(None).combine_chunks() for path in (left, right))
    return one.schema == other.schema and all(
        [None if b is None else b.to_pybytes() for b in a.chunk(0).buffers()]
        == [None if b is None else b.to_pybytes() for b in c.chunk(0).buffers()]
        for a, c in zip(one.columns, other.columns, strict=True)
    )


def counting(computed):
    """A Runner that notes the index of every chunk that it computes."""

    def runner(work, chunks):
        for index, part in in_this_process(work, chunks):
            computed.append(index)
            yield index, part

    return runner
