import { describe, expect, it } from 'vitest';
import {
  applications,
  decideAuthorizeApi,
  decideChangeApiScopes,
  decideChangeApplication,
  decideConfigureOidc,
  decideCreateApplication,
  decideDeleteApplication,
  decideSetClientSecret,
} from '../../domain/applications/application.ts';
import type { OidcConfiguration } from '../../domain/applications/application-events.ts';
import type { OrgId } from '../../domain/ids.ts';
import { stateAfter, storiesOf, TENANT } from '../support/decider.ts';

const org = TENANT as OrgId;
const oidc: OidcConfiguration = {
  clientId: 'client-1',
  grantTypes: ['authorization_code', 'refresh_token'],
  callbackUrls: ['https://app.example.com/callback'],
  allowedOrigins: ['https://app.example.com'],
  publicClient: false,
  pkce: { mandatory: true, plain: false },
  accessToken: { type: 'JWT', userLifetimeS: 3600, applicationLifetimeS: 3600, revokeWithSession: true },
  refreshToken: { lifetimeS: 86_400, rotate: true },
  idToken: { lifetimeS: 3600, audience: [], alg: 'ES256' },
  logout: { backChannelUrl: null, frontChannelUrl: null },
};
const created = { type: 'application.application.created.v1', data: { org: TENANT, name: 'Shop', system: false } };
const configured = { type: 'application.oidc.configured.v1', data: oidc };
const secretSet = (secret: string) => ({ type: 'application.oidc.secret_set.v1', data: { secret } });
const { records, refuses, decides } = storiesOf(applications);
const shop = { tenant: TENANT, org, name: 'Shop', oidc, secret: 's1' };

describe('creating an application', () => {
  it('claims its name and client id', () => {
    const decision = decides({ given: [], when: (application) => decideCreateApplication(application, shop) });
    expect(decision).toMatchObject({
      value: {
        facts: [created, configured, secretSet('s1')],
        claims: [
          { kind: 'application-name', scope: TENANT, value: 'Shop' },
          { kind: 'client-id', scope: TENANT, value: 'client-1' },
        ],
      },
    });
  });

  it.each(['', ' Shop', 'Shop ', 'a@b', 'x'.repeat(256), '<b>'])('is refused for the name %j', (name) =>
    refuses(
      { given: [], when: (application) => decideCreateApplication(application, { ...shop, name }) },
      { reason: 'application-name-invalid' },
    ),
  );

  it.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'data:text/html,x',
    '/relative',
    'https://user@app.example.com/',
    'https://app.example.com/#part',
    'https://app.example.com/a b',
    'https:\\\\app.example.com',
    'no url',
  ])('[SEC-G2] is refused with the callback %s', (callback) =>
    refuses(
      {
        given: [],
        when: (application) =>
          decideCreateApplication(application, { ...shop, oidc: { ...oidc, callbackUrls: [callback] } }),
      },
      { reason: 'callback-invalid', callback },
    ),
  );

  it.each(['https://app.example.com/', 'https://app.example.com/x', 'null', '*', 'ftp://app.example.com'])(
    '[SEC-G4] is refused with the origin %s',
    (origin) =>
      refuses(
        {
          given: [],
          when: (application) =>
            decideCreateApplication(application, { ...shop, oidc: { ...oidc, allowedOrigins: [origin] } }),
        },
        { reason: 'origin-invalid', origin },
      ),
  );

  it('gives no machine grant to a public client', () =>
    refuses(
      {
        given: [],
        when: (application) =>
          decideCreateApplication(application, {
            ...shop,
            oidc: { ...oidc, publicClient: true, grantTypes: ['client_credentials'] },
          }),
      },
      { reason: 'grant-not-for-public-client', grantType: 'client_credentials' },
    ));
});

describe('changing an application', () => {
  it('records only what differs', () =>
    records(
      {
        given: [created],
        when: (application) => decideChangeApplication(application, { name: 'Shop', consent: { skipLogin: true } }),
      },
      [{ type: 'application.consent.configured.v1', data: { skipLogin: true, skipLogout: false } }],
    ));

  it('moves the name reservation with a new name', () => {
    const decision = decides({
      given: [created],
      when: (application) => decideChangeApplication(application, { name: 'Store' }),
    });
    expect(decision).toMatchObject({ value: { claims: [{ value: 'Store' }], releases: [{ value: 'Shop' }] } });
  });

  it('keeps the client id', () =>
    refuses(
      {
        given: [created, configured],
        when: (application) => decideConfigureOidc(application, { oidc: { ...oidc, clientId: 'other' } }),
      },
      { reason: 'client-id-fixed' },
    ));

  it('records nothing for the same configuration', () =>
    records({ given: [created, configured], when: (application) => decideConfigureOidc(application, { oidc }) }, []));

  it('protects the applications of the server itself', () => {
    const system = { ...created, data: { ...created.data, system: true } };
    for (const when of [
      decideDeleteApplication,
      (application: Parameters<typeof decideDeleteApplication>[0]) =>
        decideChangeApplication(application, { name: 'x' }),
      (application: Parameters<typeof decideDeleteApplication>[0]) =>
        decideChangeApplication(application, { enabled: false }),
    ]) {
      refuses({ given: [system], when }, { reason: 'system-application' });
    }
  });

  it('ends earlier grants when the secret changes, not when it is first set', () => {
    const first = stateAfter(applications, [created, configured, secretSet('s1')]);
    const second = stateAfter(applications, [created, configured, secretSet('s1'), secretSet('s2')]);
    expect(first.oidc?.endedRevision).toBe(1n);
    expect(second.oidc?.endedRevision).toBe(3n);
    records({ given: [created, configured], when: (application) => decideSetClientSecret(application, 's3') }, [
      secretSet('s3'),
    ]);
  });
});

describe('authorizing an API', () => {
  const authorized = (scopes: string[]) => ({
    type: 'application.api.authorized.v1',
    data: { api: 'api-1', policy: 'RBAC', scopes },
  });

  it('is refused twice', () =>
    refuses(
      {
        given: [created, authorized(['a'])],
        when: (application) => decideAuthorizeApi(application, { api: 'api-1', policy: 'RBAC', scopes: ['a'] }),
      },
      { reason: 'api-already-authorized' },
    ));

  it('only removes a scope that is both added and removed', () =>
    records(
      {
        given: [created, authorized(['a', 'b'])],
        when: (application) => decideChangeApiScopes(application, { api: 'api-1', added: ['a', 'c'], removed: ['a'] }),
      },
      [authorized(['b', 'c'])],
    ));
});
