/**
 * Copies a log and proves the copy. What the target holds already must be the beginning of the source: so a copy that
 * was interrupted goes on where it stopped, and a foreign log is never written to.
 */
import { digestOf, LogDigest, type LogSummary } from './log-digest.ts';
import type { LogItem, LogSource, LogTarget } from './log-side.ts';

const BATCH_ITEMS = 1_000;
const BATCH_BYTES = 4 * 1_048_576;
/** Between two reports of progress. */
const PROGRESS_MS = 500;

/** The target holds what the source does not begin with. Nothing was written. */
export class ForeignTarget extends Error {
  constructor(target: string, found: string) {
    super(`${target} holds another log: ${found}. Nothing was written; give it an empty store`);
    this.name = 'ForeignTarget';
  }
}

/** The copy differs from its source: it must not be used. */
export class CopyDiffers extends Error {
  constructor(target: string, what: string) {
    super(`${target} is no true copy: ${what}. Do not use it; empty it and begin again`);
    this.name = 'CopyDiffers';
  }
}

/** Somebody still writes to the source. What was copied stays; the next run goes on from there. */
export class SourceGrows extends Error {
  constructor(source: string) {
    super(`${source} has grown while it was copied: stop what writes to it and run the same command again`);
    this.name = 'SourceGrows';
  }
}

export type CopyStep = 'looking' | 'copying' | 'verifying';

export interface CopyReport {
  /** Items that the target held before. */
  readonly found: number;
  readonly written: number;
  /** Of both sides alike. */
  readonly log: LogSummary;
}

export interface CopyOptions {
  readonly source: LogSource;
  readonly target: LogTarget;
  readonly progress: (step: CopyStep, items: number) => void;
}

export async function copyLog({ source, target, progress }: CopyOptions): Promise<CopyReport> {
  const reached = await digestOf(target.items(), reporting('looking', progress));
  const read = await copyBehind(reached, { source, target, progress });
  const copy = await digestOf(target.items(), reporting('verifying', progress));
  const [log, copied] = [read.summary(), copy.summary()];
  const difference = differenceOf(log, copied);
  if (difference !== null) throw new CopyDiffers(target.name, difference);
  if (await source.hasGrown()) throw new SourceGrows(source.name);
  await target.complete();
  return { found: itemsOf(reached), written: itemsOf(read) - itemsOf(reached), log };
}

async function copyBehind(reached: LogDigest, { source, target, progress }: CopyOptions): Promise<LogDigest> {
  const read = new LogDigest();
  const batch = newBatch(target);
  const report = reporting('copying', progress);
  let isBehind = false;
  for await (const item of source.items()) {
    const isThere = read.count(item.kind) < reached.count(item.kind);
    if (!isThere && !isBehind) {
      refuseForeign(read, reached, target);
      isBehind = true;
    }
    read.add(item);
    report(read);
    if (!isThere) await batch.add(item);
  }
  if (!isBehind) refuseForeign(read, reached, target);
  await batch.write();
  return read;
}

/** Before the first write: all that the target holds has come from the source, in the same order. */
function refuseForeign(read: LogDigest, reached: LogDigest, target: LogTarget): void {
  const difference = differenceOf(read.summary(), reached.summary());
  if (difference !== null) throw new ForeignTarget(target.name, difference);
}

function newBatch(target: LogTarget) {
  let items: LogItem[] = [];
  let bytes = 0;
  const write = async (): Promise<void> => {
    if (items.length > 0) await target.write(items);
    items = [];
    bytes = 0;
  };
  return {
    write,
    async add(item: LogItem): Promise<void> {
      items.push(item);
      bytes += item.data.length + item.meta.length;
      if (items.length >= BATCH_ITEMS || bytes >= BATCH_BYTES) await write();
    },
  };
}

const itemsOf = (digest: LogDigest): number =>
  digest.count('event') + digest.count('metadata') + digest.count('tombstone');

function reporting(step: CopyStep, progress: CopyOptions['progress']): (digest: LogDigest) => void {
  let last = 0;
  return (digest) => {
    const now = performance.now();
    if (now - last < PROGRESS_MS) return;
    last = now;
    progress(step, itemsOf(digest));
  };
}

/** What differs first, for people; null when nothing does. */
function differenceOf(source: LogSummary, target: LogSummary): string | null {
  for (const kind of ['events', 'metadata', 'tombstones'] as const) {
    if (source[kind] !== target[kind]) return `it has ${target[kind]} ${kind} where the source has ${source[kind]}`;
  }
  if (source.eventsHash !== target.eventsHash) return 'its events are others, or in another order';
  if (source.metadataHash !== target.metadataHash) return 'the retention of its streams is another';
  return source.tombstonesHash === target.tombstonesHash ? null : 'other streams are tombstoned';
}
