"""Commands that records and scripts of before 29 November 2026 name, as they are called today."""

from __future__ import annotations

COMMANDS = {  # each wrote one record; now they are the keys of `receptive measure`
    "measure": "shift",
    "measure-shift-pairs": "shift-pairs",
    "measure-patches": "patches",
    "measure-sparse": "sparse",
    "measure-attacks": "sparse-attack",
    "measure-random": "random",
    "measure-spinal": "spinal",
    "measure-spinal-ablation": "spinal-ablation",
    "measure-spinal-transfer": "spinal-transfer",
    "measure-spinal-regression": "spinal-regression",
    "measure-retrieval": "retrieval",
    "measure-background": "background",
    "measure-random-attack": "random-attack",
}
BACKBONE = "small_cnn"  # that a race of heads was run on where none was named
LATER = ("exact", "live", "scrambled", "preprocessing", "batch-statistics", "noise-arrived")
NETWORK_KEYS = {*COMMANDS.values(), *LATER}  # no packaged network is called so


def today(command: str) -> str:
    """A command line as it is written today; one that was not renamed stays as it is."""
    words = command.split()
    old = words[1] if words[:1] == ["receptive"] and len(words) > 1 else ""
    given, options = parts(words[2:])
    are_networks = bool(given) and not any(":" in key or key in NETWORK_KEYS for key in given)
    if old not in COMMANDS or (old == "measure" and not are_networks):  # else they are measurements, as today
        return command
    group, backbone = COMMANDS[old], f":{options.get('--backbone', BACKBONE)}" if old == "measure-spinal" else ""
    keys = [f"{group}:{name}{backbone}" for name in given] or [group]
    return " ".join(["receptive", "measure", *keys, *(["--data", "FOLDER"] if "--data" in options else [])])


def parts(words: list[str]) -> tuple[list[str], dict[str, str]]:
    """What stands by itself, and the options with their values: `--data FOLDER` or `--data=FOLDER`."""
    given: list[str] = []
    options: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        name, _, value = word.partition("=")
        if word.startswith("--"):
            options[name] = value or next(rest, "")
        else:
            given.append(word)
    return given, options
