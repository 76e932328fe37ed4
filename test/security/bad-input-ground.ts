/** A server with one of everything, and what an answer to bad input must be. */
import { systemApis, systemScopes } from '../../domain/applications/api-resources.ts';
import type { Route } from '../../protocol/http/route.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type Ask, ask, mustAsk, newClient, newTenant, newUser, type Told } from '../support/server-client.ts';
import { headOf, nameOf } from './route-walk-credentials.ts';

export interface Ground {
  readonly server: TestServer;
  /** The route's path, with ids that exist. */
  pathOf(route: Route): string;
}

export async function openGround(): Promise<Ground> {
  const server = await startTestServer();
  await newTenant(server, 'ground.example');
  const tenants = await mustAsk(server, { path: '/api/server/v1/tenants/domain/ground.example' });
  const owners = await mustAsk(server, { path: `/api/server/v1/tenants/${tenants.json.id}/owners` });
  const application = await newClient(server, { name: 'Ground', scopes: [...systemScopes] });
  const user = await newUser(server, { userName: 'fixture', password: 'Correct-horse-9' });
  const ids: Readonly<Record<string, string>> = {
    applicationId: application.id,
    apiId: systemApis[0]?.id ?? '',
    tenantId: tenants.json.id,
    domain: 'ground.example',
    ownerId: owners.json[0].id,
    entity: 'users',
    name: 'User',
    segment: 'token',
    type: 'LockUser',
  };
  const made = async (path: string) =>
    (await mustAsk(server, { method: 'POST', path, type: 'application/scim+json', body: { displayName: 'Ground' } }))
      .json.id;
  const [group, role] = [await made('/scim2/Groups'), await made('/scim2/v3/Roles')];
  const idAt = (path: string): string | undefined => {
    // A list is what these two take: it must be refused for what it is said of.
    if (/\/Roles\/:id\/(Users|Groups)$/.test(path)) return user;
    if (path.startsWith('/scim2/Groups/')) return group;
    return /^\/scim2\/(v[23]\/)?Roles\//.test(path) ? role : user;
  };
  const pathOf = ({ path }: Route): string =>
    path.replaceAll(/:([A-Za-z]+)/g, (_, name) => (name === 'id' ? idAt(path) : ids[name]) ?? name);
  return { server, pathOf };
}

/** Of the inside: files, frames, statements, classes. */
const INSIDE = [
  /\bat .{1,80}:\d+:\d+/,
  /node_modules|node:internal/,
  /\.ts\b/,
  /(^|[\s"'(])\/(home|tmp|work|usr|var|root|etc)\//,
  /sqlite/i,
  /\b(SELECT|INSERT|UPDATE|DELETE)\b.{1,40}\b(FROM|INTO|SET)\b/,
  /\b(Type|Range|Reference|Syntax)Error\b|ZodError/,
  /argon2|\bstack\b/i,
];

export interface Sent {
  readonly route: Route;
  readonly what: string;
  readonly question: Ask;
  /** Nothing of it may be accepted; otherwise it may, and then it must be without a fault. */
  readonly mustRefuse: boolean;
}

/** Null: answered as it must be. */
export async function wrongOf(server: TestServer, { route, what, question, mustRefuse }: Sent): Promise<string | null> {
  const before = await headOf(server);
  const told = await ask(server, question);
  const line = `${nameOf(route)}, ${what}: ${told.status} ${told.text.slice(0, 300)}`;
  // The contract's way to say that a list cannot be sorted is no fault.
  if (told.status >= 500 && told.status !== 501) return line;
  if (told.status < 400) return mustRefuse ? line : null;
  if ((await headOf(server)) !== before) return `${line} and left an event`;
  // What the caller sent may come back to him.
  const sent = `${decodeURIComponent(question.path.replaceAll('%', '%25'))} ${String(question.body ?? '')}`;
  const inside = INSIDE.find((pattern) => pattern.test(told.text) && !pattern.test(sent));
  if (inside !== undefined) return `${line} shows ${inside}`;
  return hasForm(route, told) ? null : `${line} has another form`;
}

/** Where the request was unreadable before any door was in charge. */
const PLAIN: readonly string[] = ['code', 'message', 'traceId'];
/** Not every refusal of the door explains itself. */
const OPTIONAL: ReadonlySet<string> = new Set(['error_description', 'scimType', 'reason']);

/** Pages answer people; every other door answers with the members of its own error form. */
function hasForm(route: Route, told: Told): boolean {
  const failure = { status: told.status, reason: 'invalid', detail: '' };
  const { body } = route.errors.respond(failure, { correlationId: '' });
  const isHtml = String(told.headers['content-type']).startsWith('text/html');
  if (told.text === '') return true;
  if (body === null) return false;
  if (typeof body === 'string' || Buffer.isBuffer(body)) return isHtml || hasMembers(told, PLAIN);
  const members = Object.keys(body).filter((member) => !OPTIONAL.has(member));
  return hasMembers(told, members) || hasMembers(told, PLAIN);
}

const hasMembers = ({ json }: Told, members: readonly string[]): boolean =>
  json !== null && members.every((member) => Object.hasOwn(json, member));

export async function wrongIn({ server }: Ground, all: Iterable<Sent>): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const sent of all) {
    const line = await wrongOf(server, sent);
    if (line !== null) wrong.push(line);
  }
  return wrong;
}

const FORM = 'application/x-www-form-urlencoded';

export interface Case {
  readonly what: string;
  /** Over what the route itself asks for. */
  readonly over: Partial<Ask>;
  readonly mustRefuse?: boolean;
}

export function caseFor(ground: Ground, route: Route, { what, over, mustRefuse = true }: Case): Sent {
  const { method, body } = route;
  const { authorization } = ground.server.admin;
  const type = body === 'form' ? FORM : 'application/json';
  return { route, what, mustRefuse, question: { method, path: ground.pathOf(route), authorization, type, ...over } };
}
