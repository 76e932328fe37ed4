/** Metrics in Prometheus form. The library is loaded when metrics are on; off costs an empty call. */
import type { Counter, Histogram, Metric, Telemetry } from './telemetry.ts';

export interface Metrics extends Pick<Telemetry, 'counter' | 'histogram' | 'gauge' | 'metrics'> {
  close(): void;
}

const nothing = (): void => undefined;

export const noMetrics: Metrics = {
  counter: () => ({ add: nothing }),
  histogram: () => ({ observe: nothing }),
  gauge: nothing,
  metrics: async () => '',
  close: nothing,
};

export async function createMetrics(): Promise<Metrics> {
  const prometheus = await import('prom-client');
  const registry = new prometheus.Registry();
  prometheus.collectDefaultMetrics({ register: registry });
  // Two parts of the server may count the same thing: the second gets the first's.
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();

  const described = ({ name, help, labels = [] }: Metric) => ({
    name,
    help,
    labelNames: labels,
    registers: [registry],
  });

  return {
    counter(metric) {
      const known = counters.get(metric.name);
      if (known !== undefined) return known;
      const counter = new prometheus.Counter(described(metric));
      const made: Counter = {
        add: (amount = 1, labels) => (labels === undefined ? counter.inc(amount) : counter.inc(labels, amount)),
      };
      counters.set(metric.name, made);
      return made;
    },
    histogram(metric) {
      const known = histograms.get(metric.name);
      if (known !== undefined) return known;
      const buckets = metric.bucketsS === undefined ? {} : { buckets: [...metric.bucketsS] };
      const histogram = new prometheus.Histogram({ ...described(metric), ...buckets });
      const made: Histogram = {
        observe: (seconds, labels) =>
          labels === undefined ? histogram.observe(seconds) : histogram.observe(labels, seconds),
      };
      histograms.set(metric.name, made);
      return made;
    },
    gauge(metric, read) {
      const gauge = new prometheus.Gauge({
        ...described(metric),
        async collect() {
          this.set(await read());
        },
      });
      gauge.set(0);
    },
    metrics: () => registry.metrics(),
    close: () => registry.clear(),
  };
}
