/** The contract's `ApplicationModel` and `ApplicationPatchModel`, to the command's input. */
import { z } from 'zod';
import type { settingsInput } from '../../../commands/applications/application-command.ts';
import { RestError, type WireError } from '../rest-error.ts';
import { applicationErrors } from './application-errors.ts';
import { oidcModel } from './oidc-wire.ts';
import { refuseUnsupported, type Unsupported } from './unsupported.ts';

export const APPLICATION_VERSION = 'v2.0.0';
export const SUBJECT_CLAIMS = {
  userid: 'http://wso2.org/claims/userid',
  username: 'http://wso2.org/claims/username',
} as const;
export const ROLE_CLAIM = 'http://wso2.org/claims/roles';
/** The resident application of the published server: nothing else bears its name. */
const RESIDENT_NAME = 'wso2carbon-local-sp';
const SYSTEM_NAMES = new Set(['console', 'my account']);

const text = z.string().max(2_000);
const flag = z.boolean();
const list = <Item extends z.ZodType>(item: Item) => z.array(item).max(1_000);
const claim = z.strictObject({ id: text, uri: text, displayName: text }).partial().required({ uri: true });
/** Of parts that are refused whenever they hold anything. */
const anything = z.record(z.string(), z.unknown());

const claimConfiguration = z
  .strictObject({
    dialect: z.enum(['CUSTOM', 'LOCAL']),
    claimMappings: list(z.strictObject({ applicationClaim: text, localClaim: claim })),
    requestedClaims: list(z.strictObject({ claim, mandatory: flag.default(false) })),
    subject: z
      .strictObject({
        claim,
        includeUserDomain: flag,
        includeTenantDomain: flag,
        useMappedLocalSubject: flag,
        mappedLocalSubjectMandatory: flag,
      })
      .partial(),
    role: z
      .strictObject({
        mappings: list(z.strictObject({ localRole: text, applicationRole: text })),
        includeUserDomain: flag,
        claim,
      })
      .partial(),
  })
  .partial();

const advancedConfigurations = z
  .strictObject({
    saas: flag,
    discoverableByEndUsers: flag,
    discoverableGroups: list(anything),
    certificate: anything.nullable(),
    skipLoginConsent: flag,
    skipLogoutConsent: flag,
    useExternalConsentPage: flag,
    returnAuthenticatedIdpList: flag,
    enableAuthorization: flag,
    fragment: flag,
    enableAPIBasedAuthentication: flag,
    attestationMetaData: anything.nullable(),
    trustedAppConfiguration: anything.nullable(),
    additionalSpProperties: list(anything),
  })
  .partial();

const shared = {
  description: text.nullish(),
  imageUrl: text.nullish(),
  accessUrl: text.nullish(),
  logoutReturnUrl: text.nullish(),
  templateId: text.nullish(),
  templateVersion: text.nullish(),
  applicationVersion: text.nullish(),
  applicationEnabled: flag.nullish(),
  associatedRoles: z
    .strictObject({
      allowedAudience: z.enum(['ORGANIZATION', 'APPLICATION']),
      roles: list(z.strictObject({ id: text, name: text.optional() })).optional(),
    })
    .nullish(),
  claimConfiguration: claimConfiguration.nullish(),
  authenticationSequence: z.looseObject({ type: z.enum(['DEFAULT', 'USER_DEFINED']).optional() }).nullish(),
  advancedConfigurations: advancedConfigurations.nullish(),
  provisioningConfigurations: anything.nullish(),
};

export const applicationPatchModel = z.strictObject({ name: z.string().optional(), ...shared });
export type ApplicationPatch = z.output<typeof applicationPatchModel>;

export const applicationModel = applicationPatchModel.extend({
  /** Read only: left out of account, as published clients send back what they got. */
  id: text.nullish(),
  name: z.string(),
  isManagementApp: flag.nullish(),
  isB2BSelfServiceApp: flag.nullish(),
  inboundProtocolConfiguration: z
    .strictObject({
      oidc: oidcModel.nullish(),
      saml: anything.nullish(),
      passiveSts: anything.nullish(),
      wsTrust: anything.nullish(),
      custom: list(anything).nullish(),
    })
    .nullish(),
});

const { invalid } = applicationErrors;
const not = (
  path: string,
  reason: string,
  harmless: Unsupported['harmless'] = [false],
  error: WireError = invalid,
): Unsupported => ({ path: path.split('.'), harmless, error, reason });

