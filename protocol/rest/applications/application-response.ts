/** The contract's answers about applications. */

import type { Caller } from '../../../commands/caller.ts';
import { may } from '../../../commands/permissions.ts';
import type { Application } from '../../../domain/applications/application.ts';
import type { Document } from '../../../infra/read-store/read-store.ts';
import { APPLICATION_VERSION, ROLE_CLAIM, SUBJECT_CLAIMS } from './application-wire.ts';

export const OIDC_PROTOCOL = 'oauth2';

interface Shown {
  readonly id: string;
  readonly application: Application;
  readonly caller: Caller;
  /** Path of the management API. */
  readonly base: string;
}

export function applicationResponse({ id, application, caller, base }: Shown): object {
  const { name, presentation, oidc, enabled, system } = application;
  return {
    id,
    name,
    ...withoutNulls(presentation),
    applicationVersion: APPLICATION_VERSION,
    ...(oidc === null ? {} : { clientId: oidc.clientId }),
    isManagementApp: false,
    isB2BSelfServiceApp: false,
    applicationEnabled: enabled,
    associatedRoles: { allowedAudience: application.roleAudience.toUpperCase(), roles: [] },
    claimConfiguration: claimConfiguration(application),
    inboundProtocols: inboundProtocols({ id, application, base }),
    authenticationSequence: DEFAULT_SEQUENCE,
    advancedConfigurations: advancedConfigurations(application),
    provisioningConfigurations: { outboundProvisioningIdps: [] },
    access: accessOf(caller, system),
  };
}

const DEFAULT_SEQUENCE = {
  type: 'DEFAULT',
  steps: [{ id: 1, options: [{ idp: 'LOCAL', authenticator: 'BasicAuthenticator' }] }],
  requestPathAuthenticators: [],
  subjectStepId: 1,
  attributeStepId: 1,
} as const;

const claimConfiguration = ({ claims }: Application): object => ({
  dialect: 'LOCAL',
  claimMappings: [],
  requestedClaims: claims.requested.map(({ claim, mandatory }) => ({ claim: { uri: claim }, mandatory })),
  subject: {
    claim: { uri: SUBJECT_CLAIMS[claims.subject] },
    includeUserDomain: false,
    includeTenantDomain: false,
    useMappedLocalSubject: false,
    mappedLocalSubjectMandatory: false,
  },
  role: { mappings: [], includeUserDomain: true, claim: { uri: ROLE_CLAIM } },
});

export const advancedConfigurations = ({ consent }: Pick<Application, 'consent'>): object => ({
  saas: false,
  discoverableByEndUsers: false,
  skipLoginConsent: consent.skipLogin,
  skipLogoutConsent: consent.skipLogout,
  useExternalConsentPage: false,
  returnAuthenticatedIdpList: false,
  enableAuthorization: false,
  fragment: false,
  enableAPIBasedAuthentication: false,
  additionalSpProperties: [],
});

export const inboundProtocols = ({ id, application, base }: Omit<Shown, 'caller'>): readonly object[] =>
  application.oidc === null
    ? []
    : [{ type: OIDC_PROTOCOL, name: 'OpenID Connect', self: `${base}/applications/${id}/inbound-protocols/oidc` }];

export const accessOf = (caller: Caller, system: boolean): 'READ' | 'WRITE' =>
  !system && may(caller, ['internal_application_mgt_update']) ? 'WRITE' : 'READ';

const withoutNulls = (members: object): object =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));

/** What `attributes` of the list may name. */
export const LIST_ATTRIBUTES = [
  'advancedConfigurations',
  'templateId',
  'templateVersion',
  'clientId',
  'issuer',
  'associatedRoles.allowedAudience',
] as const;
export type ListAttribute = (typeof LIST_ATTRIBUTES)[number];

interface Listed {
  readonly document: Document;
  readonly caller: Caller;
  readonly base: string;
  readonly attributes: ReadonlySet<ListAttribute>;
  /** Only where `advancedConfigurations` are asked for. */
  readonly application: Application | null;
}

export function listItem({ document, caller, base, attributes, application }: Listed): object {
  const { id, name, description, imageUrl, accessUrl, clientId, templateId, templateVersion, enabled } = document;
  return {
    id,
    name,
    ...withoutNulls({
      description: description ?? null,
      image: imageUrl ?? null,
      accessUrl: accessUrl ?? null,
      clientId: attributes.has('clientId') ? (clientId ?? null) : null,
      templateId: attributes.has('templateId') ? (templateId ?? null) : null,
      templateVersion: attributes.has('templateVersion') ? (templateVersion ?? null) : null,
    }),
    applicationVersion: APPLICATION_VERSION,
    applicationEnabled: enabled,
    access: accessOf(caller, document['system'] === true),
    self: `${base}/applications/${id}`,
    ...(application === null ? {} : { advancedConfigurations: advancedConfigurations(application) }),
    ...(attributes.has('associatedRoles.allowedAudience')
      ? { associatedRoles: { allowedAudience: String(document['roleAudience'] ?? 'organization').toUpperCase() } }
      : {}),
  };
}
