/** The contract's `OpenIDConnectConfiguration`, to the command's input and back. */
import { z } from 'zod';
import type { OidcInput, oidcInput } from '../../../commands/applications/application-command.ts';
import type { Oidc } from '../../../domain/applications/application.ts';
import { GRANT_TYPES, type GrantType } from '../../../domain/applications/application-events.ts';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../../../domain/keys/signing-keys.ts';
import { RestError } from '../rest-error.ts';
import { applicationErrors } from './application-errors.ts';
import { refuseUnsupported, type Unsupported } from './unsupported.ts';

const text = z.string().max(2_000);
const texts = z.array(text).max(1_000);
const seconds = z.number().int();
const flag = z.boolean();
const encryption = z.strictObject({ enabled: flag, algorithm: text, method: text }).partial();

export const oidcModel = z.strictObject({
  clientId: text.nullish(),
  clientSecret: text.nullish(),
  /** Read only. */
  state: z.enum(['ACTIVE', 'REVOKED']).nullish(),
  grantTypes: z.array(text).min(1).max(50),
  callbackURLs: texts.nullish(),
  allowedOrigins: texts.nullish(),
  publicClient: flag.nullish(),
  pkce: z.strictObject({ mandatory: flag, supportPlainTransformAlgorithm: flag }).partial().nullish(),
  accessToken: z
    .strictObject({
      type: text,
      userAccessTokenExpiryInSeconds: seconds,
      applicationAccessTokenExpiryInSeconds: seconds,
      bindingType: text,
      revokeTokensWhenIDPSessionTerminated: flag,
      validateTokenBinding: flag,
      accessTokenAttributes: texts,
    })
    .partial()
    .nullish(),
  hybridFlow: z.strictObject({ enable: flag, responseType: text.nullable() }).partial().nullish(),
  refreshToken: z.strictObject({ expiryInSeconds: seconds, renewRefreshToken: flag }).partial().nullish(),
  subjectToken: z.strictObject({ enable: flag, applicationSubjectTokenExpiryInSeconds: seconds }).partial().nullish(),
  idToken: z
    .strictObject({ expiryInSeconds: seconds, audience: texts, idTokenSignedResponseAlg: text, encryption })
    .partial()
    .nullish(),
  logout: z.strictObject({ backChannelLogoutUrl: text, frontChannelLogoutUrl: text }).partial().nullish(),
  validateRequestObjectSignature: flag.nullish(),
  scopeValidators: texts.nullish(),
  clientAuthentication: z
    .strictObject({
      tokenEndpointAuthMethod: text.nullable(),
      tokenEndpointAllowReusePvtKeyJwt: flag.nullable(),
      tokenEndpointAuthSigningAlg: text.nullable(),
      tlsClientAuthSubjectDn: text.nullable(),
    })
    .partial()
    .nullish(),
  requestObject: z.strictObject({ requestObjectSigningAlg: text.nullable(), encryption }).partial().nullish(),
  pushAuthorizationRequest: z.strictObject({ requirePushAuthorizationRequest: flag }).partial().nullish(),
  subject: z.strictObject({ subjectType: text, sectorIdentifierUri: text.nullable() }).partial().nullish(),
  isFAPIApplication: flag.nullish(),
});
export type OidcModel = z.output<typeof oidcModel>;

const { invalidOidc } = applicationErrors;
const not = (path: string, reason: string, harmless: Unsupported['harmless'] = [false]): Unsupported => ({
  path: path.split('.'),
  harmless,
  error: invalidOidc,
  reason,
});

const UNSUPPORTED: readonly Unsupported[] = [
  { ...not('hybridFlow.enable', 'the hybrid flow is not supported.'), error: applicationErrors.hybridFlow },
  not('accessToken.validateTokenBinding', 'tokens are not bound to a value that a call must show.'),
  not('accessToken.bindingType', 'only None and sso-session are supported.', ['None', 'sso-session']),
  not('accessToken.accessTokenAttributes', 'attributes cannot be chosen for access tokens.'),
  not('subjectToken.enable', 'subject tokens are not issued.'),
  not('idToken.encryption.enabled', 'ID tokens are not encrypted.'),
  not('validateRequestObjectSignature', 'request objects are not supported.'),
  not('requestObject.requestObjectSigningAlg', 'request objects are not supported.'),
  not('requestObject.encryption.algorithm', 'request objects are not supported.'),
  not('scopeValidators', 'scope validators are not supported.'),
  not('clientAuthentication.tokenEndpointAuthMethod', 'one authentication method cannot be prescribed.'),
  not('clientAuthentication.tokenEndpointAllowReusePvtKeyJwt', 'private_key_jwt is not supported.'),
  not('clientAuthentication.tokenEndpointAuthSigningAlg', 'private_key_jwt is not supported.'),
  not('clientAuthentication.tlsClientAuthSubjectDn', 'mutual TLS is not supported.'),
  not('pushAuthorizationRequest.requirePushAuthorizationRequest', 'pushed authorization requests are not supported.'),
  not('subject.subjectType', 'only public subjects are supported.', ['public']),
  not('subject.sectorIdentifierUri', 'only public subjects are supported.'),
  not('isFAPIApplication', 'FAPI profiles are not supported.'),
];

