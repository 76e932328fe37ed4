/** What a user allowed an application. Streams `consent-<user uuid>.<application uuid>`. */
import { z } from 'zod';
import type { Aggregate } from '../aggregate.ts';
import { type Decision, nothing } from '../decision.ts';
import type { DomainEvent } from '../event.ts';
import { defineEvent, type EventOf, plain } from '../event-schema.ts';
import { accept, type Result } from '../result.ts';

const text = plain(z.string());

export const consentEventDefinitions = [
  defineEvent('consent.consent.granted.v1', z.object({ user: text, application: text, scopes: z.array(text) })),
  defineEvent('consent.consent.withdrawn.v1', z.object({ user: text, application: text })),
] as const;

export type ConsentEvent = EventOf<typeof consentEventDefinitions>;

export interface Consent {
  readonly tenant: string;
  readonly org: string;
  readonly scopes: ReadonlySet<string>;
  /** Revision of the last withdrawal, which ended every grant made before it; -1 when there was none. */
  readonly endedRevision: bigint;
}

export const consents: Aggregate<Consent> = {
  category: 'consent',
  initial: { tenant: '', org: '', scopes: new Set(), endedRevision: -1n },
  evolve: evolveConsent,
  home: (consent) => (consent.tenant === '' ? null : consent),
};

export interface ConsentParties {
  readonly user: string;
  readonly application: string;
}

export const consentId = ({ user, application }: ConsentParties): string => `${user}.${application}`;

export function decideGrantConsent(
  consent: Consent,
  command: ConsentParties & { readonly scopes: readonly string[] },
): Result<Decision, never> {
  const added = command.scopes.filter((scope) => !consent.scopes.has(scope));
  if (added.length === 0 && consent.tenant !== '') return accept(nothing);
  const { user, application } = command;
  const granted: ConsentEvent = { type: 'consent.consent.granted.v1', data: { user, application, scopes: added } };
  return accept({ facts: [granted] });
}

export function decideWithdrawConsent(consent: Consent, parties: ConsentParties): Result<Decision, never> {
  if (consent.scopes.size === 0) return accept(nothing);
  const { user, application } = parties;
  const withdrawn: ConsentEvent = { type: 'consent.consent.withdrawn.v1', data: { user, application } };
  return accept({ facts: [withdrawn] });
}

function evolveConsent(consent: Consent, event: DomainEvent): Consent {
  const fact = event as unknown as ConsentEvent;
  switch (fact.type) {
    case 'consent.consent.granted.v1': {
      const { tenant = '', org = '' } = event.meta;
      return { ...consent, tenant, org, scopes: new Set([...consent.scopes, ...fact.data.scopes]) };
    }
    case 'consent.consent.withdrawn.v1':
      return { ...consent, scopes: new Set(), endedRevision: event.revision };
    default:
      fact satisfies never;
      return consent;
  }
}
