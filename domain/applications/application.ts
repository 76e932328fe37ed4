/** An application: what it is called, how it speaks OpenID Connect, what it may ask for. */
import type { Aggregate } from '../aggregate.ts';
import type { Claim, Decision } from '../decision.ts';
import type { DomainEvent } from '../event.ts';
import type { OrgId } from '../ids.ts';
import { accept, type Result, refuse } from '../result.ts';
import type { ApplicationEvent, OidcConfiguration } from './application-events.ts';

export const APPLICATION_NAME_CHARACTERS_MAX = 255;
export const CALLBACK_URLS_MAX = 100;

export interface Presentation {
  readonly description: string | null;
  readonly imageUrl: string | null;
  readonly accessUrl: string | null;
  readonly logoutReturnUrl: string | null;
  readonly templateId: string | null;
  readonly templateVersion: string | null;
}

export interface ApiAuthorization {
  readonly policy: 'RBAC' | 'NO POLICY';
  readonly scopes: ReadonlySet<string>;
}

export interface Oidc extends OidcConfiguration {
  readonly state: 'ACTIVE' | 'REVOKED';
  /** Id of the client secret in the vault; null for a public client. */
  readonly secret: string | null;
  /** Revision of the last event that ended every grant made before it. */
  readonly endedRevision: bigint;
}

export interface ClaimConfiguration {
  readonly subject: 'userid' | 'username';
  readonly requested: readonly { readonly claim: string; readonly mandatory: boolean }[];
}

export interface Application {
  readonly status: 'absent' | 'present' | 'deleted';
  readonly tenant: string;
  readonly org: string;
  readonly name: string;
  readonly system: boolean;
  readonly enabled: boolean;
  readonly presentation: Presentation;
  readonly consent: { readonly skipLogin: boolean; readonly skipLogout: boolean };
  readonly claims: ClaimConfiguration;
  /** Whose roles count in its tokens. */
  readonly roleAudience: 'organization' | 'application';
  readonly oidc: Oidc | null;
  readonly apis: ReadonlyMap<string, ApiAuthorization>;
  readonly createdAt: string;
}

const noPresentation: Presentation = {
  description: null,
  imageUrl: null,
  accessUrl: null,
  logoutReturnUrl: null,
  templateId: null,
  templateVersion: null,
};

const absent: Application = {
  status: 'absent',
  tenant: '',
  org: '',
  name: '',
  system: false,
  enabled: true,
  presentation: noPresentation,
  consent: { skipLogin: false, skipLogout: false },
  claims: { subject: 'userid', requested: [] },
  roleAudience: 'organization',
  oidc: null,
  apis: new Map(),
  createdAt: '',
};

export type ApplicationRefusal =
  | { readonly reason: 'application-exists' }
  | { readonly reason: 'application-not-found' }
  | { readonly reason: 'application-name-invalid' }
  | { readonly reason: 'system-application' }
  | { readonly reason: 'oidc-not-configured' }
  | { readonly reason: 'client-id-fixed' }
  | { readonly reason: 'public-client-has-no-secret' }
  | { readonly reason: 'callback-missing' }
  | { readonly reason: 'callback-invalid'; readonly callback: string }
  | { readonly reason: 'too-many-callbacks'; readonly max: number }
  | { readonly reason: 'origin-invalid'; readonly origin: string }
  | { readonly reason: 'grant-not-for-public-client'; readonly grantType: string }
  | { readonly reason: 'api-already-authorized' }
  | { readonly reason: 'api-not-authorized' };

export const applications: Aggregate<Application> = {
  category: 'app',
  initial: absent,
  evolve: evolveApplication,
  home: (application) => (application.status === 'absent' ? null : application),
};

export const applicationNameClaim = (application: { readonly org: string; readonly name: string }): Claim => ({
  kind: 'application-name',
  scope: application.org,
  value: application.name,
});

export const clientIdClaim = (tenant: string, clientId: string): Claim => ({
  kind: 'client-id',
  scope: tenant,
  value: clientId,
});

export interface NewApplication {
  readonly tenant: string;
  readonly org: OrgId;
  readonly name: string;
  readonly system?: boolean;
  readonly settings?: ApplicationSettings;
  readonly oidc?: OidcConfiguration;
  readonly secret?: string;
}

