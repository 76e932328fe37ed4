/** Measurements as a table for people or one JSON object per line for machines. */
import type { Measurement } from './load/run-load.ts';

export interface Row extends Measurement {
  readonly target: string;
  readonly scenario: string;
  readonly title: string;
}

/** A number measured once: a start, a memory size, a rebuild. */
export interface Single {
  readonly target: string;
  readonly measure: string;
  readonly value: number;
  readonly unit: string;
}

const heads = [
  'target',
  'scenario',
  'conc.',
  'req/s',
  'p50 ms',
  'p95 ms',
  'p99 ms',
  'CPU-s/1000',
  'req/CPU-s',
  'RSS MiB',
  'errors',
] as const;

export function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.target,
    row.title,
    String(row.concurrency),
    row.perSecond.toFixed(0),
    row.p50Ms.toFixed(2),
    row.p95Ms.toFixed(2),
    row.p99Ms.toFixed(2),
    row.cpuSecondsPer1000.toFixed(3),
    row.perCpuSecond.toFixed(0),
    row.residentMiB.toFixed(0),
    row.errors === 0 ? '0' : `${row.errors} FAILED`,
  ]);
  return columns([[...heads], ...lines], 2);
}

export const singlesTable = (singles: readonly Single[]): string =>
  columns(
    singles.map(({ target, measure, value, unit }) => [target, measure, round(value), unit]),
    2,
  );

const round = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(2));

/** The first columns to the left, numbers to the right. */
function columns(lines: readonly (readonly string[])[], left: number): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map((line) =>
      line.map((cell, column) =>
        column < left ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      ),
    )
    .map((cells) => cells.join('  ').trimEnd())
    .join('\n');
}

export function failures(rows: readonly Row[]): readonly string[] {
  return rows
    .filter(({ errors, requests }) => errors > 0 || requests === 0)
    .map((row) => `${row.target} / ${row.title} at ${row.concurrency}: ${row.firstError ?? 'no answer was counted'}`);
}
