/** What the user lets an application have: whether he must be asked, and what he answered. */
import { grantConsent } from '../../commands/consents/consent-commands.ts';
import { execute } from '../../commands/pipeline.ts';
import type { Session } from '../../commands/sessions/session.ts';
import type { Application } from '../../domain/applications/application.ts';
import { consentId, consents } from '../../domain/consents/consent.ts';
import type { Request, Response } from '../http/route.ts';
import { answer } from './authorize-answer.ts';
import { AuthorizeError, type AuthorizeRequest, unknownFlow } from './authorize-request.ts';
import { browserSession } from './browser.ts';
import { findFlow, useUpFlow } from './flows.ts';
import { type OauthDoor, traceOf } from './oauth-door.ts';

interface Asked {
  readonly application: Application;
  readonly session: Session;
  readonly scopes: readonly string[];
}

export async function needsConsent(
  { kernel }: OauthDoor,
  authorize: AuthorizeRequest,
  { application, session, scopes }: Asked,
): Promise<boolean> {
  if (authorize.prompts.includes('consent')) return true;
  if (application.consent.skipLogin) return false;
  const parties = { user: session.user, application: authorize.application };
  const { state: consent } = await kernel.aggregates.load(consents, consentId(parties));
  return consent.scopes.size === 0 || !scopes.every((scope) => consent.scopes.has(scope));
}

export async function answerConsent(door: OauthDoor, request: Request, form: URLSearchParams): Promise<Response> {
  const flow = await findFlow(door, request, 'consent-flow', form.get('sessionDataKeyConsent'));
  const session = await browserSession(door, request);
  if (flow === null || session?.id !== flow.value.session) throw unknownFlow();
  if (!(await useUpFlow(door, flow))) throw unknownFlow();

  const { request: authorize, scopes } = flow.value;
  const consent = form.getAll('consent').length === 1 ? form.get('consent') : null;
  if (consent !== 'approve' && consent !== 'approveAlways') {
    throw new AuthorizeError(authorize, 'access_denied', 'User denied the consent');
  }
  if (consent === 'approveAlways') await remember(door, request, { session, authorize, scopes });
  return await answer(door, request, authorize, { session, scopes });
}

interface Approved {
  readonly session: Session;
  readonly authorize: AuthorizeRequest;
  readonly scopes: readonly string[];
}

async function remember(door: OauthDoor, request: Request, { session, authorize, scopes }: Approved): Promise<void> {
  const { user } = session;
  const { id: tenant } = request.tenant;
  const caller = {
    kind: 'user',
    id: user,
    tenant,
    org: tenant,
    permissions: new Set(grantConsent.permissions),
    memoryKey: `user|${user}`,
  } as const;
  const input = { user, application: authorize.application, scopes };
  const remembered = await execute(door.kernel, grantConsent, input, { caller, ...traceOf(request) });
  if (!remembered.ok) throw new AuthorizeError(authorize, 'server_error', 'The consent was not recorded.');
}
