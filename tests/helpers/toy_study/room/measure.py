"""Nothing is measured."""

MEASUREMENTS = ()
