/**
 * Measures one server, or two by the same load: `node bench/run.ts --against oidc-provider`.
 * The load generator is this process; each server is a process of its own.
 */

import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Connection } from './load/connection.ts';
import { requestToken } from './load/login.ts';
import { cpuSeconds, residentMiB } from './load/process-usage.ts';
import { type Measurement, runLoad } from './load/run-load.ts';
import { failures, type Row, type Single, singlesTable, table } from './report.ts';
import { scenarios } from './scenarios/catalogue.ts';
import { hashCpuMs } from './scenarios/login.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { seedUsers } from './scenarios/scim.ts';
import { loadTarget } from './targets/load-target.ts';
import type { RunningTarget } from './targets/target.ts';

const HELP = `node bench/run.ts [options]

  --target NAME|FILE     muniment (default), oidc-provider, or a module that exports a target
  --against NAME|FILE    a second target, measured by the same load afterwards
  --scenario NAME        only scenarios whose name begins so; may be repeated; --list shows the names
  --concurrency N        only this concurrency; may be repeated
  --seconds N            counted time of each scenario and concurrency, default 5
  --warm-up N            seconds before it that are not counted, default 1
  --users N              users for the scenarios that need many, default 100000
  --json                 one JSON object per line instead of tables
`;

const WARM_UP_DEFAULT_S = 1;
const SECONDS_DEFAULT = 5;
const USERS_DEFAULT = 100_000;
const IDLE_MS = 2_000;

interface Options {
  readonly chosen: readonly Scenario[];
  readonly concurrencies: ReadonlySet<number> | null;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly users: number;
  readonly singles: ReadonlySet<string>;
  readonly json: boolean;
}

interface Results {
  readonly rows: Row[];
  readonly singles: Single[];
}

const SINGLES = ['idle', 'cold-start', 'rebuild'] as const;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', default: 'muniment' },
      against: { type: 'string' },
      scenario: { type: 'string', multiple: true },
      concurrency: { type: 'string', multiple: true },
      seconds: { type: 'string', default: String(SECONDS_DEFAULT) },
      'warm-up': { type: 'string', default: String(WARM_UP_DEFAULT_S) },
      users: { type: 'string', default: String(USERS_DEFAULT) },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  if (values.list) return void process.stdout.write(list());

  const wanted = values.scenario ?? null;
  const isWanted = (name: string) => wanted === null || wanted.some((prefix) => name.startsWith(prefix));
  const options: Options = {
    chosen: scenarios.filter(({ name }) => isWanted(name)),
    concurrencies: values.concurrency === undefined ? null : new Set(values.concurrency.map(Number)),
    seconds: Number(values.seconds),
    warmUpSeconds: Number(values['warm-up']),
    users: Number(values.users),
    singles: new Set(SINGLES.filter(isWanted)),
    json: values.json,
  };
  const results: Results = { rows: [], singles: [] };
  for (const name of [values.target, ...(values.against === undefined ? [] : [values.against])]) {
    await measureTarget(name, options, results);
  }
  process.exitCode = report(results, options);
}

async function measureTarget(name: string, options: Options, results: Results): Promise<void> {
  const target = await loadTarget(name);
  let running = await target.start();
  try {
    const fitting = options.chosen.filter((scenario) => isMeasurable(scenario, running, options));
    await measureIdle(name, running, options, results);
    for (const scenario of fitting.filter(({ size }) => size === 'small')) {
      await measureScenario(name, { running, scenario, options, results });
    }
    const large = fitting.filter(({ size }) => size === 'large');
    const wantsRebuild = options.singles.has('rebuild') && running.rebuild !== null;
    if (large.length > 0 || wantsRebuild) {
      const perSecond = await seedUsers(running, options.users);
      results.singles.push({
        target: name,
        measure: `seeding ${options.users} users over SCIM`,
        value: perSecond,
        unit: '/s',
      });
    }
    for (const scenario of large) await measureScenario(name, { running, scenario, options, results });
    if (wantsRebuild) await measureRebuild(name, running, results);
    if (options.singles.has('cold-start')) running = await measureColdStart(name, running, results);
  } finally {
    await running.stop();
  }
}

const isMeasurable = (scenario: Scenario, running: RunningTarget, { users }: Options): boolean =>
  scenario.fits(running) && (scenario.usersMin ?? 0) <= users;

interface ScenarioRun {
  readonly running: RunningTarget;
  readonly scenario: Scenario;
  readonly options: Options;
  readonly results: Results;
}

