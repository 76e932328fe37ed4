import { z } from 'zod';
import {
  type Consent,
  consentId,
  consents,
  decideGrantConsent,
  decideWithdrawConsent,
} from '../../domain/consents/consent.ts';
import { appId, userId } from '../../domain/id-parsers.ts';
import { accept, type Result, refuse } from '../../domain/result.ts';
import type { Command, Scope } from '../command.ts';

type ConsentRefusal = { readonly reason: 'not-own-consent' };

const parties = z.strictObject({ user: userId, application: appId });
const grantInput = parties.extend({ scopes: z.array(z.string().max(255)).max(500) });

const shared = {
  permissions: ['internal_login'],
  aggregate: consents,
  target: (input: z.output<typeof parties>): string => consentId(input),
  facts: onlyOwn,
};

/** Of the consent page alone, not to be sent by name: an application that acts for a user could give itself more. */
export const grantConsent: Command<z.output<typeof grantInput>, Consent, ConsentRefusal, null> = {
  ...shared,
  type: 'GrantConsent',
  summary: 'Remembers what a user allows an application.',
  input: grantInput,
  decide: (consent, command) => decideGrantConsent(consent, command),
};

export const withdrawConsent: Command<z.output<typeof parties>, Consent, ConsentRefusal, null> = {
  ...shared,
  type: 'WithdrawConsent',
  summary: 'Withdraws a consent; the application’s grants for this user end.',
  input: parties,
  decide: (consent, command) => decideWithdrawConsent(consent, command),
};

/** Consent is the user's own: no administrator gives it for him. */
async function onlyOwn(scope: Scope<z.output<typeof parties>>): Promise<Result<null, ConsentRefusal>> {
  const { caller } = scope.envelope;
  return caller.kind === 'user' && caller.id === scope.input.user
    ? accept(null)
    : refuse({ reason: 'not-own-consent' });
}