const UNSUPPORTED: readonly Unsupported[] = [
  not('isManagementApp', 'management applications are not told apart: authorize the application for APIs.'),
  not('isB2BSelfServiceApp', 'B2B self service is not supported.'),
  not('applicationVersion', `only ${APPLICATION_VERSION} is supported.`, [APPLICATION_VERSION]),
  not('inboundProtocolConfiguration.saml', 'SAML is not supported.'),
  not('inboundProtocolConfiguration.passiveSts', 'WS-Federation is not supported.'),
  not('inboundProtocolConfiguration.wsTrust', 'WS-Trust is not supported.'),
  not('inboundProtocolConfiguration.custom', 'custom protocols are not supported.'),
  not('associatedRoles.roles', 'roles follow from the audience.', [], applicationErrors.roleNotAllowed),
  not('authenticationSequence.type', 'only the default sequence is supported.', ['DEFAULT']),
  not('claimConfiguration.dialect', 'only local claims are supported.', ['LOCAL']),
  not('claimConfiguration.claimMappings', 'claim mappings are not supported.'),
  not('claimConfiguration.role.mappings', 'role mappings are not supported.'),
  not('claimConfiguration.role.includeUserDomain', 'role names carry no user store.', [true]),
  not('claimConfiguration.role.claim.uri', 'only the roles claim is supported.', [ROLE_CLAIM]),
  not('claimConfiguration.subject.claim.uri', 'must be the user id or the user name.', Object.values(SUBJECT_CLAIMS)),
  not('claimConfiguration.subject.includeUserDomain', 'subjects carry no user store.'),
  not('claimConfiguration.subject.includeTenantDomain', 'subjects carry no tenant.'),
  not('claimConfiguration.subject.useMappedLocalSubject', 'mapped subjects are not supported.'),
  not('advancedConfigurations.saas', 'an application serves its own tenant only.'),
  not('advancedConfigurations.discoverableByEndUsers', 'discoverable applications are not supported.'),
  not('advancedConfigurations.discoverableGroups', 'discoverable applications are not supported.'),
  not('advancedConfigurations.certificate', 'certificates are not supported.'),
  not('advancedConfigurations.useExternalConsentPage', 'external consent pages are not supported.'),
  not('advancedConfigurations.returnAuthenticatedIdpList', 'the list of identity providers is not returned.'),
  not('advancedConfigurations.enableAuthorization', 'authorization policies are not supported.'),
  not('advancedConfigurations.fragment', 'is read only.'),
  not('advancedConfigurations.enableAPIBasedAuthentication', 'API based authentication is not supported.'),
  not('advancedConfigurations.attestationMetaData.enableClientAttestation', 'attestation is not supported.'),
  not('advancedConfigurations.trustedAppConfiguration', 'trusted mobile applications are not supported.'),
  not('advancedConfigurations.additionalSpProperties', 'are read only.', [], applicationErrors.readOnlyProperties),
  not('provisioningConfigurations.inboundProvisioning.proxyMode', 'provisioning is not supported.'),
  not(
    'provisioningConfigurations.outboundProvisioningIdps',
    'outbound provisioning is off.',
    [],
    applicationErrors.outboundProvisioningOff,
  ),
];

interface ReservedNameErrors {
  readonly resident: WireError;
  readonly system: WireError;
}

/** The contract has its own answers for creation and for renaming. */
export const onCreate: ReservedNameErrors = {
  resident: applicationErrors.nameTaken,
  system: applicationErrors.reservedNameOnCreate,
};
export const onRename: ReservedNameErrors = {
  resident: applicationErrors.forbidden,
  system: applicationErrors.reservedNameOnUpdate,
};

export function refuseReservedName(name: string | undefined, errors: ReservedNameErrors): void {
  const folded = name?.toLowerCase() ?? '';
  if (folded === RESIDENT_NAME) throw new RestError(errors.resident, `The name ${RESIDENT_NAME} is reserved.`);
  if (SYSTEM_NAMES.has(folded)) throw new RestError(errors.system, `The name ${name} is the server’s own.`);
}

const ROLE_AUDIENCES = { ORGANIZATION: 'organization', APPLICATION: 'application' } as const;

export function settingsCommandInput(model: ApplicationPatch): z.input<typeof settingsInput> {
  const subject = model.claimConfiguration?.subject;
  if (subject?.mappedLocalSubjectMandatory === true && subject.useMappedLocalSubject !== true) {
    throw new RestError(
      applicationErrors.subjectContradicts,
      'claimConfiguration.subject: a mapped subject cannot be mandatory without being used.',
    );
  }
  refuseUnsupported(model, UNSUPPORTED);
  const { skipLoginConsent, skipLogoutConsent } = model.advancedConfigurations ?? {};
  const presentation = given({
    description: model.description,
    imageUrl: model.imageUrl,
    accessUrl: model.accessUrl,
    logoutReturnUrl: model.logoutReturnUrl,
    templateId: model.templateId,
    templateVersion: model.templateVersion,
  });
  const claims = claimsOf(model.claimConfiguration);
  const audience = model.associatedRoles?.allowedAudience;
  return {
    presentation,
    consent: given({ skipLogin: skipLoginConsent, skipLogout: skipLogoutConsent }),
    ...(typeof model.applicationEnabled === 'boolean' ? { enabled: model.applicationEnabled } : {}),
    ...(claims === null ? {} : { claims }),
    ...(audience === undefined ? {} : { roleAudience: ROLE_AUDIENCES[audience] }),
  };
}

type Given<Members> = { [Key in keyof Members]?: Exclude<Members[Key], undefined> };

const given = <Members extends object>(members: Members): Given<Members> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<Members>;

function claimsOf(configuration: ApplicationPatch['claimConfiguration']) {
  if (configuration === undefined || configuration === null) return null;
  const { subject, requestedClaims = [] } = configuration;
  const isUserName = subject?.claim?.uri === SUBJECT_CLAIMS.username;
  return {
    subject: isUserName ? ('username' as const) : ('userid' as const),
    requested: requestedClaims.map(({ claim: { uri }, mandatory }) => ({ claim: uri, mandatory })),
  };
}
