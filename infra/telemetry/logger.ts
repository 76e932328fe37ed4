/** Logs as JSON lines on standard output: `time`, `level`, `event`, then the fields. */
import { type LoggerOptions as PinoOptions, pino, stdTimeFunctions } from 'pino';
import type { Logger } from './telemetry.ts';

export interface LoggerOptions {
  readonly level: 'info' | 'warn' | 'error' | 'silent';
  /** Fields of every line, as the current trace. */
  readonly mixin?: () => Readonly<Record<string, string>>;
  /** Where lines go; standard output unless given. */
  readonly write?: (line: string) => void;
}

/** A second line of defence: such fields are never given, and are dropped where they are. */
const PERSONAL_OR_SECRET = [
  'ip',
  'userName',
  'username',
  'email',
  'mobile',
  'password',
  'secret',
  'token',
  'authorization',
  'cookie',
  'userAgent',
];

export function createLogger({ level, mixin, write }: LoggerOptions): Logger {
  const options: PinoOptions = {
    level,
    base: null,
    messageKey: 'event',
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: PERSONAL_OR_SECRET, remove: true },
    serializers: { error: described },
    ...(mixin === undefined ? {} : { mixin: () => ({ ...mixin() }) }),
  };
  // Synchronous: the last line before a crash is the one that is wanted.
  const lines = pino(options, write === undefined ? pino.destination({ dest: 1, sync: true }) : { write });
  return {
    info: (event, fields = {}) => lines.info(fields, event),
    warn: (event, fields = {}) => lines.warn(fields, event),
    error: (event, fields) => lines.error(fields, event),
  };
}

function described(error: unknown): unknown {
  // Of another thread, which can send only the text.
  if (typeof error === 'string') return { type: 'string', message: error };
  if (!(error instanceof Error)) return { type: typeof error };
  const cause = error.cause instanceof Error ? { cause: described(error.cause) } : {};
  return { type: error.name, message: error.message, stack: error.stack, ...cause };
}
