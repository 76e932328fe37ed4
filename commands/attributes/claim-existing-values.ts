/**
 * Makes an attribute unique for the users that are there: claims the values of each, and records at the end that they are
 * unique, or who stands in the way. May stop anywhere and run again, also in two places at once: what is claimed is claimed.
 */
import { z } from 'zod';
import { userId } from '../../domain/id-parsers.ts';
import type { OrgId, TenantId } from '../../domain/ids.ts';
import { accept, refuse } from '../../domain/result.ts';
import { documentPath } from '../../domain/users/attribute-paths.ts';
import { decideClaimValues, type User, type UserRefusal, users } from '../../domain/users/user.ts';
import { catalogueOf, type UniqueAttribute, type UserCatalogue } from '../../domain/users/user-catalogue.ts';
import type { Filter, PageKey, ReadStore } from '../../infra/read-store/read-store.ts';
import { systemCaller } from '../bootstrap.ts';
import { type Command, CommandContention } from '../command.ts';
import type { Kernel } from '../kernel.ts';
import { execute } from '../pipeline.ts';
import { dictionaryOf } from './attribute-command.ts';
import { concludeUniqueness } from './claim-commands.ts';

const PAGE_USERS = 256;
const AT_ONCE = 32;
const CATCH_UP_MS_MAX = 2_000;

export interface ClaimingRequest {
  readonly tenant: TenantId;
  readonly org: OrgId;
  /** Of the local claim. */
  readonly uri: string;
  readonly correlationId: string;
  /** Epoch milliseconds; what is not done by then is left for the next run. */
  readonly untilMs: number;
}

/** `unfinished`: run it again. `collisions`: ids of users whose values others had already; the attribute is not unique. */
export type Claiming =
  | { readonly kind: 'enabled' | 'unfinished' | 'nothing-announced' }
  | { readonly kind: 'collisions'; readonly users: readonly string[] };

export async function claimExistingValues(
  kernel: Kernel,
  reads: ReadStore,
  request: ClaimingRequest,
): Promise<Claiming> {
  const dictionary = await dictionaryOf(kernel, request.org);
  const uniqueness = dictionary.claims.get(request.uri)?.uniqueness ?? null;
  if (uniqueness === null) return { kind: 'nothing-announced' };
  if (uniqueness.phase === 'enabled') return { kind: 'enabled' };
  const catalogue = catalogueOf(dictionary);
  const [unique] = catalogue.unique.filter(({ uri }) => uri === request.uri);
  const job = { kernel, reads, request, generation: uniqueness.generation };
  const collisions = unique === undefined ? [] : await claimAll(job, catalogue, unique);
  if (collisions === null) return { kind: 'unfinished' };

  const input = { organizationId: request.org, uri: request.uri, generation: uniqueness.generation, collisions };
  const concluded = await execute(kernel, concludeUniqueness, input, envelopeOf(request));
  if (!concluded.ok) throw new Error(`uniqueness cannot be concluded: ${concluded.refusal.reason}`);
  return collisions.length === 0 ? { kind: 'enabled' } : { kind: 'collisions', users: collisions };
}

interface Job {
  readonly kernel: Kernel;
  readonly reads: ReadStore;
  readonly request: ClaimingRequest;
  readonly generation: string;
}

/** Null: time was up. */
async function claimAll(job: Job, catalogue: UserCatalogue, unique: UniqueAttribute): Promise<string[] | null> {
  const { kernel, reads, request } = job;
  // Who is not in the read model by now was written after the announcement, and claims by himself.
  const head = await kernel.store.head();
  const wait = Math.max(1, Math.min(CATCH_UP_MS_MAX, request.untilMs - kernel.clock()));
  if (head !== null && (await reads.waitFor('users', head, wait)) === 'behind') return null;
  const collisions: string[] = [];
  const filter = havingValue(catalogue, unique);
  const asked = { collection: 'users', tenant: request.tenant, org: request.org, limit: PAGE_USERS };
  let after: PageKey | null = null;
  do {
    const page = await reads.query({ ...asked, ...filter, ...(after === null ? {} : { after }) });
    for (let at = 0; at < page.documents.length; at += AT_ONCE) {
      if (kernel.clock() > request.untilMs) return null;
      const taken = await Promise.all(page.documents.slice(at, at + AT_ONCE).map(({ id }) => isTaken(job, id)));
      collisions.push(...taken.filter((id) => id !== null));
    }
    after = page.next;
  } while (after !== null);
  return collisions;
}

/** Where the attribute cannot be searched every user is looked at. */
function havingValue(catalogue: UserCatalogue, { source: { path } }: UniqueAttribute): { readonly filter?: Filter } {
  const definition = catalogue.leafAt(path)?.definition;
  const isSearchable = definition !== undefined && (definition.search !== 'none' || definition.multiValued);
  return isSearchable ? { filter: { op: 'present', path: documentPath(path) } } : {};
}

/** The user's id where another has one of his values. */
async function isTaken(job: Job, id: string): Promise<string | null> {
  const { kernel, request, generation } = job;
  const input = { userId: id, uri: request.uri, generation };
  for (;;) {
    try {
      const claimed = await execute(kernel, claimUniqueValues, input, envelopeOf(request));
      return !claimed.ok && claimed.refusal.reason === 'value-taken' ? id : null;
    } catch (error) {
      // Many users of one value run into each other; each round one of them is done.
      if (!(error instanceof CommandContention)) throw error;
    }
  }
}

const envelopeOf = ({ tenant, org, correlationId }: ClaimingRequest) => ({
  caller: { ...systemCaller(tenant, 'uniqueness'), org },
  correlationId,
});

const input = z.strictObject({ userId, uri: z.string(), generation: z.string() });
type Input = z.output<typeof input>;

const claimUniqueValues: Command<Input, User, UserRefusal, readonly UniqueAttribute[]> = {
  type: 'ClaimUniqueValues',
  summary: 'Claims the values that a user has of an attribute that became unique after him.',
  input,
  permissions: [],
  aggregate: users,
  target: (given) => given.userId,
  facts: async ({ kernel, input: { uri, generation }, envelope }) => {
    const dictionary = await dictionaryOf(kernel, envelope.caller.org);
    const isCurrent = dictionary.claims.get(uri)?.uniqueness?.generation === generation;
    if (!isCurrent) return refuse({ reason: 'user-not-found' } as const);
    return accept(catalogueOf(dictionary).unique.filter((unique) => unique.uri === uri));
  },
  decide: (user, { generation }, unique) => decideClaimValues(user, { generation, unique }),
};
