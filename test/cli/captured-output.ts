/** An output that is kept, for tests of what the command line writes. */
import type { Output } from '../../cli/format.ts';

export interface CapturedOutput extends Output {
  readonly lines: readonly string[];
  json(): readonly Record<string, unknown>[];
}

export function capturedOutput(): CapturedOutput {
  const lines: string[] = [];
  return {
    lines,
    line: async (text) => void lines.push(text),
    progress: () => undefined,
    json: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
