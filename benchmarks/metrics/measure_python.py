"""What one value costs from Python, in Mercury and in others, which take turns: a line of JSON a round.

    python benchmarks/metrics/measure_python.py ROUNDS

Nanoseconds of processor time. Every contender is asked in the way that its documentation tells.
"""

import json
import random
import sys
import time
from array import array
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import numpy
import prometheus_client
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View

import mercury
from mercury.core import pure

CALLS = 5000
MANY = 100_000

chance = random.Random(1)
integers = [int(chance.lognormvariate(14, 2)) + 1 for _ in range(MANY)]
seconds = [value / 1e9 for value in integers]
one_by_one = seconds[:CALLS]


def for_each(record):
    """Nanoseconds a value."""
    started = time.process_time_ns()
    for value in one_by_one:
        record(value)
    return (time.process_time_ns() - started) / CALLS


def for_all(record, values, calls=1):
    started = time.process_time_ns()
    for _ in range(calls):
        record(values)
    return (time.process_time_ns() - started) / calls / len(values)


def per_call(function, calls):
    started = time.process_time_ns()
    for _ in range(calls):
        function()
    return (time.process_time_ns() - started) / calls


def opentelemetry_record():
    """An exponential histogram of the SDK."""
    view = View(instrument_name="*", aggregation=ExponentialBucketHistogramAggregation())
    provider = MeterProvider(metric_readers=[InMemoryMetricReader()], views=[view], shutdown_on_exit=False)
    return provider.get_meter("benchmark").create_histogram("times").record


def single_rows():
    twin = pure.Histogram(5)
    registry = prometheus_client.CollectorRegistry()
    fixed_buckets = prometheus_client.Histogram("times", "of the benchmark", registry=registry)
    return {
        "record one value from Python": for_each(mercury.Histogram().record),
        "record one value from Python: the twin's core": for_each(twin.record_double),
        "record one value from Python: prometheus_client, 15 fixed buckets": for_each(fixed_buckets.observe),
        "record one value from Python: opentelemetry-sdk, 160 buckets": for_each(opentelemetry_record()),
        "record one value from Python: list.append, to be sorted later": for_each([].append),
    }


def many_rows():
    integer_array, double_array = numpy.array(integers), numpy.array(seconds)
    edges = numpy.geomspace(1e-9, 1e3, 161)
    twin = pure.Histogram(5)
    return {
        "100,000 integers from Python, each": for_all(mercury.Histogram().record_many, integer_array, 10),
        "100,000 doubles from Python, each": for_all(mercury.Histogram().record_many, double_array, 10),
        "100,000 doubles from Python, each: the twin's core": for_all(twin.record_doubles, array("d", seconds)),
        "100,000 doubles from Python, each: numpy.histogram, 160 buckets": for_all(
            lambda values: numpy.histogram(values, edges), double_array
        ),
    }


def reading_rows():
    filled, other = mercury.Histogram(), mercury.Histogram()
    double_array = numpy.array(seconds)
    for histogram in (filled, other):
        histogram.record_many(double_array)
    return {
        "a quantile of 100,000 from Python": per_call(lambda: filled.quantile(0.99), 200),
        "a quantile of 100,000 from Python: numpy.quantile": per_call(lambda: numpy.quantile(double_array, 0.99), 3),
        "merge from Python": per_call(lambda: filled.merge(other), 200),
        "to_bytes and from_bytes": per_call(lambda: mercury.Histogram.from_bytes(filled.to_bytes()), 100),
    }


def main():
    if mercury.backend != "native":
        sys.exit(f"the library does not serve: {mercury.backend_reason}")
    for _ in range(int(sys.argv[1])):
        print(json.dumps({**single_rows(), **many_rows(), **reading_rows()}), flush=True)


if __name__ == "__main__":
    main()
