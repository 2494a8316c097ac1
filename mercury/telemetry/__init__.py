"""What Mercury measures by itself, always on in production: the figures of every unit, the call paths of some.

    a unit opens    sampling.py    in full, lightly or not at all: dice, suspicion, breaker and switch decide
    a query         light.py       two integers: which statement, how long
    a unit ends     recorder.py    its figures go to the series in one crossing
                    series.py      what the series are: names, units, attributes

It is on where the setting `metrics` is. docs/production.md is the manual.
"""
