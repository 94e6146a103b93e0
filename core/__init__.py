"""Five ways to watch a network see: models, engine and studies, usable without the app."""
