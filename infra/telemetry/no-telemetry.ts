/** Nothing is logged, counted or traced. For tests and for the command line. */
import type { Telemetry } from './telemetry.ts';

const nothing = (): void => undefined;

export const noTelemetry: Telemetry = {
  log: { info: nothing, warn: nothing, error: nothing },
  counter: () => ({ add: nothing }),
  histogram: () => ({ observe: nothing }),
  gauge: nothing,
  span: (_name, _attributes, work) => work(),
  metrics: async () => '',
  close: async () => undefined,
};