/** What may change in one request beside the protocol; what is as asked already is left out. */
export interface ApplicationSettings {
  readonly name?: string;
  readonly enabled?: boolean;
  readonly presentation?: Partial<Presentation>;
  readonly consent?: { readonly skipLogin?: boolean; readonly skipLogout?: boolean };
  readonly claims?: ClaimConfiguration;
  readonly roleAudience?: Application['roleAudience'];
}

export function decideCreateApplication(
  application: Application,
  command: NewApplication,
): Result<Decision, ApplicationRefusal> {
  if (application.status !== 'absent') return refuse({ reason: 'application-exists' });
  if (!isApplicationName(command.name)) return refuse({ reason: 'application-name-invalid' });
  const refusal = command.oidc === undefined ? null : oidcRefusal(command.oidc, command.system === true);
  if (refusal !== null) return refuse(refusal);

  const { org, name, system = false, settings, oidc, secret, tenant } = command;
  const facts: ApplicationEvent[] = [{ type: 'application.application.created.v1', data: { org, name, system } }];
  facts.push(...settingFacts({ ...absent, name }, { ...settings, name }));
  if (oidc !== undefined) facts.push({ type: 'application.oidc.configured.v1', data: oidc });
  if (secret !== undefined) facts.push(secretSet(secret));
  const claims = [applicationNameClaim(command)];
  if (oidc !== undefined) claims.push(clientIdClaim(tenant, oidc.clientId));
  return accept({ facts, claims });
}

export function decideChangeApplication(
  application: Application,
  settings: ApplicationSettings,
): Result<Decision, ApplicationRefusal> {
  if (application.status !== 'present') return refuse({ reason: 'application-not-found' });
  const renames = settings.name !== undefined && settings.name !== application.name;
  if (renames && application.system) return refuse({ reason: 'system-application' });
  if (application.system && settings.enabled === false) return refuse({ reason: 'system-application' });
  if (settings.name !== undefined && !isApplicationName(settings.name)) {
    return refuse({ reason: 'application-name-invalid' });
  }
  const facts = settingFacts(application, settings);
  if (!renames) return accept({ facts });
  const { org } = application;
  return accept({
    facts,
    claims: [applicationNameClaim({ org, name: settings.name ?? '' })],
    releases: [applicationNameClaim(application)],
  });
}

/** Sets the protocol up, or replaces its configuration. `secret` where a confidential client has none yet. */
export function decideConfigureOidc(
  application: Application,
  command: { readonly oidc: OidcConfiguration; readonly secret?: string },
): Result<Decision, ApplicationRefusal> {
  if (application.status !== 'present') return refuse({ reason: 'application-not-found' });
  const { oidc: before, tenant } = application;
  if (before !== null && before.clientId !== command.oidc.clientId) return refuse({ reason: 'client-id-fixed' });
  const refusal = oidcRefusal(command.oidc, application.system);
  if (refusal !== null) return refuse(refusal);

  const facts: ApplicationEvent[] = [];
  if (before === null || !sameConfiguration(before, command.oidc)) {
    facts.push({ type: 'application.oidc.configured.v1', data: command.oidc });
  }
  if (command.secret !== undefined && !command.oidc.publicClient) facts.push(secretSet(command.secret));
  return accept(before === null ? { facts, claims: [clientIdClaim(tenant, command.oidc.clientId)] } : { facts });
}

/** Tokens got with the former secret end; a revoked client becomes active again. */
export function decideSetClientSecret(application: Application, secret: string): Result<Decision, ApplicationRefusal> {
  if (application.status !== 'present') return refuse({ reason: 'application-not-found' });
  if (application.oidc === null) return refuse({ reason: 'oidc-not-configured' });
  if (application.oidc.publicClient) return refuse({ reason: 'public-client-has-no-secret' });
  return accept({ facts: [secretSet(secret)] });
}

export function decideRevokeClient(application: Application): Result<Decision, ApplicationRefusal> {
  if (application.status !== 'present') return refuse({ reason: 'application-not-found' });
  if (application.oidc === null) return refuse({ reason: 'oidc-not-configured' });
  if (application.oidc.state === 'REVOKED') return accept({ facts: [] });
  return accept({ facts: [{ type: 'application.oidc.revoked.v1', data: {} }] });
}

