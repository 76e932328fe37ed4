/** An organization's signing keys: which sign now, which only verify, which are gone. Streams `key-<org uuid>`. */
import { z } from 'zod';
import type { Aggregate } from '../aggregate.ts';
import { type Decision, nothing } from '../decision.ts';
import type { DomainEvent } from '../event.ts';
import { defineEvent, type EventOf, plain } from '../event-schema.ts';
import { accept, type Result, refuse } from '../result.ts';

export const SIGNING_ALGORITHMS = ['ES256', 'RS256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

const text = plain(z.string());

export const signingKeyEventDefinitions = [
  /** The new key signs from now on; the former of its algorithm only verifies. The private key is in the vault under `kid`. */
  defineEvent(
    'keys.signing_key.activated.v1',
    z.object({
      kid: text,
      alg: z.enum(SIGNING_ALGORITHMS),
      publicJwk: z.record(text, text),
    }),
  ),
  /** Out of the key set: what it signed no longer verifies. */
  defineEvent('keys.signing_key.retired.v1', z.object({ kid: text })),
] as const;

export type SigningKeyEvent = EventOf<typeof signingKeyEventDefinitions>;

export interface SigningKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly publicJwk: Readonly<Record<string, string>>;
  readonly activatedAt: string;
  /** A later key of the same algorithm signs. */
  readonly superseded: boolean;
}

export interface SigningKeys {
  readonly tenant: string;
  readonly org: string;
  /** Published, newest first. */
  readonly keys: readonly SigningKey[];
  readonly retired: ReadonlySet<string>;
}

export type SigningKeyRefusal = { readonly reason: 'key-not-found' } | { readonly reason: 'key-in-use' };

export const signingKeys: Aggregate<SigningKeys> = {
  category: 'key',
  initial: { tenant: '', org: '', keys: [], retired: new Set() },
  evolve: evolveSigningKeys,
  home: (state) => (state.tenant === '' ? null : state),
};

export interface NewSigningKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly publicJwk: Readonly<Record<string, string>>;
}

export const signingKeyActivated = (key: NewSigningKey): SigningKeyEvent => ({
  type: 'keys.signing_key.activated.v1',
  data: key,
});

export const decideRotateSigningKey = (_: SigningKeys, key: NewSigningKey): Result<Decision, SigningKeyRefusal> =>
  accept({ facts: [signingKeyActivated(key)] });

/** A key that signs cannot be retired: rotate first, so that tokens never lack a key. */
export function decideRetireSigningKey(state: SigningKeys, kid: string): Result<Decision, SigningKeyRefusal> {
  if (state.retired.has(kid)) return accept(nothing);
  const key = state.keys.find((candidate) => candidate.kid === kid);
  if (key === undefined) return refuse({ reason: 'key-not-found' });
  if (!key.superseded) return refuse({ reason: 'key-in-use' });
  const retired: SigningKeyEvent = { type: 'keys.signing_key.retired.v1', data: { kid } };
  return accept({ facts: [retired] });
}

/** The key that signs with this algorithm; null when the organization has none. */
export const activeKey = (state: SigningKeys, alg: SigningAlgorithm): SigningKey | null =>
  state.keys.find((key) => key.alg === alg && !key.superseded) ?? null;

function evolveSigningKeys(state: SigningKeys, event: DomainEvent): SigningKeys {
  const fact = event as unknown as SigningKeyEvent;
  switch (fact.type) {
    case 'keys.signing_key.activated.v1': {
      const former = state.keys.map((key) => (key.alg === fact.data.alg ? { ...key, superseded: true } : key));
      const key: SigningKey = { ...fact.data, activatedAt: event.meta.at, superseded: false };
      const { tenant = '', org = '' } = event.meta;
      return { ...state, tenant, org, keys: [key, ...former] };
    }
    case 'keys.signing_key.retired.v1':
      return {
        ...state,
        keys: state.keys.filter((key) => key.kid !== fact.data.kid),
        retired: new Set(state.retired).add(fact.data.kid),
      };
    default:
      fact satisfies never;
      return state;
  }
}
