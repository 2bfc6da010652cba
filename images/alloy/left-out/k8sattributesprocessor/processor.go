// Package k8sattributesprocessor stands in for a part of the OpenTelemetry Collector that brings the whole client of
// Kubernetes. Alloy imports it for a setting that its otelcol components read; this build has none of these.
package k8sattributesprocessor
