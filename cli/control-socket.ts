/**
 * How the command line speaks to a running server: newline-delimited JSON over a Unix socket in the data folder that
 * only the server's own account may open. One question and one answer per connection.
 */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { encodePosition } from '../infra/event-store/position.ts';
import type { ProjectionStatus } from '../infra/read-store/read-store.ts';
import {
  answerOfConsumers,
  type ControlledConsumers,
  consumerQuestions,
  consumerSchema,
  isOfConsumers,
} from './control-consumers.ts';

export const CONTROL_LINE_BYTES_MAX = 65_536;
export const CONTROL_ANSWER_MS_MAX = 10_000;
const CONTROL_CONNECTIONS_MAX = 8;
const SOCKET_MODE = 0o600;

/** What an operating system takes as the address of a Unix socket: 104 bytes on macOS, 108 on Linux, with the closing 0. */
const SOCKET_PATH_BYTES_MAX = 103;

export const controlSocketPath = (dataDirectory: string): string => join(dataDirectory, 'control.sock');

/** A deep data folder is named from the working directory where that is shorter; Windows has pipes instead of files. */
function addressOf(path: string): string {
  if (process.platform === 'win32') {
    return `\\\\.\\pipe\\muniment-${createHash('sha256').update(resolve(path)).digest('hex').slice(0, 32)}`;
  }
  const [shortest = path] = [path, relative(process.cwd(), path)].sort((a, b) => a.length - b.length);
  if (Buffer.byteLength(shortest) <= SOCKET_PATH_BYTES_MAX) return shortest;
  throw new Error(`the control socket ${path} has a name too long for the operating system: move the data folder up`);
}

/** What the server lets the command line do; the projection engine has this shape. */
export interface ControlledProjections {
  status(): readonly ProjectionStatus[] | Promise<readonly ProjectionStatus[]>;
  /** May take as long as the rebuild: the caller is answered at once and watches the status. */
  rebuild(name: string): Promise<unknown>;
  /** Tries the event again at which a projection stands. */
  retry(name: string): Promise<unknown>;
}

export interface ControlOptions {
  readonly path: string;
  readonly projections: ControlledProjections;
  /** Absent: there are none. */
  readonly consumers?: ControlledConsumers;
  /** A rebuild or retry failed after its caller had been answered. */
  readonly onFault: (error: unknown) => void;
}

const statusSchema = z.object({
  name: z.string(),
  version: z.number(),
  state: z.enum(['live', 'catching-up', 'rebuilding', 'parked']),
  /** Encoded; null before the first event. */
  position: z.string().nullable(),
  progress: z.number().optional(),
  parked: z.object({ position: z.string(), eventId: z.string(), eventType: z.string(), error: z.string() }).optional(),
});
export type ControlStatus = z.output<typeof statusSchema>;

const questionSchema = z.discriminatedUnion('op', [
  ...consumerQuestions,
  z.object({ op: z.literal('projections.status') }),
  z.object({ op: z.literal('projections.rebuild'), name: z.string() }),
  z.object({ op: z.literal('projections.retry'), name: z.string() }),
]);
export type ControlQuestion = z.output<typeof questionSchema>;

const answerSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), projections: z.array(statusSchema), consumers: z.array(consumerSchema).optional() }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);
export type ControlAnswer = Extract<z.output<typeof answerSchema>, { ok: true }>;

/** No server listens: it does not run, or runs on other data. */
export class NoServer extends Error {
  constructor(path: string) {
    super(`no running server answers at ${path}`);
    this.name = 'NoServer';
  }
}

/** The server understood and refused. */
export class ControlRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ControlRefused';
  }
}

export interface ControlSocket {
  close(): Promise<void>;
}

/** The server's side. The writer's lock on the data folder makes a socket file found here a dead one. */
export async function serveControlSocket(options: ControlOptions): Promise<ControlSocket> {
  await removeIfPresent(options.path);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    serve(socket, options);
  });
  server.maxConnections = CONTROL_CONNECTIONS_MAX;
  await listen(server, options.path);
  return {
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

async function listen(server: Server, path: string): Promise<void> {
  // The file must never be open to others, not even between its creation and a change of mode.
  const former = process.umask(0o177);
  try {
    const listening = once(server, 'listening');
    server.listen(addressOf(path));
    await listening;
  } finally {
    process.umask(former);
  }
  if (process.platform !== 'win32') await chmod(path, SOCKET_MODE);
}

function serve(socket: Socket, options: ControlOptions): void {
  socket.setTimeout(CONTROL_ANSWER_MS_MAX, () => socket.destroy());
  // A caller who goes away before the answer is no concern of the server's.
  socket.on('error', () => socket.destroy());
  readLine(socket)
    .then((line) => answer(line, options))
    .then((reply) => socket.end(`${JSON.stringify(reply)}\n`))
    .catch((error: unknown) => {
      socket.destroy();
      if (!(error instanceof BrokenControlLine)) options.onFault(error);
    });
}

async function answer(line: string, options: ControlOptions): Promise<z.output<typeof answerSchema>> {
  const { projections, consumers, onFault } = options;
  const question = questionSchema.safeParse(parsed(line));
  if (!question.success) return { ok: false, error: 'the question was not understood' };
  const { data } = question;
  if (isOfConsumers(data)) {
    const told = consumers === undefined ? [] : await answerOfConsumers(data, consumers);
    if (typeof told === 'string') return { ok: false, error: told };
    return { ok: true, projections: [], consumers: told };
  }
  if (data.op !== 'projections.status') {
    const known = (await projections.status()).map(({ name }) => name);
    if (!known.includes(data.name)) {
      return { ok: false, error: `there is no projection ${data.name}; there are ${known.join(', ')}` };
    }
    const work = data.op === 'projections.rebuild' ? projections.rebuild(data.name) : projections.retry(data.name);
    work.catch(onFault);
  }
  return { ok: true, projections: (await projections.status()).map(controlStatus) };
}

export function controlStatus(status: ProjectionStatus): ControlStatus {
  const { name, version, state, position, progress, parked } = status;
  return {
    name,
    version,
    state,
    position: position === null ? null : encodePosition(position),
    ...(progress === undefined ? {} : { progress }),
    ...(parked === undefined ? {} : { parked: { ...parked, position: encodePosition(parked.position) } }),
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The command line's side. Throws `NoServer` when none runs, `ControlRefused` with the server's reason. */
export async function askControlSocket(path: string, question: ControlQuestion): Promise<ControlAnswer> {
  const socket = connect(addressOf(path));
  socket.setTimeout(CONTROL_ANSWER_MS_MAX, () =>
    socket.destroy(new Error('the running server did not answer in time')),
  );
  try {
    await once(socket, 'connect');
    socket.write(`${JSON.stringify(question)}\n`);
    const reply = answerSchema.parse(JSON.parse(await readLine(socket)));
    if (!reply.ok) throw new ControlRefused(reply.error);
    return reply;
  } catch (error) {
    if (isAbsent(error)) throw new NoServer(path);
    throw error;
  } finally {
    socket.destroy();
  }
}

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ECONNREFUSED');

async function readLine(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += (chunk as Buffer).toString('utf8');
    const end = text.indexOf('\n');
    if (end !== -1) return text.slice(0, end);
    if (text.length > CONTROL_LINE_BYTES_MAX) throw new BrokenControlLine('a control line is too long');
  }
  throw new BrokenControlLine('the control connection ended before its line');
}

/** The other end broke off, or does not speak this protocol. */
class BrokenControlLine extends Error {}

async function removeIfPresent(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
