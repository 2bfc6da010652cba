package main

// What the configurations of this repository use, and nothing else: each import compiles a good deal more. A component
// that a configuration newly uses is added here, then `go mod tidy` in this folder.
import (
	_ "github.com/grafana/alloy/internal/component/discovery/docker"
	_ "github.com/grafana/alloy/internal/component/discovery/relabel"
	_ "github.com/grafana/alloy/internal/component/local/file"
	_ "github.com/grafana/alloy/internal/component/local/file_match"
	_ "github.com/grafana/alloy/internal/component/loki/process"
	_ "github.com/grafana/alloy/internal/component/loki/relabel"
	_ "github.com/grafana/alloy/internal/component/loki/source/api"
	_ "github.com/grafana/alloy/internal/component/loki/source/file"
	_ "github.com/grafana/alloy/internal/component/loki/write"
	_ "github.com/grafana/alloy/internal/component/prometheus/exporter/elasticsearch"
	_ "github.com/grafana/alloy/internal/component/prometheus/exporter/kafka"
	_ "github.com/grafana/alloy/internal/component/prometheus/exporter/postgres"
	_ "github.com/grafana/alloy/internal/component/prometheus/exporter/redis"
	_ "github.com/grafana/alloy/internal/component/prometheus/exporter/self"
	_ "github.com/grafana/alloy/internal/component/prometheus/remotewrite"
	_ "github.com/grafana/alloy/internal/component/prometheus/scrape"
)
