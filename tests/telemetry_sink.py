"""A sink for tests that keeps all in memory, and the telemetry that writes to it."""

import contextlib
import threading

from django.test import override_settings

from mercury.telemetry import active
from mercury.telemetry.series import HISTOGRAM, INSTRUMENTS
from mercury.telemetry.switch import Switch

HERE = "a sink in memory"
"""The value of the setting `metrics` that leads to it."""


class MemorySink:
    """Series by name and attributes: a counter's total, a histogram's values. `crossings` counts calls."""

    def __init__(self):
        self._lock = threading.Lock()
        self._names = []
        self.series = {}
        self.crossings = 0
        self.error = None

    def number(self, kind, name, attributes):
        assert INSTRUMENTS[name].kind == kind
        with self._lock:
            self._names.append((name, dict(attributes)))
            self.series[name, attributes] = [] if kind == HISTOGRAM else 0
            return len(self._names) - 1

    def record(self, updates):
        if self.error is not None:
            raise self.error
        with self._lock:
            self.crossings += 1
            for number, value in zip(updates[::2], updates[1::2]):
                assert type(value) is int and value >= 0
                name, attributes = self._names[number]
                key = name, tuple(attributes.items())
                self.series[key] += [value] if INSTRUMENTS[name].kind == HISTOGRAM else value

    def close(self):
        """Nothing is held."""

    def of(self, name):
        """What the series of a name have, by their attributes without the name's own system."""
        return {attributes: value for (each, attributes), value in self.series.items() if each == name}

    def total(self, name, **attributes):
        """The total of the series with these attributes, their dots written as __; of histograms the count."""
        wanted = {(key.replace("__", "."), value) for key, value in attributes.items()}
        found = [value for of, value in self.of(name).items() if wanted <= set(of)]
        return sum(len(value) if isinstance(value, list) else value for value in found)


@contextlib.contextmanager
def telemetry(folder, **settings):
    """The telemetry of this process as it writes to a sink in memory, while these settings hold too."""
    sink = MemorySink()
    with override_settings(MERCURY={"metrics": HERE, **settings}):
        made = active.use(sink, Switch(folder / "segment"), HERE)
        made.sink = sink
        try:
            yield made
        finally:
            active.close()
