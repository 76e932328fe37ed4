import { describe, expect, it } from 'vitest';
import type { Aggregate } from '../../../domain/aggregate.ts';
import { applications } from '../../../domain/applications/application.ts';
import { eventCatalogue } from '../../../domain/catalogue.ts';
import { consents } from '../../../domain/consents/consent.ts';
import type { DomainEvent } from '../../../domain/event.ts';
import { groups } from '../../../domain/groups/group.ts';
import { signingKeys } from '../../../domain/keys/signing-keys.ts';
import { organizations } from '../../../domain/organizations/organization.ts';
import { roles } from '../../../domain/roles/role.ts';
import { users } from '../../../domain/users/user.ts';
import { createEventCodec } from '../../../infra/event-codec/sealing-codec.ts';
import { GOLDEN_SUBJECT, goldenEvent, goldenTypes } from './golden-files.ts';
import { type VaultOfKeys, vaultOfKeys } from './vault-of-keys.ts';

const types = [...new Set([...eventCatalogue.keys(), ...(await goldenTypes())])].sort();

async function decoded(type: string, vault: VaultOfKeys = vaultOfKeys()): Promise<readonly DomainEvent[]> {
  const event = await goldenEvent(type);
  const codec = createEventCodec({ vault, catalogue: eventCatalogue });
  const place = { stream: 'golden-1', revision: 0n, position: { commit: 1n, prepare: 1n }, recordedAt: new Date(0) };
  return codec.decode([{ ...event, ...place }]);
}

const everyAggregate = [
  users,
  organizations,
  roles,
  groups,
  applications,
  signingKeys,
  consents,
] as Aggregate<unknown>[];

function foldEverywhere(events: readonly DomainEvent[]): void {
  for (const { initial, evolve } of everyAggregate) events.reduce(evolve, initial);
}

describe('events of every type and version ever written', () => {
  it.each(types)('[E41] %s stands in a golden file as it was recorded', async (type) => {
    expect((await goldenEvent(type)).type).toBe(type);
  });

  it.each(types)('[E41] %s still opens, and parses by its newest schema', async (type) => {
    for (const event of await decoded(type)) {
      const definition = eventCatalogue.get(event.type);
      expect(definition, `${event.type} is in the catalogue`).toBeDefined();
      expect(definition?.schema.safeParse(event.data)).toMatchObject({ success: true, data: event.data });
      expect(event.erased).toBe(false);
    }
  });

  it.each(types)('[E41] %s still folds', async (type) => {
    const events = await decoded(type);
    expect(() => foldEverywhere(events)).not.toThrow();
  });

  it.each(types)('[E40] %s folds without what an erasure made unreadable', async (type) => {
    const vault = vaultOfKeys();
    vault.destroy(GOLDEN_SUBJECT);
    const events = await decoded(type, vault);
    const isSealed = (eventCatalogue.get(type)?.sealed.length ?? 0) > 0;
    expect(events.some(({ erased }) => erased)).toBe(isSealed);
    expect(() => foldEverywhere(events)).not.toThrow();
  });
});
