/** Logs, metrics and traces of this process, each as the configuration says. */
import { createLogger, type LoggerOptions } from './logger.ts';
import { createMetrics, noMetrics } from './metrics.ts';
import type { Telemetry } from './telemetry.ts';
import { createTraces } from './traces.ts';

export interface TelemetryOptions {
  readonly logLevel: LoggerOptions['level'];
  readonly metrics: boolean;
  readonly traces: boolean;
  /** Where log lines go; standard output unless given. */
  readonly write?: (line: string) => void;
}

export async function createTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const [metrics, traces] = await Promise.all([
    options.metrics ? createMetrics() : noMetrics,
    options.traces ? createTraces() : null,
  ]);
  const log = createLogger({
    level: options.logLevel,
    ...(traces === null ? {} : { mixin: traces.fields }),
    ...(options.write === undefined ? {} : { write: options.write }),
  });
  return {
    log,
    counter: metrics.counter,
    histogram: metrics.histogram,
    gauge: metrics.gauge,
    metrics: metrics.metrics,
    span: traces === null ? (_name, _attributes, work) => work() : traces.span,
    ...(traces === null ? {} : { requestSpan: traces.requestSpan }),
    async close() {
      metrics.close();
      await traces?.close();
    },
  };
}
