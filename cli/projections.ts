/** `muniment projections`: how far the read models are; rebuilds one, or tries a stopped one again. */

import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CannotDo, subcommand, UsageError } from './command-line.ts';
import {
  askControlSocket,
  type ControlQuestion,
  ControlRefused,
  type ControlStatus,
  controlSocketPath,
  NoServer,
} from './control-socket.ts';
import { type Output, shown, writeJson, writeTable } from './format.ts';
import { configured } from './reader.ts';

const HELP = `muniment projections [status | rebuild NAME | retry NAME] [options]

  status           name, state and position of every read model (the default)
  rebuild NAME     builds it anew from the log beside the one in use and switches when it is level
  retry NAME       tries the event again at which it stands
  --json           one JSON object per line
  --help           this text

The server must be running: it alone writes its read models. While it is stopped, deleting the folder of the
read models has the same effect as a rebuild of all at the next start.
`;

const WATCH_MS = 250;

/** Asks the running server. */
export type AskServer = (question: ControlQuestion) => Promise<{ readonly projections: readonly ControlStatus[] }>;

export interface ProjectionsOptions {
  readonly action: 'status' | 'rebuild' | 'retry';
  /** Empty for `status`. */
  readonly name: string;
  readonly json: boolean;
}

export const run = (args: readonly string[]): Promise<number> =>
  subcommand(HELP, async (output) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    });
    if (values.help) return await output.line(HELP).then(() => 0);
    const options = { ...wanted(positionals), json: values.json };
    const path = controlSocketPath(configured().data);
    return await projectionsCommand((question) => askControlSocket(path, question), options, output);
  });

function wanted(positionals: readonly string[]): Pick<ProjectionsOptions, 'action' | 'name'> {
  const [action = 'status', name, extra] = positionals;
  if (action !== 'status' && action !== 'rebuild' && action !== 'retry')
    throw new UsageError(`unknown action ${action}`);
  if (extra !== undefined) throw new UsageError(`one argument too many: ${extra}`);
  if (action === 'status' && name !== undefined) throw new UsageError(`status takes no name: ${name}`);
  if (action !== 'status' && name === undefined) throw new UsageError(`${action} needs the name of a projection`);
  return { action, name: name ?? '' };
}

/** Exit code: 1 when a projection is parked. */
export async function projectionsCommand(ask: AskServer, options: ProjectionsOptions, output: Output): Promise<number> {
  const { action, name, json } = options;
  try {
    if (action === 'status')
      return await writeStatus((await ask({ op: 'projections.status' })).projections, json, output);
    const op = action === 'rebuild' ? 'projections.rebuild' : 'projections.retry';
    const { projections } = await ask({ op, name });
    return await watch(ask, { name, json, first: projections }, output);
  } catch (error) {
    if (error instanceof NoServer) throw new CannotDo(`${error.message}: start it with \`npm start\` first`);
    if (error instanceof ControlRefused) throw new CannotDo(error.message);
    throw error;
  }
}

interface Watched {
  readonly name: string;
  readonly json: boolean;
  readonly first: readonly ControlStatus[];
}

async function watch(ask: AskServer, { name, json, first }: Watched, output: Output): Promise<number> {
  let projections = first;
  for (;;) {
    const status = projections.find((candidate) => candidate.name === name);
    if (status === undefined) throw new CannotDo(`the server no longer has a projection ${name}`);
    if (status.state === 'live' || status.state === 'parked') return await writeStatus([status], json, output);
    output.progress(`${name}: ${stateOf(status)}`);
    await pause(WATCH_MS);
    ({ projections } = await ask({ op: 'projections.status' }));
  }
}

async function writeStatus(projections: readonly ControlStatus[], json: boolean, output: Output): Promise<number> {
  const parked = projections.filter(({ state }) => state === 'parked');
  if (json) {
    for (const status of projections) await writeJson(output, status);
    return parked.length === 0 ? 0 : 1;
  }
  const rows = projections.map((status) => [
    status.name,
    String(status.version),
    stateOf(status),
    shown(status.position),
  ]);
  await writeTable(output, [['NAME', 'VERSION', 'STATE', 'POSITION'], ...rows]);
  for (const { name, parked: at } of parked) {
    await output.line(
      `\n${name} stands at event ${at?.eventId} (${at?.eventType}) at ${at?.position}: ${shown(at?.error)}`,
    );
    await output.line(`When the cause is gone: muniment projections retry ${name}`);
  }
  return parked.length === 0 ? 0 : 1;
}

const stateOf = ({ state, progress }: ControlStatus): string =>
  progress === undefined ? state : `${state} ${Math.floor(progress * 100)} %`;
