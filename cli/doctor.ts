/** `muniment doctor`: proves that log, vault, reservations and read models agree. Changes nothing. */
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { describeConfiguration } from '../infra/config/config.ts';
import type { EventCodec } from '../infra/event-codec/event-codec.ts';
import type { EventStore } from '../infra/event-store/event-store.ts';
import type { Position } from '../infra/event-store/position.ts';
import type { Vault } from '../infra/vault/vault.ts';
import { CannotDo, subcommand } from './command-line.ts';
import { type CheckName, type Findings, newFindings, remedies } from './doctor-findings.ts';
import { inspectLog } from './doctor-log.ts';
import { compareReadModels, type ReadModelsToCompare } from './doctor-read-models.ts';
import { newReservationsCheck } from './doctor-reservations.ts';
import { newSubjectsCheck } from './doctor-vault.ts';
import { type Output, shown, writeJson, writeTable } from './format.ts';
import { configured, withReaderStores } from './reader.ts';

const HELP = `muniment doctor [options]

  --quick          without the read models, whose check builds all of them anew in a temporary folder
  --configuration  only the table of the configuration: name, value, default, meaning
  --json           one JSON object per line
  --help           this text

Checks, beside a running server or without one: the log is continuous and every event opens; every person in it has
a key or was erased; every unique value and its reservation agree; every read model says what the log says.
Exit code 1 when anything was found.
`;

export interface DoctorStores {
  readonly store: EventStore;
  readonly codec: EventCodec;
  readonly vault: Vault;
}

export interface DoctorOptions {
  /** Null: the read models are left out. */
  readonly readModels: ((head: Position) => Promise<ReadModelsToCompare>) | null;
  readonly json: boolean;
}

export const run = (args: readonly string[]): Promise<number> =>
  subcommand(HELP, async (output) => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        configuration: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return await output.line(HELP).then(() => 0);
    const { json } = values;
    await writeConfiguration(process.env, json, output);
    const configuration = configured();
    if (values.configuration) return 0;
    if (!existsSync(configuration.data)) throw new CannotDo(`there is no data folder ${configuration.data}`);
    return await withReaderStores(async (stores) => {
      const { openReadModels } = await import('./doctor-rebuild.ts');
      const { parts, store, codec } = stores;
      const models = async (head: Position) =>
        await openReadModels({ store, codec, live: await parts.readStore(null) }, head, output.progress);
      const readModels = values.quick ? null : models;
      return await examine(stores, { readModels, json }, output);
    });
  });

/** Exit code: 1 on any finding. */
export async function examine(stores: DoctorStores, options: DoctorOptions, output: Output): Promise<number> {
  const findings = newFindings();
  const subjects = newSubjectsCheck(stores.vault, findings);
  const reservations = newReservationsCheck(stores.vault, findings);
  const tenants = new Set<string>();
  const log = await inspectLog({
    ...stores,
    findings,
    progress: output.progress,
    each: (event) => {
      subjects.see(event);
      reservations.see(event);
      if (event.type === 'org.organization.created.v1') tenants.add(event.meta.tenant ?? '');
    },
  });
  const people = await subjects.finish();
  const values = await reservations.finish();
  const checked: [CheckName, string][] = [
    ['log', `${log.events} events in ${log.streams} streams`],
    ['vault', `${people.subjects} subjects, ${people.erased} erased`],
    ['reservations', `${values.reservations} reservations, ${values.owned} unique values`],
  ];
  if (options.readModels !== null && log.head !== null) {
    const models = await options.readModels(log.head);
    try {
      const comparison = { ...models, tenants: [...tenants], findings, progress: output.progress, pause };
      checked.push(['read-models', `${await compareReadModels(comparison)} documents`]);
    } finally {
      await models.close();
    }
  }
  await report(findings, checked, options.json, output);
  return findings.listed.length === 0 ? 0 : 1;
}

async function report(
  findings: Findings,
  checked: readonly (readonly [CheckName, string])[],
  json: boolean,
  output: Output,
): Promise<void> {
  if (json) {
    for (const [check, seen] of checked) await writeJson(output, { check, seen, findings: findings.count(check) });
    for (const finding of findings.listed) await writeJson(output, finding);
    return;
  }
  const rows = checked.map(([check, seen]) => [
    check,
    findings.count(check) === 0 ? 'ok' : `${findings.count(check)} found`,
    seen,
  ]);
  await writeTable(output, rows);
  for (const [check] of checked) {
    if (findings.count(check) === 0) continue;
    const listed = findings.listed.filter((finding) => finding.check === check);
    await output.line(`\n${check}: ${findings.count(check)} found`);
    for (const { detail } of listed) await output.line(`  ${shown(detail)}`);
    const left = findings.count(check) - listed.length;
    if (left > 0) await output.line(`  … and ${left} more`);
    await output.line(`  ${remedies[check]}`);
  }
}

/** Name, value seen, default and meaning. A secret is never shown. */
export async function writeConfiguration(
  variables: Readonly<Record<string, string | undefined>>,
  json: boolean,
  output: Output,
): Promise<void> {
  const rows = describeConfiguration().map(({ name, fallback, unit, meaning, secret }) => {
    const given = variables[name] ?? variables[`${name}_FILE`];
    const value = given === undefined ? null : secret === true ? '(set)' : given;
    return { name, value, default: fallback, unit, meaning };
  });
  if (json) {
    for (const row of rows) await writeJson(output, { check: 'configuration', ...row });
    return;
  }
  const lines = rows.map((row) => [row.name, shown(row.value), shown(row.default), shown(row.unit), row.meaning]);
  await writeTable(output, [['NAME', 'VALUE', 'DEFAULT', 'UNIT', 'MEANING'], ...lines]);
  await output.line('');
}