export function decideRemoveOidc(application: Application): Result<Decision, ApplicationRefusal> {
  if (application.status !== 'present') return refuse({ reason: 'application-not-found' });
  if (application.system) return refuse({ reason: 'system-application' });
  if (application.oidc === null) return refuse({ reason: 'oidc-not-configured' });
  return accept({
    facts: [{ type: 'application.oidc.removed.v1', data: {} }],
    releases: [clientIdClaim(application.tenant, application.oidc.clientId)],
  });
}

export function decideDeleteApplication(application: Application): Result<Decision, ApplicationRefusal> {
  if (application.status !== 'present') return refuse({ reason: 'application-not-found' });
  if (application.system) return refuse({ reason: 'system-application' });
  const releases = [applicationNameClaim(application)];
  if (application.oidc !== null) releases.push(clientIdClaim(application.tenant, application.oidc.clientId));
  return accept({ facts: [{ type: 'application.application.deleted.v1', data: {} }], releases });
}

export function decideAuthorizeApi(
  application: Application,
  command: { readonly api: string; readonly policy: 'RBAC' | 'NO POLICY'; readonly scopes: readonly string[] },
): Result<Decision, ApplicationRefusal> {
  if (application.status !== 'present') return refuse({ reason: 'application-not-found' });
  if (application.apis.has(command.api)) return refuse({ reason: 'api-already-authorized' });
  return accept({ facts: [authorized(command.api, command.policy, new Set(command.scopes))] });
}

/** A scope both added and removed is removed. */
export function decideChangeApiScopes(
  application: Application,
  command: { readonly api: string; readonly added: readonly string[]; readonly removed: readonly string[] },
): Result<Decision, ApplicationRefusal> {
  const before = application.apis.get(command.api);
  if (application.status !== 'present') return refuse({ reason: 'application-not-found' });
  if (before === undefined) return refuse({ reason: 'api-not-authorized' });
  const removed = new Set(command.removed);
  const scopes = new Set([...before.scopes, ...command.added].filter((scope) => !removed.has(scope)));
  if (scopes.symmetricDifference(before.scopes).size === 0) return accept({ facts: [] });
  return accept({ facts: [authorized(command.api, before.policy, scopes)] });
}

export function decideUnauthorizeApi(application: Application, api: string): Result<Decision, ApplicationRefusal> {
  if (application.status !== 'present') return refuse({ reason: 'application-not-found' });
  if (!application.apis.has(api)) return accept({ facts: [] });
  return accept({ facts: [{ type: 'application.api.unauthorized.v1', data: { api } }] });
}

const secretSet = (secret: string): ApplicationEvent => ({ type: 'application.oidc.secret_set.v1', data: { secret } });

const authorized = (api: string, policy: 'RBAC' | 'NO POLICY', scopes: ReadonlySet<string>): ApplicationEvent => ({
  type: 'application.api.authorized.v1',
  data: { api, policy, scopes: [...scopes].sort() },
});

/** Letters, digits, blanks and `_-.`; no blank at either end. */
const isApplicationName = (name: string): boolean =>
  /^[\p{L}\p{N}_.-][\p{L}\p{N} _.-]*$/u.test(name) &&
  name.trim() === name &&
  name.length <= APPLICATION_NAME_CHARACTERS_MAX;

function settingFacts(before: Application, settings: ApplicationSettings): ApplicationEvent[] {
  const facts: ApplicationEvent[] = [];
  const { name, enabled, claims } = settings;
  if (name !== undefined && name !== before.name) {
    facts.push({ type: 'application.application.renamed.v1', data: { name } });
  }
  const presentation = { ...before.presentation, ...settings.presentation };
  if (!same(presentation, before.presentation)) {
    facts.push({ type: 'application.application.described.v1', data: presentation });
  }
  const consent = { ...before.consent, ...settings.consent };
  if (!same(consent, before.consent)) facts.push({ type: 'application.consent.configured.v1', data: consent });
  if (claims !== undefined && !same(claims, before.claims)) {
    facts.push({ type: 'application.claims.configured.v1', data: { ...claims, requested: [...claims.requested] } });
  }
  const { roleAudience: audience = before.roleAudience } = settings;
  if (audience !== before.roleAudience) facts.push({ type: 'application.roles.configured.v1', data: { audience } });
  if (enabled === true && !before.enabled) facts.push({ type: 'application.application.enabled.v1', data: {} });
  if (enabled === false && before.enabled) facts.push({ type: 'application.application.disabled.v1', data: {} });
  return facts;
}

const same = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);

