"""The doors out: what processes have counted, and reports, in the forms that other systems take.

    prometheus      an endpoint that Prometheus scrapes: text, OpenMetrics, protobuf with native histograms
    otlp_metrics    OpenTelemetry's exponential histograms and sums, through the user's exporter
    otlp_spans      a span for each query, through the user's tracer
    json_lines      one JSON object a series or report

Each is a thin shim and takes a snapshot of a segment, or the reports of units that close. Nothing here is
loaded before it is asked for.
"""
