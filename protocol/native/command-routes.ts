/** POST /api/commands/{type}: every command of the registry by one route. GET /api/commands: what there is. */
import { z } from 'zod';
import type { Envelope, Outcome } from '../../commands/command.ts';
import type { Kernel } from '../../commands/kernel.ts';
import { execute } from '../../commands/pipeline.ts';
import { type AnyCommand, commandRegistry } from '../../commands/registry.ts';
import { encodePosition } from '../../infra/event-store/position.ts';
import type { Request, Response, Route } from '../http/route.ts';
import { envelopeOf } from '../rest/request-input.ts';
import { accessChangesOf } from './access-change.ts';
import { answering, Problem, problems } from './problem.ts';
import { problemOf } from './refusals.ts';

export const COMMANDS_PATH = '/api/commands';

interface Dependencies {
  readonly kernel: Kernel;
}

export const commandRoutes = (deps: Dependencies): readonly Route[] => [
  {
    method: 'GET',
    path: COMMANDS_PATH,
    access: { kind: 'authenticated' },
    body: 'none',
    errors: problems,
    summary: 'Lists the commands with the schema of their input.',
    handle: () => ({ status: 200, body: commandList() }),
  },
  {
    method: 'POST',
    path: `${COMMANDS_PATH}/:type`,
    access: { kind: 'authenticated' },
    body: 'json',
    errors: problems,
    summary: 'Sends a command. The pipeline checks the permission that the command declares.',
    handle: answering((request) => send(deps, request)),
  },
];

export interface CommandDescription {
  readonly type: string;
  readonly summary: string;
  readonly permissions: readonly string[];
  /** JSON Schema 2020-12. */
  readonly input: object;
}

let described: readonly CommandDescription[] | null = null;

/** Made once, when somebody asks. */
export function describedCommands(): readonly CommandDescription[] {
  described ??= [...commandRegistry.values()].map(({ type, summary, permissions, input }) => ({
    type,
    summary,
    permissions,
    input: z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }),
  }));
  return described;
}

const commandList = (): object => ({ commands: describedCommands() });

async function send({ kernel }: Dependencies, request: Request): Promise<Response> {
  const type = request.params['type'] ?? '';
  const command: AnyCommand | undefined = commandRegistry.get(type);
  if (command === undefined) throw new Problem(404, 'command-unknown', 'There is no command of that name.');
  const envelope = commandEnvelope(request);
  const result = await execute(kernel, command, request.body ?? {}, envelope);
  if (!result.ok) throw problemOf(type, result.refusal);
  return envelope.dryRun === true ? await rehearsed(kernel, result.value) : accepted(result.value);
}

function commandEnvelope(request: Request): Envelope {
  const key = request.headers['idempotency-key'];
  const ifMatch = request.headers['if-match'];
  return {
    ...envelopeOf(request),
    ...(key === undefined ? {} : { idempotencyKey: String(key) }),
    ...(ifMatch === undefined ? {} : { ifRevision: revisionOf(ifMatch) }),
    ...(prefersDryRun(request) ? { dryRun: true } : {}),
  };
}

/** RFC 9110 §13.1.1, with a revision as the strong entity tag. */
function revisionOf(ifMatch: string): bigint {
  const digits = /^"(\d{1,18})"$/.exec(ifMatch.trim())?.[1];
  if (digits !== undefined) return BigInt(digits);
  throw new Problem(400, 'if-match-invalid', 'If-Match must hold one revision in quotes, like "3".');
}

/** RFC 7240. */
const prefersDryRun = ({ headers }: Request): boolean =>
  [headers['prefer'] ?? []]
    .flat()
    .flatMap((value) => value.split(','))
    .some((preference) => preference.trim().toLowerCase() === 'dry-run');

function outcomeBody({ commandId, id, revision, position, changed }: Outcome): object {
  return {
    commandId,
    id,
    revision: String(revision),
    position: position === null ? null : encodePosition(position),
    changed,
  };
}

function accepted(outcome: Outcome): Response {
  const { events, position, pendingApproval, revision } = outcome;
  const body = { ...outcomeBody(outcome), events: events.map(({ type }) => type) };
  if (pendingApproval !== undefined) return { status: 202, body: { ...body, pendingApproval } };
  return {
    status: 200,
    headers: { etag: `"${revision}"` },
    body,
    ...(position === null ? {} : { position }),
  };
}

/** Nothing was stored: no position is remembered for the caller. */
async function rehearsed(kernel: Kernel, outcome: Outcome): Promise<Response> {
  const events = outcome.events.map(({ type, data, stream }) => ({ type, stream, data }));
  const access = await accessChangesOf(kernel, outcome.events);
  const body = { ...outcomeBody(outcome), dryRun: true, events, access };
  return { status: 200, headers: { 'preference-applied': 'dry-run' }, body };
}
