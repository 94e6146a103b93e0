"""The one loop of SGD: step by step what the same steps written out by hand do, and a report that may stop it."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from core.compute.fitting import descend, optimiser


def batches():
    dice = torch.Generator().manual_seed(0)
    return [(torch.randn(6, 5, generator=dice), torch.arange(6) % 3) for _ in range(4)]


def network():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))


def by_hand():
    """Nesterov's momentum with the cycle's rates, without torch.optim: (parameters, losses)."""
    net, rates = network(), []
    cycle = optimiser(network(), 0.1, 5e-4, 4)
    for _ in range(4):
        rates.append((cycle.sgd.param_groups[0]["lr"], cycle.sgd.param_groups[0]["momentum"]))
        cycle.sgd.step()
        cycle.cycle.step()
    speed = [torch.zeros_like(p) for p in net.parameters()]
    losses = []
    for (x, y), (rate, momentum) in zip(batches(), rates, strict=True):
        loss = functional.cross_entropy(net(x), y, label_smoothing=0.1)
        slopes = torch.autograd.grad(loss, list(net.parameters()))
        losses.append(loss.item())
        with torch.no_grad():
            for i, (p, slope) in enumerate(zip(net.parameters(), slopes, strict=True)):
                whole = slope + (5e-4 * p if p.ndim > 1 else 0)
                speed[i] = whole.clone() if len(losses) == 1 else momentum * speed[i] + whole
                p -= rate * (whole + momentum * speed[i])
    return list(net.parameters()), losses


def test_the_loop_does_what_its_steps_do_by_hand():
    net, seen = network(), []
    plan = optimiser(net, 0.1, 5e-4, 4)
    total = descend(net, plan, batches(), 0.1, half=False, report=lambda i, loss: seen.append((i, loss)))
    parameters, losses = by_hand()
    assert [i for i, _ in seen] == [1, 2, 3, 4]
    assert [loss for _, loss in seen] == pytest.approx(losses, abs=1e-6)
    assert total == pytest.approx(sum(losses), abs=1e-5)
    for mine, theirs in zip(net.parameters(), parameters, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_a_report_stops_after_its_step_and_no_batch_more_is_made():
    made = []

    def lazily():
        for i, batch in enumerate(batches()):
            made.append(i)
            yield batch

    def stop(i, loss):
        if i == 2:
            raise KeyboardInterrupt

    net = network()
    with pytest.raises(KeyboardInterrupt):
        descend(net, optimiser(net, 0.1, 0.0, 4), lazily(), 0.0, half=False, report=stop)
    assert made == [0, 1]
