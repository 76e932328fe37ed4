/** Loads one of the client libraries. They write into one global object: a process has one of them. */
import type { OpenDriver } from './driver.ts';

export const DRIVERS = ['eventstore', 'kurrent'] as const;
export type DriverName = (typeof DRIVERS)[number];

export class DriverMissing extends Error {
  constructor() {
    super(
      'MUNIMENT_EVENT_STORE_DRIVER is "kurrent", and the optional package @kurrent/kurrentdb-client is not installed ' +
        'or does not run on this machine: install it with npm, or use the driver "eventstore".',
    );
    this.name = 'DriverMissing';
  }
}

let loaded: DriverName | null = null;

/** Throws {@link DriverMissing}. `url` is a connection string, `esdb://…` or `kurrentdb://…`. */
export async function loadDriver(name: DriverName, url: string): Promise<OpenDriver> {
  if (loaded !== null && loaded !== name) throw new Error(`this process has loaded the client "${loaded}" already`);
  loaded = name;
  if (name === 'eventstore') return (await import('./db-client-driver.ts')).dbClientDriver(url);
  try {
    return (await import('./kurrent-driver.ts')).kurrentDriver(url);
  } catch (error) {
    // Absent, or without a native part for this machine.
    if (isMissing(error)) throw new DriverMissing();
    throw error;
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED'].includes(String(error.code));
