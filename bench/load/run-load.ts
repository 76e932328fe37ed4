/** A closed loop: each of N workers sends its next request when it has the answer to the last one. */
import { cpuSeconds, residentMiB } from './process-usage.ts';

/** One measured operation of one worker; throws when the answer is not what it must be. */
export type Step = () => Promise<void>;

export interface Load {
  readonly pid: number;
  readonly steps: readonly Step[];
  readonly seconds: number;
  /** Sent, but not counted: caches, connections and compiled code are then as they stay. */
  readonly warmUpSeconds: number;
}

export interface Measurement {
  readonly concurrency: number;
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Of the server, all threads. */
  readonly cpuSecondsPer1000: number;
  readonly perCpuSecond: number;
  readonly residentMiB: number;
  /** CPU of the load generator itself as a share of one core: near 1 it was the bottleneck. */
  readonly generatorShare: number;
  readonly errors: number;
  readonly firstError: string | null;
}

interface Tally {
  readonly latenciesMs: number[];
  errors: number;
  firstError: string | null;
}

export async function runLoad({ pid, steps, seconds, warmUpSeconds }: Load): Promise<Measurement> {
  await drive(steps, warmUpSeconds);
  const cpuBefore = cpuSeconds(pid);
  const ownBefore = process.cpuUsage();
  const started = performance.now();
  const tally = await drive(steps, seconds);
  const elapsed = (performance.now() - started) / 1000;
  const own = process.cpuUsage(ownBefore);
  const cpu = cpuSeconds(pid) - cpuBefore;
  const requests = tally.latenciesMs.length;
  const sorted = Float64Array.from(tally.latenciesMs).sort();
  return {
    concurrency: steps.length,
    requests,
    seconds: elapsed,
    perSecond: requests / elapsed,
    p50Ms: quantile(sorted, 0.5),
    p95Ms: quantile(sorted, 0.95),
    p99Ms: quantile(sorted, 0.99),
    cpuSecondsPer1000: (cpu / requests) * 1000,
    perCpuSecond: requests / cpu,
    residentMiB: residentMiB(pid),
    generatorShare: (own.user + own.system) / 1e6 / elapsed,
    errors: tally.errors,
    firstError: tally.firstError,
  };
}

async function drive(steps: readonly Step[], seconds: number): Promise<Tally> {
  const tally: Tally = { latenciesMs: [], errors: 0, firstError: null };
  const until = performance.now() + seconds * 1000;
  await Promise.all(steps.map((step) => repeat(step, until, tally)));
  return tally;
}

/** A worker that has met an error stops: what follows would measure the error. */
async function repeat(step: Step, until: number, tally: Tally): Promise<void> {
  for (;;) {
    const started = performance.now();
    if (started >= until) return;
    try {
      await step();
    } catch (error) {
      tally.errors += 1;
      tally.firstError ??= error instanceof Error ? error.message : String(error);
      return;
    }
    tally.latenciesMs.push(performance.now() - started);
  }
}

/** Nearest rank of sorted values; NaN when there are none. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