export function oidcCommandInput(model: OidcModel): z.input<typeof oidcInput> {
  refuseUnsupported(model, UNSUPPORTED);
  const { clientId, clientSecret, pkce, refreshToken, idToken, logout } = model;
  return {
    ...present({ clientId, clientSecret, publicClient: model.publicClient, allowedOrigins: model.allowedOrigins }),
    grantTypes: model.grantTypes.map(grantTypeOf),
    callbackUrls: (model.callbackURLs ?? []).flatMap(callbacksIn),
    pkce: present({ mandatory: pkce?.mandatory, plain: pkce?.supportPlainTransformAlgorithm }),
    accessToken: accessTokenInput(model.accessToken ?? {}),
    refreshToken: present({ lifetimeS: refreshToken?.expiryInSeconds, rotate: refreshToken?.renewRefreshToken }),
    idToken: present({
      lifetimeS: idToken?.expiryInSeconds,
      audience: idToken?.audience,
      alg: algorithmOf(idToken?.idTokenSignedResponseAlg),
    }),
    logout: {
      backChannelUrl: logout?.backChannelLogoutUrl || null,
      frontChannelUrl: logout?.frontChannelLogoutUrl || null,
    },
  };
}

type Present<Members> = { [Key in keyof Members]?: NonNullable<Members[Key]> };

/** Without the members that were not given: the command has their defaults. */
const present = <Members extends object>(members: Members): Present<Members> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value != null)) as Present<Members>;

function accessTokenInput(given: NonNullable<OidcModel['accessToken']>) {
  const { type, bindingType, revokeTokensWhenIDPSessionTerminated: revoke } = given;
  if (type !== undefined && type !== 'JWT' && type !== 'Default') {
    throw new RestError(invalidOidc, 'accessToken.type: must be JWT or Default.');
  }
  return present({
    type: type as OidcInput['accessToken']['type'] | undefined,
    userLifetimeS: given.userAccessTokenExpiryInSeconds,
    applicationLifetimeS: given.applicationAccessTokenExpiryInSeconds,
    revokeWithSession: revoke ?? (bindingType === undefined ? undefined : bindingType === 'sso-session'),
  });
}

function grantTypeOf(name: string): GrantType {
  const known = GRANT_TYPES.find((grantType) => grantType === name);
  if (known === undefined) throw new RestError(invalidOidc, `grantTypes: ${JSON.stringify(name)} is not supported.`);
  return known;
}

function algorithmOf(name: string | undefined): SigningAlgorithm | undefined {
  if (name === undefined || name === '') return undefined;
  const known = SIGNING_ALGORITHMS.find((algorithm) => algorithm === name);
  if (known !== undefined) return known;
  throw new RestError(invalidOidc, `idToken.idTokenSignedResponseAlg: ${JSON.stringify(name)} is not supported.`);
}

/**
 * Published clients register several addresses as `regexp=(a|b)`. Only alternatives of whole addresses are taken:
 * redirect URIs are compared as text (RFC 9700 §2.1).
 */
function callbacksIn(entry: string): readonly string[] {
  if (!entry.startsWith('regexp=')) return [entry];
  const alternatives = /^regexp=\((.+)\)$/.exec(entry)?.[1]?.split('|') ?? [];
  const addresses = alternatives.map((alternative) => alternative.replaceAll('\\.', '.'));
  if (addresses.length > 0 && addresses.every((address) => !/[\\()[\]{}*+^$]/.test(address))) return addresses;
  throw new RestError(invalidOidc, 'callbackURLs: of regexp=(…) only alternatives of whole addresses are supported.');
}

const asCallbackUrls = (urls: readonly string[]): readonly string[] =>
  urls.length < 2 ? urls : [`regexp=(${urls.join('|')})`];

/** `secret`: null where the caller may not see it. */
export function oidcResponse(oidc: Oidc, secret: string | null): object {
  const { accessToken, refreshToken, idToken, logout, pkce } = oidc;
  return {
    clientId: oidc.clientId,
    ...(secret === null ? {} : { clientSecret: secret }),
    state: oidc.state,
    grantTypes: oidc.grantTypes,
    callbackURLs: asCallbackUrls(oidc.callbackUrls),
    allowedOrigins: oidc.allowedOrigins,
    publicClient: oidc.publicClient,
    pkce: { mandatory: pkce.mandatory, supportPlainTransformAlgorithm: pkce.plain },
    accessToken: {
      type: accessToken.type,
      userAccessTokenExpiryInSeconds: accessToken.userLifetimeS,
      applicationAccessTokenExpiryInSeconds: accessToken.applicationLifetimeS,
      bindingType: accessToken.revokeWithSession ? 'sso-session' : 'None',
      revokeTokensWhenIDPSessionTerminated: accessToken.revokeWithSession,
      validateTokenBinding: false,
      accessTokenAttributes: [],
    },
    hybridFlow: { enable: false },
    refreshToken: { expiryInSeconds: refreshToken.lifetimeS, renewRefreshToken: refreshToken.rotate },
    subjectToken: { enable: false },
    idToken: {
      expiryInSeconds: idToken.lifetimeS,
      audience: idToken.audience,
      idTokenSignedResponseAlg: idToken.alg,
      encryption: { enabled: false },
    },
    logout: present({ backChannelLogoutUrl: logout.backChannelUrl, frontChannelLogoutUrl: logout.frontChannelUrl }),
    validateRequestObjectSignature: false,
    scopeValidators: [],
    pushAuthorizationRequest: { requirePushAuthorizationRequest: false },
    subject: { subjectType: 'public' },
    isFAPIApplication: false,
  };
}
