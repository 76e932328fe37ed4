/** Traces by OpenTelemetry over OTLP/HTTP. Loaded only when traces are on: the libraries are large. */
import type { Span } from '@opentelemetry/api';
import type { Telemetry } from './telemetry.ts';

export interface Traces extends Pick<Telemetry, 'span'>, Required<Pick<Telemetry, 'requestSpan'>> {
  /** Ids of the current span, for log lines. */
  fields(): Readonly<Record<string, string>>;
  /** Sends what is waiting. */
  close(): Promise<void>;
}

const SERVICE_NAME = 'muniment';
const SERVER_FAULT_MIN = 500;

/** Where to, how many and what else: the standard `OTEL_*` variables of the environment. */
export async function createTraces(): Promise<Traces> {
  const [api, { NodeSDK }, { OTLPTraceExporter }, { envDetector }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const node = new NodeSDK({
    serviceName: process.env['OTEL_SERVICE_NAME'] ?? SERVICE_NAME,
    traceExporter: new OTLPTraceExporter(),
    // Only what the operator says of the resource: the detectors would add the account's name and the command line.
    resourceDetectors: [envDetector],
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
  });
  node.start();
  const tracer = api.trace.getTracer(SERVICE_NAME);

  // The error's name alone: its message may tell of a person.
  function fail(span: Span, error: unknown): void {
    span.setStatus({ code: api.SpanStatusCode.ERROR, message: error instanceof Error ? error.name : typeof error });
  }

  return {
    span: (name, attributes, work) =>
      tracer.startActiveSpan(name, { attributes: { ...attributes } }, async (span) => {
        try {
          return await work();
        } catch (error) {
          fail(span, error);
          throw error;
        } finally {
          span.end();
        }
      }),
    requestSpan({ name, attributes, traceparent }, work) {
      const parent =
        traceparent === undefined
          ? api.context.active()
          : api.propagation.extract(api.context.active(), { traceparent });
      const options = { kind: api.SpanKind.SERVER, attributes: { ...attributes } };
      return tracer.startActiveSpan(name, options, parent, async (span) => {
        try {
          const status = await work();
          span.setAttribute('http.response.status_code', status);
          if (status >= SERVER_FAULT_MIN) span.setStatus({ code: api.SpanStatusCode.ERROR });
        } catch (error) {
          fail(span, error);
          throw error;
        } finally {
          span.end();
        }
      });
    },
    fields() {
      const current = api.trace.getActiveSpan()?.spanContext();
      return current === undefined ? {} : { traceId: current.traceId, spanId: current.spanId };
    },
    close: () => node.shutdown(),
  };
}
