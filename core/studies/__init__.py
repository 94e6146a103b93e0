"""What readers ask: one file a study, always with Params, Result, run and figure."""

from __future__ import annotations

from core.studies.study import Study

STUDIES = (
    Study(
        "shift_sweep",
        "Shift sweep",
        "Does a one-pixel shift change the answer?",
        "R. Zhang, Making Convolutional Networks Shift-Invariant Again, ICML 2019",
        "https://arxiv.org/abs/1904.11486",
        ":material/open_with:",
    ),
    Study(
        "patch_evidence",
        "Patch evidence",
        "Which little patches made the network say so?",
        "W. Brendel, M. Bethge, Approximating CNNs with Bag-of-local-Features models works surprisingly well on "
        "ImageNet, ICLR 2019",
        "https://arxiv.org/abs/1904.00760",
        ":material/grid_view:",
    ),
    Study(
        "sparse_codes",
        "Sparse codes",
        "What is left when lambda is turned up?",
        "X. Dai et al., Revisiting Sparse Convolutional Model for Visual Recognition, NeurIPS 2022",
        "https://arxiv.org/abs/2210.12945",
        ":material/blur_on:",
    ),
    Study(
        "random_features",
        "Random features",
        "How far do you get without learning anything?",
        "Y. Xue, U. Roshan, Image classification and retrieval with random depthwise signed convolutional neural "
        "networks, 2018",
        "https://arxiv.org/abs/1806.05789",
        ":material/casino:",
    ),
    Study(
        "spinal_heads",
        "Spinal heads",
        "Does feeding the input bit by bit pay?",
        "H. M. D. Kabir et al., SpinalNet: Deep Neural Network with Gradual Input, 2020",
        "https://arxiv.org/abs/2007.03347",
        ":material/account_tree:",
    ),
)