function sameConfiguration(before: Oidc, after: OidcConfiguration): boolean {
  const { state: _state, secret: _secret, endedRevision: _endedRevision, ...configuration } = before;
  return same(configuration, after);
}

function oidcRefusal(oidc: OidcConfiguration, system: boolean): ApplicationRefusal | null {
  if (oidc.callbackUrls.length > CALLBACK_URLS_MAX) return { reason: 'too-many-callbacks', max: CALLBACK_URLS_MAX };
  if (oidc.grantTypes.includes('authorization_code') && oidc.callbackUrls.length === 0) {
    return { reason: 'callback-missing' };
  }
  if (oidc.publicClient && oidc.grantTypes.includes('client_credentials')) {
    return { reason: 'grant-not-for-public-client', grantType: 'client_credentials' };
  }
  const callback = oidc.callbackUrls.find((url) => !isCallback(url) && !(system && isOwnPath(url)));
  if (callback !== undefined) return { reason: 'callback-invalid', callback };
  const origin = oidc.allowedOrigins.find((candidate) => !isOrigin(candidate));
  return origin === undefined ? null : { reason: 'origin-invalid', origin };
}

const FORBIDDEN_SCHEMES = new Set(['javascript:', 'data:', 'vbscript:', 'file:', 'blob:', 'about:']);

/** Absolute, without fragment or user information, and of no scheme that a browser executes (RFC 6749 §3.1.2, RFC 8252 §7). */
function isCallback(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || /[\s#\\]/.test(text)) return false;
  if (url.username !== '' || url.password !== '') return false;
  return !FORBIDDEN_SCHEMES.has(url.protocol);
}

/** Only of the server's own applications: a path below its public address, which may change. */
export const isOwnPath = (text: string): boolean => /^\/[a-z-]+$/.test(text);

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.origin === text;
}

function evolveApplication(application: Application, event: DomainEvent): Application {
  const fact = event as unknown as ApplicationEvent;
  const { at, tenant = '' } = event.meta;
  switch (fact.type) {
    case 'application.application.created.v1':
      return { ...absent, ...fact.data, status: 'present', tenant, createdAt: at };
    case 'application.application.renamed.v1':
      return { ...application, name: fact.data.name };
    case 'application.application.described.v1':
      return { ...application, presentation: fact.data };
    case 'application.application.enabled.v1':
      return { ...application, enabled: true };
    case 'application.application.disabled.v1':
      return { ...application, enabled: false, oidc: ended(application.oidc, event.revision) };
    case 'application.consent.configured.v1':
      return { ...application, consent: fact.data };
    case 'application.claims.configured.v1':
      return { ...application, claims: fact.data };
    case 'application.roles.configured.v1':
      return { ...application, roleAudience: fact.data.audience };
    case 'application.oidc.configured.v1': {
      // Set up anew after it was removed, the client is a new one, also under its old id.
      const { state = 'ACTIVE', secret = null, endedRevision = event.revision } = application.oidc ?? {};
      return { ...application, oidc: { ...fact.data, state, secret, endedRevision } };
    }
    case 'application.oidc.secret_set.v1':
      return { ...application, oidc: withSecret(application.oidc, fact.data.secret, event.revision) };
    case 'application.oidc.revoked.v1': {
      const oidc = ended(application.oidc, event.revision);
      return { ...application, oidc: oidc === null ? null : { ...oidc, state: 'REVOKED' } };
    }
    case 'application.oidc.removed.v1':
      return { ...application, oidc: null };
    case 'application.api.authorized.v1': {
      const { api, policy, scopes } = fact.data;
      return { ...application, apis: new Map(application.apis).set(api, { policy, scopes: new Set(scopes) }) };
    }
    case 'application.api.unauthorized.v1':
      return { ...application, apis: new Map([...application.apis].filter(([api]) => api !== fact.data.api)) };
    case 'application.application.deleted.v1':
      return { ...application, status: 'deleted', oidc: ended(application.oidc, event.revision) };
    default:
      fact satisfies never;
      return application;
  }
}

const ended = (oidc: Oidc | null, endedRevision: bigint): Oidc | null =>
  oidc === null ? null : { ...oidc, endedRevision };

function withSecret(oidc: Oidc | null, secret: string, revision: bigint): Oidc | null {
  if (oidc === null) return null;
  const endedRevision = oidc.secret === null ? oidc.endedRevision : revision;
  return { ...oidc, secret, state: 'ACTIVE', endedRevision };
}
