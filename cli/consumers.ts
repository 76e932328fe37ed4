/** `muniment consumers`: how far those are who follow the log; what is parked, and what shall become of it. */
import { parseArgs } from 'node:util';
import { CannotDo, subcommand, UsageError } from './command-line.ts';
import type { ConsumerQuestion, ControlConsumer } from './control-consumers.ts';
import { askControlSocket, ControlRefused, controlSocketPath, NoServer } from './control-socket.ts';
import { type Output, shown, writeJson, writeTable } from './format.ts';
import { configured } from './reader.ts';

const HELP = `muniment consumers [status | retry NAME [EVENT] | skip NAME EVENT --reason TEXT] [options]

  status             name, state, lag and parked events of every consumer (the default)
  retry NAME         tries every parked stream again, from its first event on
  retry NAME EVENT   only the one that stands at this event
  skip NAME EVENT    passes over the event that a stream stands at; the next ones of the stream follow
  --reason TEXT      why it is skipped: kept in the log for ever, so it names no person
  --json             one JSON object per line
  --help             this text

An event is parked when its effect keeps failing. Events of the same stream wait behind it, all others go on. It is
tried again by itself, less and less often, and after the last attempt only when it is told to.
The server must be running.
`;

/** Asks the running server. */
export type AskConsumers = (question: ConsumerQuestion) => Promise<readonly ControlConsumer[]>;

export const run = (args: readonly string[]): Promise<number> =>
  subcommand(HELP, async (output) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        reason: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return await output.line(HELP).then(() => 0);
    const question = questionOf(positionals, values.reason);
    const path = controlSocketPath(configured().data);
    const ask: AskConsumers = async (asked) => (await askControlSocket(path, asked)).consumers ?? [];
    return await consumersCommand(ask, { question, json: values.json }, output);
  });

export function questionOf(positionals: readonly string[], reason: string | undefined): ConsumerQuestion {
  const [action = 'status', name, event, extra] = positionals;
  if (action !== 'status' && action !== 'retry' && action !== 'skip') throw new UsageError(`unknown action ${action}`);
  if (extra !== undefined) throw new UsageError(`one argument too many: ${extra}`);
  if (reason !== undefined && action !== 'skip') throw new UsageError(`${action} takes no --reason`);
  if (action === 'status') {
    if (name !== undefined) throw new UsageError(`status takes no name: ${name}`);
    return { op: 'consumers.status' };
  }
  if (name === undefined) throw new UsageError(`${action} needs the name of a consumer`);
  if (action === 'retry') return { op: 'consumers.retry', name, event: event ?? null };
  if (event === undefined || reason === undefined) throw new UsageError('skip needs an event and a --reason');
  return { op: 'consumers.skip', name, event, reason };
}

export interface ConsumersOptions {
  readonly question: ConsumerQuestion;
  readonly json: boolean;
}

/** Exit code: 1 when something is parked or waits. */
export async function consumersCommand(
  ask: AskConsumers,
  { question, json }: ConsumersOptions,
  output: Output,
): Promise<number> {
  const consumers = await asked(ask, question);
  if (json) for (const consumer of consumers) await writeJson(output, consumer);
  else await writeConsumers(consumers, output);
  return consumers.every(({ state, parked }) => state === 'following' && parked.length === 0) ? 0 : 1;
}

async function asked(ask: AskConsumers, question: ConsumerQuestion): Promise<readonly ControlConsumer[]> {
  try {
    return await ask(question);
  } catch (error) {
    if (error instanceof NoServer) throw new CannotDo(`${error.message}: start it with \`npm start\` first`);
    if (error instanceof ControlRefused) throw new CannotDo(error.message);
    throw error;
  }
}

async function writeConsumers(consumers: readonly ControlConsumer[], output: Output): Promise<void> {
  const rows = consumers.map(({ name, state, lagS, position, parkedStreams }) => [
    name,
    state,
    lagS.toFixed(1),
    String(parkedStreams),
    shown(position),
  ]);
  await writeTable(output, [['NAME', 'STATE', 'LAG S', 'PARKED', 'POSITION'], ...rows]);
  for (const { name, detail, parked } of consumers) {
    if (detail !== null) await output.line(`\n${name} waits: ${shown(detail)}`);
    for (const head of parked) await writeParked(name, head, output);
  }
}

async function writeParked(name: string, head: ControlConsumer['parked'][number], output: Output): Promise<void> {
  const { stream, id, type, position, attempts, waiting, nextAttemptMs } = head;
  const next = nextAttemptMs === null ? 'not by itself' : `at ${new Date(nextAttemptMs).toISOString()}`;
  await output.line(`\n${name} stands on ${stream} at event ${id} (${type}) at ${position}: ${shown(head.error)}`);
  await output.line(`${attempts} attempts, the next one ${next}; ${waiting} events wait behind it`);
  await output.line(`When the cause is gone: muniment consumers retry ${name} ${id}`);
}
