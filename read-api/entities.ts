/** What has a history: the name in an address, and the aggregate whose streams `category-<id>` tell it. */
import type { Aggregate } from '../domain/aggregate.ts';
import { applications } from '../domain/applications/application.ts';
import { consents } from '../domain/consents/consent.ts';
import { groups } from '../domain/groups/group.ts';
import { signingKeys } from '../domain/keys/signing-keys.ts';
import { organizations } from '../domain/organizations/organization.ts';
import { roles } from '../domain/roles/role.ts';
import { users } from '../domain/users/user.ts';

/** A state is only folded, shown and asked for its home. */
// biome-ignore lint/suspicious/noExplicitAny: the table holds aggregates of every state; each folds its own.
export type AnyAggregate = Aggregate<any>;

export const entities: ReadonlyMap<string, AnyAggregate> = new Map<string, AnyAggregate>([
  ['users', users],
  ['organizations', organizations],
  ['roles', roles],
  ['groups', groups],
  ['applications', applications],
  ['keys', signingKeys],
  ['consents', consents],
]);

export const aggregateOfCategory: ReadonlyMap<string, AnyAggregate> = new Map(
  [...entities.values()].map((aggregate) => [aggregate.category, aggregate]),
);

/** `<uuid>`, or for a consent `<uuid>.<uuid>`; anything else names no stream. */
export const isEntityId = (id: string): boolean => /^[0-9a-f-]{36}(\.[0-9a-f-]{36})?$/.test(id);
