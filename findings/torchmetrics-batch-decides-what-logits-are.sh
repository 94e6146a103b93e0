#!/usr/bin/env bash
# Guess before running: torchmetrics' binary metrics take logits or probabilities, and give the same value whether the
# pictures come at once or one by one: that is what update() and compute() are for.
# What happens, with torchmetrics 1.9.0: each call of update() decides by its own numbers. If none lies outside 0 to 1 they
# are probabilities and stay, else they are logits and go through the sigmoid. A logit of 0.3 that comes alone is "no"
# (0.3 < 0.5), and one that comes beside a logit of -1 is "yes" (0.57). Asked picture by picture, accuracy falls from
# 71.8 to 69.0 % and AUROC from .79 to .75, with the same answers of the same network. Metrics of many classes do the same
# with the softmax. Also, float32's sigmoid is 1 from 17 on: confident logits tie, and AUROC falls as they grow.
# Instead: hand in probabilities (torch.sigmoid in double precision), whatever the size of a batch.
set -euo pipefail
venv=$(mktemp -d); trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"
"$venv/bin/pip" install -q torchmetrics==1.9.0 torch==2.14.1 numpy==2.4.6 2>/dev/null
"$venv/bin/python" - <<'PY'
import torch, torchmetrics
from torchmetrics.classification import BinaryAccuracy, BinaryAUROC, MulticlassAUROC

torch.manual_seed(0)
truth = torch.randint(0, 2, (4000,))
logits = (truth * 2 - 1) * 0.6 + torch.randn(4000)
classes = torch.randint(0, 5, (500,))
many = torch.randn(500, 5) * 0.2
many[torch.arange(500), classes] += 0.3


def streamed(metric, answers, truth, batch):
    for start in range(0, len(truth), batch):
        metric.update(answers[start : start + batch], truth[start : start + batch])
    return metric.compute().item()


print(f"torchmetrics {torchmetrics.__version__}, torch {torch.__version__}")
seen = {}
for batch in (4000, 100, 1):
    seen[batch] = [streamed(metric(), logits, truth, batch) for metric in (BinaryAccuracy, BinaryAUROC)]
    seen[batch].append(streamed(MulticlassAUROC(5), many, classes, batch))
    print(f"batches of {batch}: accuracy {seen[batch][0]:.4f}, AUROC {seen[batch][1]:.4f}, of five classes {seen[batch][2]:.4f}")
assert seen[100][:2] == seen[4000][:2]
assert seen[1][0] < seen[4000][0] - 0.01 and seen[1][1] < seen[4000][1] - 0.02, "single pictures are read alike now"
assert seen[1][2] < seen[4000][2] - 0.005, "single pictures of five classes are read alike now"
sure = torch.sigmoid(logits.double())
assert [streamed(metric(), sure, truth, 1) for metric in (BinaryAccuracy, BinaryAUROC)] == [
    streamed(metric(), sure, truth, 4000) for metric in (BinaryAccuracy, BinaryAUROC)
], "probabilities depend on the batch too"
grown = [streamed(BinaryAUROC(), logits * times, truth, 4000) for times in (1, 100)]
print(f"AUROC of the logits {grown[0]:.4f}, of a hundred times the logits {grown[1]:.4f}")
assert grown[1] < grown[0] - 0.02, "AUROC keeps the order of large logits now"
PY
# Seen: torchmetrics 1.9.0: accuracy 0.7175, AUROC 0.7923, of five classes 0.8897; one by one 0.6898, 0.7477, 0.8779;
# AUROC of a hundred times the logits 0.7604
