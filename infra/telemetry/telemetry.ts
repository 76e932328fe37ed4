/** The port to logs, metrics and traces. Nothing personal passes it: opaque ids only. */

/** A counter, gauge or histogram in Prometheus form. Labels are few and bounded. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

export interface Counter {
  add(amount?: number, labels?: Readonly<Record<string, string>>): void;
}

export interface Histogram {
  /** Seconds. */
  observe(seconds: number, labels?: Readonly<Record<string, string>>): void;
}

export interface Logger {
  /** `event` is a stable dotted name: `http.request.failed`. */
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Something an operator must act on: `action` says what to do. */
  error(event: string, fields: Readonly<Record<string, unknown>> & { action: string; error?: unknown }): void;
}

export interface RequestSpan {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly traceparent: string | undefined;
}

export interface Telemetry {
  readonly log: Logger;
  counter(metric: Metric): Counter;
  histogram(metric: Metric & { readonly bucketsS?: readonly number[] }): Histogram;
  /** Read when scraped. */
  gauge(metric: Metric, read: () => number | Promise<number>): void;
  /** Runs `work` inside a span when traces are on; just runs it when they are off. */
  span<Value>(
    name: string,
    attributes: Readonly<Record<string, string | number>>,
    work: () => Promise<Value>,
  ): Promise<Value>;
  /**
   * A span of an incoming request, continuing the trace that its W3C `traceparent` names; `work` gives the status of
   * the answer. Absent when traces are off, so that a request pays nothing for them.
   */
  readonly requestSpan?: (span: RequestSpan, work: () => Promise<number>) => Promise<void>;
  /** Prometheus text form. */
  metrics(): Promise<string>;
  close(): Promise<void>;
}
