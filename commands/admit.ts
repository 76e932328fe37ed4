/**
 * The one gate. Whatever hands out power (session, code, token) needs an `Admission`, and only `admit` makes one.
 *
 * It looks at the newest state of organization, application, user, session and consent in the log, never at a read
 * model, so that a change that disables something counts from the moment it is recorded.
 */
import { type Application, applications } from '../domain/applications/application.ts';
import type { GrantType } from '../domain/applications/application-events.ts';
import { consentId, consents } from '../domain/consents/consent.ts';
import type { AppId, TenantId, UserId } from '../domain/ids.ts';
import { organizations } from '../domain/organizations/organization.ts';
import { accept, type Result, refuse } from '../domain/result.ts';
import { type User, users } from '../domain/users/user.ts';
import type { Admission, Standing } from './admission.ts';
import type { Kernel } from './kernel.ts';
import { sessionHasEnded } from './sessions/session.ts';

export interface AdmitRequest {
  readonly tenant: TenantId;
  readonly user?: UserId;
  readonly application?: AppId;
  /** The session that the thing rests on: nobody may have ended it. */
  readonly session?: string;
  /** `as-configured`: the application says whether its tokens live on when the session is ended. Default: they do not. */
  readonly sessionRule?: 'must-live' | 'as-configured';
  /** The application must have it enabled. */
  readonly grantType?: GrantType;
  /** Standing of the session, code or grant that is used: whatever ended it later refuses. */
  readonly since?: Standing;
}

export const ADMIT_REFUSALS = [
  'organization-inactive',
  'application-unknown',
  'application-disabled',
  'client-revoked',
  'client-changed',
  'grant-type-not-enabled',
  'user-unknown',
  'user-locked',
  'user-disabled',
  'user-credentials-changed',
  'session-ended',
  'consent-withdrawn',
] as const;
export type AdmitRefusal = { readonly reason: (typeof ADMIT_REFUSALS)[number] };

/** An admission for the parties that were asked about. */
type Passed<Request> = Admission & Pick<Request, Extract<keyof Request, 'user' | 'application' | 'session'>>;

export async function admit<Request extends AdmitRequest>(
  kernel: Kernel,
  request: Request,
): Promise<Result<Passed<Request>, AdmitRefusal>> {
  const { tenant, user, application, session, grantType } = request;
  const organization = await kernel.aggregates.load(organizations, tenant);
  if (organization.state.status !== 'active') return refuse({ reason: 'organization-inactive' });

  const client = application === undefined ? null : await judgeApplication(kernel, { ...request, application });
  if (client?.ok === false) return client;
  const person = user === undefined ? null : await judgeUser(kernel, { ...request, user });
  if (person?.ok === false) return person;
  if (
    session !== undefined &&
    restsOnSession(request, client?.value.state) &&
    (await sessionHasEnded(kernel, tenant, session))
  ) {
    return refuse({ reason: 'session-ended' });
  }
  const consent = await judgeConsent(kernel, request);
  if (!consent.ok) return consent;

  const standing: Standing = {
    ...(person === null ? {} : { user: person.value.revision }),
    ...(client === null ? {} : { application: client.value.revision }),
    ...(consent.value === null ? {} : { consent: consent.value }),
  };
  return accept({
    tenant,
    user: user ?? null,
    application: application ?? null,
    session: session ?? null,
    grantType: grantType ?? null,
    standing,
    judged: {
      organization: organization.state,
      application: client?.value.state ?? null,
      user: person?.value.state ?? null,
    },
    atMs: kernel.clock(),
  } as unknown as Passed<Request>);
}

const restsOnSession = ({ sessionRule }: AdmitRequest, application: Application | undefined): boolean =>
  sessionRule !== 'as-configured' || application?.oidc?.accessToken.revokeWithSession !== false;

interface Seen<State> {
  readonly state: State;
  readonly revision: string;
}

async function judgeApplication(
  kernel: Kernel,
  { tenant, application, grantType, since }: AdmitRequest & { readonly application: AppId },
): Promise<Result<Seen<Application>, AdmitRefusal>> {
  const { state, revision } = await kernel.aggregates.load(applications, application);
  if (state.status !== 'present' || state.tenant !== tenant) return refuse({ reason: 'application-unknown' });
  if (!state.enabled) return refuse({ reason: 'application-disabled' });
  if (state.oidc === null) return refuse({ reason: 'application-unknown' });
  if (state.oidc.state === 'REVOKED') return refuse({ reason: 'client-revoked' });
  if (isOver(state.oidc.endedRevision, since?.application)) return refuse({ reason: 'client-changed' });
  if (grantType !== undefined && !state.oidc.grantTypes.includes(grantType)) {
    return refuse({ reason: 'grant-type-not-enabled' });
  }
  return accept({ state, revision: String(revision) });
}

async function judgeUser(
  kernel: Kernel,
  { tenant, user, since }: AdmitRequest & { readonly user: UserId },
): Promise<Result<Seen<User>, AdmitRefusal>> {
  const { state, revision } = await kernel.aggregates.load(users, user);
  if (state.status !== 'present' || state.tenant !== tenant) return refuse({ reason: 'user-unknown' });
  if (state.lock !== null) return refuse({ reason: 'user-locked' });
  if (state.disabled) return refuse({ reason: 'user-disabled' });
  if (isOver(state.endedRevision, since?.user)) return refuse({ reason: 'user-credentials-changed' });
  return accept({ state, revision: String(revision) });
}

/** Null where user and application have never met. */
async function judgeConsent(
  kernel: Kernel,
  { user, application, since }: AdmitRequest,
): Promise<Result<string | null, AdmitRefusal>> {
  if (user === undefined || application === undefined) return accept(null);
  const { state, revision } = await kernel.aggregates.load(consents, consentId({ user, application }));
  // What rests on an application and no consent event is older than the first: any withdrawal is later. A session rests
  // on the user alone, so that an earlier withdrawal does not stand in the way of a new consent.
  const rests = since?.application === undefined ? undefined : (since.consent ?? '-1');
  if (isOver(state.endedRevision, rests)) return refuse({ reason: 'consent-withdrawn' });
  return accept(revision === 'no-stream' ? null : String(revision));
}

const isOver = (endedRevision: bigint, since: string | undefined): boolean =>
  since !== undefined && endedRevision > BigInt(since);
