/** `muniment history`: who changed what of one entity, from what to what, and why. */
import { parseArgs } from 'node:util';
import { encodePosition } from '../infra/event-store/position.ts';
import type { Log } from '../read-api/entity-stream.ts';
import { HISTORY_PAGE_MAX, type HistoryEntry, historyOf } from '../read-api/history.ts';
import type { Change } from '../read-api/state-json.ts';
import { CannotDo, onlyArgument, subcommand } from './command-line.ts';
import { type Entity, entityOf } from './entity-argument.ts';
import { type Output, shown, writeJson } from './format.ts';
import { withReaderStores } from './reader.ts';

const HELP = `muniment history <entity> [options]

  <entity>         an id, or category and id: user-7f0c…, org-…, role-…, app-…, key-…, consent-…
  --json           one JSON object per line
  --help           this text

Each change with its time, who made it, what was asked, what it changed and where the request came from. Personal
values are opened; those of erased people are gone.
`;

export const run = (args: readonly string[]): Promise<number> =>
  subcommand(HELP, async (output) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    });
    if (values.help) return await output.line(HELP).then(() => 0);
    const argument = onlyArgument(positionals, 'the entity');
    return await withReaderStores(async (stores) => {
      const entity = await entityOf(stores.store, argument);
      await writeHistory(stores, { entity, json: values.json }, output);
      return 0;
    });
  });

export interface HistoryOptions {
  readonly entity: Entity;
  readonly json: boolean;
}

export async function writeHistory(log: Log, { entity, json }: HistoryOptions, output: Output): Promise<void> {
  const { aggregate, id, stream } = entity;
  let after: bigint | null = null;
  do {
    const history = await historyOf(log, { aggregate, id, after, limit: HISTORY_PAGE_MAX });
    if (history === null) throw new CannotDo(`the log has no entity ${stream}`);
    for (const entry of history.entries) await (json ? writeEntryJson(entry, output) : writeEntry(entry, output));
    after = history.next;
  } while (after !== null);
}

const writeEntryJson = (entry: HistoryEntry, output: Output): Promise<void> =>
  writeJson(output, { ...entry, revision: String(entry.revision), position: encodePosition(entry.position) });

async function writeEntry(entry: HistoryEntry, output: Output): Promise<void> {
  const { at, revision, type, command, position, erased } = entry;
  const asked = command === null ? '' : ` (${command})`;
  await output.line(`${at}  ${type}${asked}`);
  await output.line(`  by       ${actorText(entry)}`);
  await output.line(`  why      ${whyText(entry)}`);
  await output.line(`  place    revision ${revision}, position ${encodePosition(position)}`);
  for (const change of entry.changes) await output.line(`  change   ${changeText(change)}`);
  if (erased) await output.line('  change   personal values of this event were erased');
  await output.line('');
}

function actorText({ actor, source }: HistoryEntry): string {
  const from = source === null ? '' : ` from ${shown(source.ip)} with ${shown(source.userAgent)}`;
  if (actor === null) return `nobody known${from}`;
  const chain = actor.chain.length === 0 ? '' : `, acting through ${actor.chain.join(' → ')}`;
  return `${actor.kind} ${shown(actor.id)}${chain}${from}`;
}

function whyText({ cause, correlation, trace }: HistoryEntry): string {
  const request = `request ${correlation}`;
  const because = cause === correlation ? request : `${request}, caused by ${cause}`;
  return trace === null ? because : `${because}, trace ${trace}`;
}

const changeText = ({ path, from, to }: Change): string =>
  `${path}: ${from === undefined ? '(absent)' : shown(JSON.stringify(from))} → ${to === undefined ? '(absent)' : shown(JSON.stringify(to))}`;
