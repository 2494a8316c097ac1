"""A snapshot as OpenTelemetry's metrics, exponential histograms and sums, through the exporter that the user has made.

    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    send(segment.snapshot(), OTLPMetricExporter())

All is cumulative since the segment was made. A segment is one total over all of its processes, dead ones too, so
it never goes back; whoever sends it keeps no state, and a push that is lost loses nothing. A new segment begins
at a new time, by which receivers know that counts begin anew. Deltas would need the state of the last push that
arrived, and what one that was not known to arrive had held would be lost or counted twice.

The SDK's instruments take no histograms that were made elsewhere, but its exporters take records of them. The
package is the extra `opentelemetry`.
"""

import time
from typing import Any, Dict, List, Union

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Buckets,
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Metric,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from mercury._version import __version__
from mercury.export import series
from mercury.export.faults import Faults
from mercury.export.series import NANOSECONDS, Counter, Histogram, Labels

faults = Faults("OpenTelemetry's metrics")

_MOST = (1 << 63) - 1
"""Of a sum that is an integer."""


def send(snapshot: Any, exporter: Any, resource: Any = None) -> bool:
    """Hands all that a snapshot holds to a MetricExporter of the SDK. False where it could not; never raises.

    `resource` says who counts; without one the SDK's own is taken, which reads OTEL_SERVICE_NAME and
    OTEL_RESOURCE_ATTRIBUTES. It blocks as long as the exporter does, so no request should wait for it.
    """
    try:
        data = metrics_data(snapshot, resource)
        if exporter.export(data) is MetricExportResult.SUCCESS:
            return True
    except Exception as error:
        faults.note_error(error)
        return False
    faults.note("the exporter says that it failed")
    return False


def metrics_data(snapshot: Any, resource: Any = None) -> MetricsData:
    """The same as the SDK's record."""
    scope = InstrumentationScope("mercury", __version__)
    metrics = [*_sums(snapshot), *_gauges(snapshot), *_histograms(snapshot)]
    if resource is None:
        resource = Resource.create()
    return MetricsData([ResourceMetrics(resource, [ScopeMetrics(scope, metrics, "")], "")])


def _sums(snapshot: Any) -> List[Metric]:
    start, now = snapshot.created_ns, time.time_ns()
    points: Dict[str, List[NumberDataPoint]] = {}
    for counter in series.counters(snapshot):
        point = NumberDataPoint(_attributes(counter.labels), start, now, _number(counter))
        points.setdefault(series.plain_text(counter.name), []).append(point)
    return [_metric(name, Sum(found, AggregationTemporality.CUMULATIVE, True)) for name, found in points.items()]


def _gauges(snapshot: Any) -> List[Metric]:
    now = time.time_ns()
    points: Dict[str, List[NumberDataPoint]] = {}
    for gauge in series.gauges(snapshot):
        points.setdefault(gauge.name, []).append(NumberDataPoint(_attributes(gauge.labels), 0, now, gauge.value))
    return [_metric(name, Gauge(found)) for name, found in points.items()]


def _number(counter: Counter) -> Union[int, float]:
    return counter.value if counter.value <= _MOST else float(counter.value)


def _histograms(snapshot: Any) -> List[Metric]:
    start, now = snapshot.created_ns, time.time_ns()
    points: Dict[str, List[ExponentialHistogramDataPoint]] = {}
    for histogram in series.histograms(snapshot):
        points.setdefault(series.plain_text(histogram.name), []).append(_point(histogram, start, now))
    temporality = AggregationTemporality.CUMULATIVE
    return [_metric(name, ExponentialHistogram(found, temporality), "s") for name, found in points.items()]


def _metric(name: str, data: Any, unit: str = "") -> Metric:
    about = series.about(name)
    return Metric(name, about.description, unit or about.unit, data)


def _point(histogram: Histogram, start_ns: int, now_ns: int) -> ExponentialHistogramDataPoint:
    return ExponentialHistogramDataPoint(
        attributes=_attributes(histogram.labels),
        start_time_unix_nano=start_ns,
        time_unix_nano=now_ns,
        count=histogram.count,
        sum=histogram.seconds(),
        scale=histogram.scale,
        zero_count=histogram.zero_count,
        positive=Buckets(histogram.first_index + histogram.seconds_shift(), histogram.counts),
        negative=Buckets(0, ()),
        flags=0,
        min=None if histogram.least is None else histogram.least / NANOSECONDS,
        max=None if histogram.most is None else histogram.most / NANOSECONDS,
    )


def _attributes(labels: Labels) -> Dict[str, str]:
    return {series.plain_text(name): series.plain_text(value) for name, value in labels}
