"""What a terminal asks of this study, and what it says of the answer."""

from core.studies.toy import light

from core.studies.study import OfPicture

COMMAND = OfPicture("A number.", light.Params(), "Any.", light.run, lambda result, networks: [light.finding(result)])
