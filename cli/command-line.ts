/** What every subcommand does alike: help, errors of use, output that a closed pipe ends. */
import { RestoreNotFinished } from '../infra/backup/restore-mark.ts';
import type { Output } from './format.ts';

/** The command line was not understood. Exit code 2. */
export class UsageError extends Error {}

/** The command line was understood and cannot be carried out as things are. Exit code 1, no stack. */
export class CannotDo extends Error {}

const EXIT_USAGE = 2;

const standardOutput: Output = {
  line: (text) =>
    new Promise((resolve) => {
      if (process.stdout.write(`${text}\n`)) resolve();
      else process.stdout.once('drain', resolve);
    }),
  progress: (text) => void process.stderr.write(`${text}\n`),
};

/** Runs one subcommand; its exit code. */
export async function subcommand(help: string, work: (output: Output) => Promise<number>): Promise<number> {
  // `muniment events | head`: the reader has what it wanted.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  try {
    return await work(standardOutput);
  } catch (error) {
    if (error instanceof CannotDo || error instanceof RestoreNotFinished) return complain(`${error.message}\n`, 1);
    if (isUsage(error)) return complain(`${error.message}\n\n${help}`, EXIT_USAGE);
    throw error;
  }
}

function complain(text: string, code: number): number {
  process.stderr.write(text);
  return code;
}

const isUsage = (error: unknown): error is Error =>
  error instanceof UsageError ||
  (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));

/** Epoch milliseconds of an RFC 3339 instant or a date, which then begins at midnight UTC. */
export function instantOption(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const isInstant = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const epochMs = isInstant ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(epochMs)) {
    throw new UsageError(`--${name} takes an instant such as 2026-01-31T10:00:00Z or a date, not ${text}`);
  }
  return epochMs;
}

export function countOption(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--${name} takes a number from 1, not ${text}`);
  return Number(text);
}

/** Exactly one positional argument, or a sentence that asks for it. */
export function onlyArgument(positionals: readonly string[], what: string): string {
  const [first, second] = positionals;
  if (first === undefined) throw new UsageError(`${what} is missing`);
  if (second !== undefined) throw new UsageError(`one argument too many: ${second}`);
  return first;
}
