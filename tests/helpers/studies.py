"""What the tests that hold for every study ask of one: its room, and the module of its question."""

from importlib import import_module


def room(study):
    """shift_sweep -> shift, the folder below core/studies and pages/parts"""
    return study.slug.split("_")[0]


def question_module(study):
    """shift_sweep -> core.studies.shift.sweep, which has Params, Result and run"""
    return import_module(f"core.studies.{study.slug.replace('_', '.', 1)}")
