"""The picture formats behind `core.image`, which is the only door to them: each reader gives `Layers`."""
