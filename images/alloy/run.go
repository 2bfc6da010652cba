package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/go-kit/log"
	"github.com/grafana/ckit/peer"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/pflag"
	"go.opentelemetry.io/otel"

	"github.com/grafana/alloy/internal/alloyseed"
	"github.com/grafana/alloy/internal/build"
	"github.com/grafana/alloy/internal/runtime"
	"github.com/grafana/alloy/internal/runtime/logging"
	"github.com/grafana/alloy/internal/runtime/logging/level"
	"github.com/grafana/alloy/internal/runtime/tracing"
	"github.com/grafana/alloy/internal/service"
	"github.com/grafana/alloy/internal/service/cluster"
	"github.com/grafana/alloy/internal/service/http"
	"github.com/grafana/alloy/internal/service/labelstore"
	"github.com/grafana/alloy/internal/service/livedebugging"
	"github.com/grafana/alloy/internal/service/remotecfg"
	"github.com/grafana/alloy/internal/static/config/instrumentation"
	"github.com/grafana/alloy/internal/validator"
	"github.com/grafana/alloy/syntax/diag"
)

// collector is a running Alloy with the configuration that it was told to use.
type collector struct {
	path    string
	http    *http.Service
	runtime *runtime.Runtime
}

// run loads a configuration and runs it until SIGINT or SIGTERM, then waits for its components to end. SIGHUP loads it
// anew.
func run(path string, o options, flags *pflag.FlagSet) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	logger, err := logging.NewDeferred(os.Stderr)
	if err != nil {
		return fmt.Errorf("building the logger: %w", err)
	}
	if _, err := memlimit.SetGoMemLimitWithOpts(memlimit.WithLogger(slog.New(logger.Handler()))); err != nil {
		level.Error(logger).Log("msg", "failed to apply memory limit", "err", err)
	}
	tracer, err := tracing.New(tracing.DefaultOptions)
	if err != nil {
		return fmt.Errorf("building the tracer: %w", err)
	}
	otel.SetTracerProvider(tracer)
	go func() {
		if err := tracer.Run(ctx); err != nil {
			level.Error(logger).Log("msg", "running tracer returned an error", "err", err)
		}
	}()
	if err := prometheus.Register(build.NewCollector("alloy")); err != nil {
		return err
	}
	alloyseed.Init(o.storagePath, logger)

	c := &collector{path: path}
	node, services, err := c.services(o, flags, logger, tracer)
	if err != nil {
		return err
	}
	c.runtime = runtime.New(runtime.Options{
		Logger:       logger,
		Tracer:       tracer,
		DataPath:     o.storagePath,
		Reg:          prometheus.DefaultRegisterer,
		MinStability: o.minStability,
		Services:     services,
	})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.runtime.Run(ctx)
	}()
	defer func() {
		stop()
		<-ended
	}()

	if contents, err := c.load(); err != nil {
		if !errors.As(err, new(diag.Diagnostics)) {
			return err
		}
		validator.Report(os.Stderr, err, contents)
		return errors.New("could not perform the initial load successfully")
	}
	if err := node.ChangeState(ctx, peer.StateParticipant); err != nil {
		return fmt.Errorf("becoming a participant of a cluster of one: %w", err)
	}

	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGHUP)
	defer signal.Stop(again)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-again:
			if _, err := c.load(); err != nil {
				level.Error(logger).Log("msg", "failed to reload config", "err", err)
			} else {
				level.Info(logger).Log("msg", "config reloaded")
			}
		}
	}
}

// services are what components and the runtime ask for by name. Without a cluster Alloy is the only node of one.
func (c *collector) services(
	o options, flags *pflag.FlagSet, logger *logging.Logger, tracer *tracing.Tracer,
) (*cluster.Service, []service.Service, error) {
	name, err := os.Hostname()
	if err != nil {
		return nil, nil, fmt.Errorf("asking for the host's name: %w", err)
	}
	_, port, err := net.SplitHostPort(o.listenAddress)
	if err != nil {
		return nil, nil, fmt.Errorf("--server.http.listen-addr: %w", err)
	}
	node, err := cluster.New(cluster.Options{
		Log:              log.With(logger, "service", "cluster"),
		Metrics:          prometheus.DefaultRegisterer,
		Tracer:           tracer,
		NodeName:         name,
		AdvertiseAddress: net.JoinHostPort("127.0.0.1", port),
	})
	if err != nil {
		return nil, nil, err
	}
	given := []string{}
	flags.VisitAll(func(f *pflag.Flag) { given = append(given, f.Name+"="+f.Value.String()) })
	c.http = http.New(http.Options{
		Logger:           logger,
		Tracer:           tracer,
		Gatherer:         prometheus.DefaultGatherer,
		ReadyFunc:        func() bool { return c.runtime.Ready() },
		ReloadFunc:       func() error { _, err := c.load(); return err },
		HTTPListenAddr:   o.listenAddress,
		MemoryListenAddr: "alloy.internal:12345",
		EnablePProf:      true,
		MinStability:     o.minStability,
		BundleContext:    http.SupportBundleContext{RuntimeFlags: given},
	})
	remote, err := remotecfg.New(remotecfg.Options{
		Logger:      log.With(logger, "service", "remotecfg"),
		ConfigPath:  c.path,
		StoragePath: o.storagePath,
		Metrics:     prometheus.DefaultRegisterer,
	})
	if err != nil {
		return nil, nil, err
	}
	return node, []service.Service{
		node,
		c.http,
		labelstore.New(logger, prometheus.DefaultRegisterer),
		livedebugging.New(),
		remote,
	}, nil
}

// load puts the configuration as it is now into effect; where that fails, what ran before goes on. It returns the files
// that were read, for a report.
func (c *collector) load() (map[string][]byte, error) {
	contents, err := read(c.path)
	if err != nil {
		instrumentation.InstrumentConfig(false, [32]byte{}, "")
		return nil, fmt.Errorf("reading config path %q: %w", c.path, err)
	}
	source, err := runtime.ParseSources(contents)
	instrumentation.InstrumentConfig(err == nil, hash(contents), "")
	if err != nil {
		return contents, fmt.Errorf("reading config path %q: %w", c.path, err)
	}
	c.http.SetSources(source.SourceFiles())
	if err := c.runtime.LoadSource(source, nil, c.path); err != nil {
		return contents, fmt.Errorf("error during the load: %w", err)
	}
	return contents, nil
}
