"""The sample that the photograph heads know best: all of them agree about it, and no other is surer."""

from __future__ import annotations

from core import networks
from core.compute import gallery
from core.pictures.samples import SAMPLES, load_sample
from core.studies.spinal import photographs


def test_the_sample_that_the_heads_know_best_is_like_what_they_learned_and_all_say_the_same():
    found, network = gallery.read(), networks.load(networks.find(gallery.NETWORK))
    done = []
    name = photographs.best_known(found, network, lambda at, of: done.append((at, of)))
    assert done[-1] == (len(SAMPLES), len(SAMPLES))
    looks = {
        sample.name: photographs.look(found, load_sample(sample.name), network, photographs.PLAN, {})
        for sample in SAMPLES
    }

    def sure(one):
        answers = looks[one].answers
        return float(answers.probability[answers.heads.index("spinal")].max())

    known = [one for one, look in looks.items() if not look.unlike and len(set(look.answers.said)) == 1]
    assert name in known
    assert all(sure(name) >= sure(one) for one in known)
    assert sure(name) >= 0.5