async function measureScenario(target: string, { running, scenario, options, results }: ScenarioRun): Promise<void> {
  const { seconds, warmUpSeconds, concurrencies } = options;
  for (const concurrency of scenario.concurrencies) {
    if (concurrencies !== null && !concurrencies.has(concurrency)) continue;
    const workers = await scenario.steps(running, concurrency);
    const load = () => runLoad({ pid: running.pid, steps: workers.steps, seconds, warmUpSeconds });
    const measured =
      scenario.name === 'login' ? await besideHash({ target, concurrency, load }, results) : await load();
    workers.close();
    results.rows.push({ target, scenario: scenario.name, title: scenario.title, ...measured });
    process.stderr.write(`${target}: ${scenario.title} at ${concurrency}: ${measured.perSecond.toFixed(0)}/s\n`);
  }
}

interface LoginRun {
  readonly target: string;
  readonly concurrency: number;
  readonly load: () => Promise<Measurement>;
}

/** Logins are bound by the hash: how near do they come? Its cost is taken before and after, as machines change pace. */
async function besideHash({ target, concurrency, load }: LoginRun, { singles }: Results): Promise<Measurement> {
  const atOnce = Math.min(concurrency, availableParallelism());
  const before = await hashCpuMs(atOnce);
  const measured = await load();
  const hashMs = (before + (await hashCpuMs(atOnce))) / 2;
  const share = hashMs / measured.cpuSecondsPer1000;
  singles.push({ target, measure: `one argon2 verification, ${atOnce} at once`, value: hashMs, unit: 'CPU ms' });
  singles.push({ target, measure: `login at ${concurrency}: share of CPU that is the hash`, value: share, unit: '' });
  return measured;
}

async function measureIdle(
  target: string,
  running: RunningTarget,
  options: Options,
  { singles }: Results,
): Promise<void> {
  if (!options.singles.has('idle')) return;
  await pause(IDLE_MS);
  const before = cpuSeconds(running.pid);
  await pause(IDLE_MS);
  const share = ((cpuSeconds(running.pid) - before) / (IDLE_MS / 1000)) * 100;
  singles.push({ target, measure: 'idle CPU', value: share, unit: '% of a core' });
  singles.push({ target, measure: 'first start to ready', value: running.readyMs, unit: 'ms' });
  singles.push({ target, measure: 'idle RSS', value: residentMiB(running.pid), unit: 'MiB' });
}

async function measureRebuild(target: string, running: RunningTarget, { singles }: Results): Promise<void> {
  if (running.rebuild === null) return;
  const { events, seconds } = await running.rebuild();
  singles.push({
    target,
    measure: `rebuild of all read models, ${events} events`,
    value: events / seconds,
    unit: 'events/s',
  });
}

async function measureColdStart(target: string, running: RunningTarget, { singles }: Results): Promise<RunningTarget> {
  if (running.restart === null) return running;
  const restarted = await running.restart();
  const { endpoints, seed, baseUrl, readyMs } = restarted;
  const started = performance.now();
  const connection = new Connection(baseUrl);
  const fields = { grant_type: 'client_credentials', ...seed.tokenParameters };
  await requestToken(connection, { path: endpoints.token, client: seed.es256, fields });
  connection.close();
  singles.push({ target, measure: 'RSS after the cold start', value: residentMiB(restarted.pid), unit: 'MiB' });
  singles.push({ target, measure: 'cold start to ready', value: readyMs, unit: 'ms' });
  singles.push({
    target,
    measure: 'cold start to first token',
    value: readyMs + performance.now() - started,
    unit: 'ms',
  });
  return restarted;
}

function report({ rows, singles }: Results, { json }: Options): number {
  const failed = failures(rows);
  if (json) {
    for (const line of [...rows, ...singles]) process.stdout.write(`${JSON.stringify(line)}\n`);
  } else {
    if (rows.length > 0) process.stdout.write(`${table(rows)}\n\n`);
    if (singles.length > 0) process.stdout.write(`${singlesTable(singles)}\n`);
  }
  for (const failure of failed) process.stderr.write(`FAILED ${failure}\n`);
  return failed.length === 0 ? 0 : 1;
}

const list = (): string =>
  [...scenarios.map(({ name, title }) => `${name.padEnd(26)}${title}`), ...SINGLES.map((name) => name)]
    .join('\n')
    .concat('\n');

await main();
