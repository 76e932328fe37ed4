/**
 * Measures the event store through both adapters: `node bench/backends/run.ts`. Embedded in this process, and over the
 * protocol of EventStoreDB to a process of its own that serves an embedded log, with every commit on the disk.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { openEmbeddedEventStore } from '../../infra/event-store/embedded/embedded-event-store.ts';
import { dbClientDriver } from '../../infra/event-store/esdb/db-client-driver.ts';
import { openEsdbEventStore } from '../../infra/event-store/esdb/esdb-event-store.ts';
import type { EventStore, NewEvent } from '../../infra/event-store/event-store.ts';
import { runLoad, type Step } from '../load/run-load.ts';
import { type Row, type Single, singlesTable, table } from '../report.ts';

const HELP = `node bench/backends/run.ts [options]

  --seconds N   counted time at each concurrency, default 3
  --json        one JSON object per line
`;

const SECONDS_DEFAULT = 3;
const WARM_UP_SECONDS = 0.5;
const CONCURRENCIES = [64, 16, 1] as const;
const READ_EVENTS_MAX = 100_000;
const DATA_CHARACTERS = 300;

interface Backend {
  readonly name: string;
  readonly store: EventStore;
  /** Of the process that holds the log. */
  readonly pid: number;
}

const results: { readonly rows: Row[]; readonly singles: Single[] } = { rows: [], singles: [] };

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: String(SECONDS_DEFAULT) },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  await inFolder((directory) => measureEmbedded(directory, Number(values.seconds)));
  await inFolder((directory) => measureWire(directory, Number(values.seconds)));
  const { rows, singles } = results;
  if (values.json) for (const line of [...rows, ...singles]) process.stdout.write(`${JSON.stringify(line)}\n`);
  else process.stdout.write(`${table(rows)}\n\n${singlesTable(singles)}\n`);
  process.exitCode = rows.some(({ errors }) => errors > 0) ? 1 : 0;
}

async function inFolder(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'muniment-backends-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measureEmbedded(directory: string, seconds: number): Promise<void> {
  const store = await openEmbeddedEventStore({ directory, mode: 'writer' });
  try {
    await measure({ name: 'embedded', store, pid: process.pid }, seconds);
  } finally {
    await store.close();
  }
}

async function measureWire(directory: string, seconds: number): Promise<void> {
  const { child, port } = await startEndpoint(directory);
  const url = `esdb://127.0.0.1:${port}?tls=false`;
  const store = await openEsdbEventStore({ driver: dbClientDriver(url), identity: 'bench' });
  try {
    await measure({ name: 'esdb wire', store, pid: child.pid ?? 0 }, seconds);
  } finally {
    await store.close();
    await measureTakeOver(child, directory);
  }
}

async function startEndpoint(directory: string): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const script = new URL('./endpoint.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, port: Number(line) };
}

async function measure(backend: Backend, seconds: number): Promise<void> {
  for (const concurrency of CONCURRENCIES) {
    const steps = Array.from({ length: concurrency }, () => appender(backend.store));
    const measured = await runLoad({ pid: backend.pid, steps, seconds, warmUpSeconds: WARM_UP_SECONDS });
    results.rows.push({ target: backend.name, scenario: 'append', title: 'append 1 event', ...measured });
  }
  await measureReads(backend);
}

/** One stream per worker, each append with its revision, as commands do it. */
function appender(store: EventStore): Step {
  const stream = `user-${randomUUID()}`;
  let revision: bigint | 'no-stream' = 'no-stream';
  return async () => {
    ({ revision } = await store.append(stream, revision, [newEvent()]));
  };
}

function newEvent(): NewEvent {
  const id = randomUUID();
  const meta = { $correlationId: id, $causationId: id, at: new Date().toISOString(), actor: id, org: id, tenant: id };
  return { id, type: 'bench.thing.happened.v1', data: { text: 'x'.repeat(DATA_CHARACTERS) }, meta };
}

async function measureReads({ name, store }: Backend): Promise<void> {
  const started = performance.now();
  let events = 0;
  for await (const _ of store.readAll({ after: 'start', max: READ_EVENTS_MAX })) events += 1;
  const value = events / ((performance.now() - started) / 1000);
  results.singles.push({ target: name, measure: `reading ${events} events in log order`, value, unit: 'events/s' });
}

/** From kill -9 of the log's writer to the first append of the next one. */
async function measureTakeOver(child: ChildProcess, directory: string): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
  const started = performance.now();
  const store = await openEmbeddedEventStore({ directory, mode: 'writer' });
  await store.append(`user-${randomUUID()}`, 'no-stream', [newEvent()]);
  const value = performance.now() - started;
  await store.close();
  results.singles.push({ target: 'embedded', measure: 'taking over the log after kill -9', value, unit: 'ms' });
}

await main();
