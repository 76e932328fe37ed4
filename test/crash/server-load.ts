/** Mixed writes against a server that may die at any moment, and the memory of what it acknowledged. */
import { codeFor, newPkce, redeem, refresh } from '../protocol/oauth2/browser.ts';
import type { TestClient } from '../protocol/oauth2/oauth-server.ts';
import { basic } from '../support/server.ts';
import { addressOnly, ask, browserAt, newClient, newUser, ownToken, type Told } from '../support/server-client.ts';

export interface Target {
  url: string;
  readonly admin: { readonly authorization: string };
}

/** A value that was acknowledged, and one whose answer did not come. */
interface Known {
  acknowledged: string;
  uncertain: string | null;
}

export interface Memory {
  /** Display name by user id. */
  readonly users: Map<string, Known>;
  /** Description by application id. */
  readonly applications: Map<string, Known>;
  /** Access tokens of the client for itself. */
  readonly tokens: string[];
  readonly chains: Chain[];
}

/** The refresh tokens of one sign-in, oldest first. */
export interface Chain {
  readonly used: string[];
  newest: string;
  /** A rotation was under way, or the family was revoked. */
  state: 'certain' | 'uncertain' | 'revoked';
}

export const newMemory = (): Memory => ({ users: new Map(), applications: new Map(), tokens: [], chains: [] });

const PASSWORD = 'Correct-horse-9';
const SCIM = 'application/scim+json';

export interface Cast {
  readonly target: Target;
  readonly client: TestClient;
  readonly memory: Memory;
  number: number;
}

export async function openCast(target: Target): Promise<Cast> {
  const client = await newClient(target, { name: 'Load', oidc: { refreshToken: { renewRefreshToken: true } } });
  await newUser(target, { userName: 'signer', password: PASSWORD });
  return { target, client, memory: newMemory(), number: 0 };
}

export async function signIn({ target, client, memory }: Cast): Promise<Chain> {
  const server = addressOnly(target);
  const pkce = newPkce();
  const login = { userName: 'signer', password: PASSWORD, consent: 'approveAlways', pkce } as const;
  const code = await codeFor(browserAt(target), client, login);
  const { body } = await redeem(server, client, code, { verifier: pkce.verifier });
  const chain: Chain = { used: [], newest: body.refresh_token, state: 'certain' };
  memory.chains.push(chain);
  return chain;
}

/** Runs until the server is gone. What fails otherwise, fails. */
export async function writeUntilGone(cast: Cast, chains: readonly Chain[]): Promise<void> {
  const [first, second] = chains;
  if (first === undefined || second === undefined) throw new Error('the load needs two sign-ins');
  await Promise.all([
    untilGone(() => createAndChangeUser(cast)),
    untilGone(() => createAndChangeUser(cast)),
    untilGone(() => createAndChangeApplication(cast)),
    untilGone(async () => void cast.memory.tokens.push(await ownToken(cast.target, cast.client))),
    untilGone(() => rotate(cast, first)),
    untilGone(async () => {
      await rotate(cast, second);
      if (second.used.length >= 3) await revoke(cast, second);
    }),
  ]);
}

async function untilGone(step: () => Promise<void>): Promise<void> {
  try {
    for (;;) await step();
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

const GONE = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'UND_ERR_SOCKET']);

export function isGone(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return (code !== undefined && GONE.has(code)) || error.message === 'aborted' || isGone(error.cause);
}

async function createAndChangeUser({ target, memory, ...cast }: Cast & { number: number }): Promise<void> {
  const name = `user-${cast.number}-${memory.users.size}-${Math.random().toString(36).slice(2)}`;
  const id = await newUser(target, { userName: name, displayName: 'first' });
  const known: Known = { acknowledged: 'first', uncertain: null };
  memory.users.set(id, known);
  for (const value of ['second', 'third']) {
    const body = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'displayName', value }],
    };
    await acknowledge(known, value, () =>
      ask(target, { method: 'PATCH', path: `/scim2/Users/${id}`, type: SCIM, body, ...target.admin }),
    );
  }
}

async function createAndChangeApplication({ target, memory }: Cast): Promise<void> {
  const name = `Application ${memory.applications.size} ${Math.random().toString(36).slice(2)}`;
  const { id } = await newClient(target, { name });
  const known: Known = { acknowledged: '', uncertain: null };
  memory.applications.set(id, known);
  for (const description of ['second', 'third']) {
    const path = `/api/server/v1/applications/${id}`;
    await acknowledge(known, description, () =>
      ask(target, { method: 'PATCH', path, body: { description }, ...target.admin }),
    );
  }
}

async function acknowledge(known: Known, value: string, change: () => Promise<Told>): Promise<void> {
  known.uncertain = value;
  const { status, text } = await change();
  if (status !== 200) throw new Error(`a change was answered ${status}: ${text}`);
  known.acknowledged = value;
  known.uncertain = null;
}

async function rotate({ target, client }: Cast, chain: Chain): Promise<void> {
  if (chain.state === 'revoked') return await ended();
  chain.state = 'uncertain';
  const { status, body } = await refresh(addressOnly(target), client, chain.newest);
  if (status !== 200) throw new Error(`a rotation was answered ${status}: ${JSON.stringify(body)}`);
  chain.used.push(chain.newest);
  chain.newest = body.refresh_token;
  chain.state = 'certain';
}

/** Waits with the others for the end, without asking anything. */
async function ended(): Promise<never> {
  throw Object.assign(new Error('nothing is left to do'), { code: 'ECONNRESET' });
}

async function revoke({ target, client }: Cast, chain: Chain): Promise<void> {
  chain.state = 'uncertain';
  const { status } = await ask(target, {
    method: 'POST',
    path: '/oauth2/revoke',
    type: 'application/x-www-form-urlencoded',
    authorization: basic(client.clientId, client.secret ?? ''),
    body: new URLSearchParams({ token: chain.newest }).toString(),
  });
  if (status !== 200) throw new Error(`a revocation was answered ${status}`);
  chain.state = 'revoked';
}
