/** `muniment replay`: the state of one entity as it was, folded anew from its events. */
import { parseArgs } from 'node:util';
import { type Moment, parseMoment, stateAsOf } from '../read-api/as-of.ts';
import type { Log } from '../read-api/entity-stream.ts';
import { CannotDo, onlyArgument, subcommand, UsageError } from './command-line.ts';
import { type Entity, entityOf } from './entity-argument.ts';
import { type Output, shown, writeJson, writeTable } from './format.ts';
import { withReaderStores } from './reader.ts';

const HELP = `muniment replay <entity> [options]

  <entity>         an id, or category and id: user-7f0c…, org-…, role-…, app-…, key-…, consent-…
  --at MOMENT      an instant such as 2026-01-31T10:00:00Z, or a position as \`muniment history\` prints it;
                   without it, the state now
  --json           one JSON object
  --help           this text
`;

export const run = (args: readonly string[]): Promise<number> =>
  subcommand(HELP, async (output) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        at: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return await output.line(HELP).then(() => 0);
    const argument = onlyArgument(positionals, 'the entity');
    const moment = momentOption(values.at ?? new Date().toISOString());
    return await withReaderStores(async (stores) => {
      const entity = await entityOf(stores.store, argument);
      return await writeState(stores, { entity, moment, json: values.json }, output);
    });
  });

export function momentOption(text: string): Moment {
  const moment = parseMoment(text);
  if (moment !== null) return moment;
  throw new UsageError(`--at takes an instant such as 2026-01-31T10:00:00Z or a position of the log, not ${text}`);
}

export interface ReplayOptions {
  readonly entity: Entity;
  readonly moment: Moment;
  readonly json: boolean;
}

/** Exit code: 1 when it did not exist then. */
export async function writeState(log: Log, { entity, moment, json }: ReplayOptions, output: Output): Promise<number> {
  const { aggregate, id, stream } = entity;
  const past = await stateAsOf(log, { aggregate, id, moment });
  if (past === null) throw new CannotDo(`the log has no entity ${stream}`);
  const { state, revision } = past;
  if (json) {
    await writeJson(output, { stream, revision: revision === null ? null : String(revision), state });
    return state === null ? 1 : 0;
  }
  if (state === null || typeof state !== 'object') {
    await output.line(`${stream} did not exist then`);
    return 1;
  }
  await output.line(`${stream}, revision ${revision}`);
  await writeTable(
    output,
    Object.entries(state).map(([name, value]) => [`  ${name}`, shown(value)]),
  );
  return 0;
}
