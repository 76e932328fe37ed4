/** `muniment migrate-log`: moves the log between an embedded folder and a server of EventStoreDB, and proves the copy. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openLogFileSource, openLogFileTarget } from '../infra/event-store/embedded/log-file.ts';
import { EventStoreError } from '../infra/event-store/errors.ts';
import {
  CopyDiffers,
  type CopyReport,
  type CopyStep,
  copyLog,
  ForeignTarget,
  SourceGrows,
} from '../infra/event-store/log-copy/copy-log.ts';
import type { LogSource, LogTarget } from '../infra/event-store/log-copy/log-side.ts';
import { CannotDo, subcommand, UsageError } from './command-line.ts';
import { type DroppedState, dropDerivedState } from './derived-state.ts';
import { type Output, writeJson, writeTable } from './format.ts';

const HELP = `muniment migrate-log --from STORE --to STORE [options]

  --from STORE        a data folder, or a connection string: esdb://user:password@host:2113?tls=true
  --to STORE          the same; empty, or what an interrupted run of this command left there
  --drop-read-models  deletes the read models and the consumers' checkpoints in the folder of --from at the end:
                      they belong to the old log and would be refused by a server that uses the new one
  --json              one JSON object per line
  --help              this text

Stop the server first: a folder whose server runs is refused. Interrupted, it goes on where it stopped when the same
command is run again; nothing is written twice. At the end the target is read back and compared with the source.

Ids, types, bytes of data and metadata, revisions, retention, removals and the order of all events are kept. Positions
are new: read models are built anew. A server of EventStoreDB stamps its own time of recording; the time at which
something was done stands in each event's metadata ("at") and is kept.
The vault, the keys and the sessions stay in their folder; \`muniment backup\` copies those.
`;

export interface Migration {
  readonly from: string;
  readonly to: string;
  readonly dropReadModels: boolean;
  readonly json: boolean;
}

export const run = (args: readonly string[]): Promise<number> =>
  subcommand(HELP, async (output) => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        'drop-read-models': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return await output.line(HELP).then(() => 0);
    const { from, to, json } = values;
    if (from === undefined || to === undefined) throw new UsageError('--from and --to are both needed');
    const isSame = isServer(from) ? from === to : !isServer(to) && resolve(from) === resolve(to);
    if (isSame) throw new UsageError('--from and --to are the same store');
    await migrateLog({ from, to, dropReadModels: values['drop-read-models'], json }, output);
    return 0;
  });

const isServer = (store: string): boolean => /^(esdb|kurrentdb)(\+discover)?:\/\//.test(store);

/** Throws {@link CannotDo} with a sentence that says what to do. */
export async function migrateLog(migration: Migration, output: Output): Promise<void> {
  const { from, to, json } = migration;
  const opened = new AsyncDisposableStack();
  try {
    const source = await openSource(from);
    opened.defer(() => source.close());
    const target = await openTarget(to);
    opened.defer(() => target.close());
    const progress = (step: CopyStep, items: number): void => {
      if (json) output.progress(JSON.stringify({ step, items }));
      else output.progress(`${step}: ${items} events`);
    };
    const report = await copyLog({ source, target, progress });
    const dropped = await dropOldState(migration);
    await write({ migration, source, target, report, dropped }, output);
  } catch (error) {
    throw understood(error);
  } finally {
    await opened.disposeAsync();
  }
}

/** Loaded only when asked for: the client of the server costs a quarter of a second. */
async function openWire(url: string): Promise<LogSource & LogTarget> {
  const { openWireLog } = await import('../infra/event-store/esdb/log-wire.ts');
  return openWireLog(url);
}

const openSource = async (store: string): Promise<LogSource> =>
  isServer(store) ? await openWire(store) : openLogFileSource(store);

const openTarget = async (store: string): Promise<LogTarget> =>
  isServer(store) ? await openWire(store) : await openLogFileTarget(store);

/** A folder that has just got its log has nothing of its own; what lies there belongs to another. */
async function dropOldState({ from, to, dropReadModels }: Migration): Promise<DroppedState> {
  const none = { readModels: 0, checkpoints: 0 };
  const ofTarget = isServer(to) ? none : await dropDerivedState(to);
  const ofSource = dropReadModels && !isServer(from) ? await dropDerivedState(from) : none;
  return {
    readModels: ofTarget.readModels + ofSource.readModels,
    checkpoints: ofTarget.checkpoints + ofSource.checkpoints,
  };
}

function understood(error: unknown): unknown {
  if (error instanceof ForeignTarget || error instanceof CopyDiffers || error instanceof SourceGrows)
    return new CannotDo(`${error.message}.\n`);
  if (error instanceof EventStoreError) {
    const advice = error.retryable ? ' Run the same command again: it goes on where it stopped.' : '';
    return new CannotDo(`${error.message}.${advice}\n`);
  }
  return error;
}

interface Migrated {
  readonly migration: Migration;
  readonly source: LogSource;
  readonly target: LogTarget;
  readonly report: CopyReport;
  readonly dropped: DroppedState;
}

async function write({ migration, source, target, report, dropped }: Migrated, output: Output): Promise<void> {
  const { found, written, log } = report;
  if (migration.json)
    return await writeJson(output, { from: source.name, to: target.name, found, written, ...log, dropped });
  await writeTable(output, [
    ['from', source.name],
    ['to', target.name],
    ['events', `${log.events} (${written} items written now, ${found} found there)`],
    ['retention', `${log.metadata} changes`],
    ['tombstones', String(log.tombstones)],
    ['sha-256', `${log.eventsHash} on both sides, over ids, types, revisions, data and metadata in order`],
  ]);
  await output.line('');
  for (const line of nextSteps(migration, dropped)) await output.line(line);
}

function nextSteps({ from, to, dropReadModels }: Migration, { readModels }: DroppedState): readonly string[] {
  const steps: string[] = [];
  if (isServer(to)) {
    steps.push('Positions are new. Start the server with MUNIMENT_EVENT_STORE set to the new store.');
    steps.push('The server stamped its own time of recording; ages of retention count from now.');
  } else {
    steps.push('Positions are new. The vault, the keys and the sessions are not part of the log: keep them with it.');
  }
  if (readModels > 0)
    steps.push(`${readModels} read models of the old log were deleted; the next start builds them anew.`);
  else if (!dropReadModels && !isServer(from))
    steps.push(
      `A server refuses read models of another log: delete those in ${from} by running this again with --drop-read-models.`,
    );
  steps.push('Then run `muniment doctor`.');
  return steps;
}
