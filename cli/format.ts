/** How the command line writes: aligned columns for people, one JSON object per line for machines; times in UTC. */

export interface Output {
  /** One line to the standard output; waits while the reader is slow. */
  line(text: string): Promise<void>;
  /** For people who wait: to the standard error, so that it never gets into a pipe. */
  progress(text: string): void;
}

const COLUMN_GAP = '  ';

/** Columns as wide as their widest cell; the last one is not padded. */
export function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((row) => inWidths(row, widths));
}

/** For rows that are written while more are read. */
export const inWidths = (row: readonly string[], widths: readonly number[]): string =>
  row
    .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
    .join(COLUMN_GAP)
    .trimEnd();

export async function writeTable(output: Output, rows: readonly (readonly string[])[]): Promise<void> {
  for (const line of aligned(rows)) await output.line(line);
}

export const writeJson = (output: Output, value: unknown): Promise<void> => output.line(JSON.stringify(value));

/** One line of text for a value: JSON, but a string without quotes; control characters never reach a terminal. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return '-';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
