"""The picture formats behind `core.pictures.image`, which is the only door to them: each reader gives `Layers`."""
