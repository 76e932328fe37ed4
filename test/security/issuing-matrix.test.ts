import { globSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorizeApi } from '../../commands/applications/change-application.ts';
import { systemApis } from '../../domain/applications/api-resources.ts';
import { eventCatalogue } from '../../domain/catalogue.ts';
import { inTenant, startOauthServer } from '../protocol/oauth2/oauth-server.ts';
import { DISABLING_EVENTS, type DisablingEvent, ISSUING_PATHS, type IssuingPath, MATRIX } from './issuing-matrix.ts';
import { attempt, type Ground, happen, prepare, switchOrganization } from './issuing-matrix-steps.ts';

/** Which attack of the checklist a row answers. */
const ATTACKS: Record<DisablingEvent, string> = {
  'user-locked': '[SEC-A1] [SEC-A12]',
  'user-locked-and-unlocked': '[SEC-A1]',
  'user-disabled': '[SEC-A1]',
  'user-disabled-and-enabled': '[SEC-A1]',
  'user-deleted': '[SEC-A1]',
  'user-erased': '[SEC-A1]',
  'password-set': '[SEC-A4]',
  'session-ended': '[SEC-A1]',
  'application-disabled': '[SEC-A6]',
  'application-disabled-and-enabled': '[SEC-A6]',
  'application-deleted': '[SEC-A6]',
  'secret-rotated': '[SEC-A6]',
  'grant-type-removed': '[SEC-A6]',
  'client-revoked': '[SEC-A6]',
  'oidc-removed': '[SEC-A6]',
  'oidc-removed-and-configured': '[SEC-A6]',
  'consent-withdrawn': '[SEC-A3]',
  'organization-deactivated': '[SEC-A7]',
  'key-retired': '[SEC-A9]',
};

describe('what was disabled hands out and honours nothing', () => {
  let ground: Ground;

  beforeAll(async () => {
    const server = await startOauthServer();
    const tenant = await server.organization('matrix.example');
    const observer = await server.client({ tenant });
    const api = systemApis.find(({ identifier }) => identifier === '/oauth2/introspect');
    const input = { applicationId: observer.id, api: api?.id, scopes: api?.scopes };
    await server.run(authorizeApi, input, { caller: inTenant(tenant) });
    ground = { server, tenant, prefix: '/t/matrix.example', observer };
  });
  afterAll(async () => await ground.server.close());

  for (const event of DISABLING_EVENTS) {
    for (const path of ISSUING_PATHS) {
      const verdict = MATRIX[event][path];
      it(`${ATTACKS[event]} ${path} is ${verdict} after ${event}`, async () => {
        const prepared = await prepare(ground);
        await happen[event](prepared, path);
        try {
          expect((await attempt[path](prepared)) ? 'unaffected' : 'refused').toBe(verdict);
        } finally {
          if (event === 'organization-deactivated') await switchOrganization(true)(ground);
        }
      });
    }
  }

  it('works on every path while nothing was disabled', async () => {
    for (const path of ISSUING_PATHS) expect([path, await attempt[path](await prepare(ground))]).toEqual([path, true]);
  });
});

/** Every file that passes the gate, and the paths that go through it. */
const GATES: Readonly<Record<string, readonly IssuingPath[]>> = {
  'commands/tokens/access-token.ts': ['userinfo', 'introspection', 'management-bearer', 'application-token'],
  'protocol/eventstore-endpoint/auditors.ts': ['log-basic', 'log-subscription'],
  'protocol/http/authenticate.ts': ['management-basic', 'management-bearer'],
  'protocol/oauth2/authorize-answer.ts': ['single-sign-on', 'consent-answer', 'login'],
  'protocol/oauth2/authorize.ts': ['single-sign-on', 'login'],
  'protocol/oauth2/browser.ts': ['single-sign-on', 'consent-answer'],
  'protocol/oauth2/client-credentials-grant.ts': ['client-credentials'],
  'protocol/oauth2/code-grant.ts': ['code-redemption'],
  'protocol/oauth2/common-auth.ts': ['login'],
  'protocol/oauth2/introspect.ts': ['introspection', 'refresh'],
  'protocol/oauth2/refresh-grant.ts': ['refresh'],
  // Looks again, between operations, at the caller that one of these has let in.
  'protocol/scim/bulk/run-bulk.ts': ['management-basic', 'management-bearer'],
};

/** Every kind of fact about a user, application, organization, consent or key: the row that it makes, or none. */
const ROWS: Readonly<Record<string, DisablingEvent | readonly DisablingEvent[] | null>> = {
  'identity.user.created.v1': null,
  'identity.user.attributes_changed.v1': null,
  'identity.user.password_set.v1': 'password-set',
  'identity.user.password_rehashed.v1': null,
  'identity.user.locked.v1': 'user-locked',
  'identity.user.unlocked.v1': 'user-locked-and-unlocked',
  'identity.user.disabled.v1': 'user-disabled',
  'identity.user.enabled.v1': 'user-disabled-and-enabled',
  'identity.user.deleted.v1': 'user-deleted',
  'identity.user.erased.v1': 'user-erased',
  'identity.user.erasure_verified.v1': null,
  // Rights end scopes, not sessions and grants: `rights-matrix.test.ts` has their rows.
  'access.role.assigned.v1': null,
  'access.role.unassigned.v1': null,
  'access.role.created.v1': null,
  'access.role.permissions_changed.v1': null,
  'access.role.deleted.v1': null,
  'access.role.renamed.v1': null,
  'access.group.created.v1': null,
  'access.group.renamed.v1': null,
  'access.group.external_id_set.v1': null,
  'access.group.deleted.v1': null,
  'access.group.joined.v1': null,
  'access.group.left.v1': null,
  'org.organization.created.v1': null,
  'org.organization.renamed.v1': null,
  'org.organization.activated.v1': null,
  'org.organization.deactivated.v1': 'organization-deactivated',
  'org.organization.deleted.v1': 'organization-deactivated',
  'application.application.created.v1': null,
  'application.application.renamed.v1': null,
  'application.application.described.v1': null,
  'application.application.enabled.v1': 'application-disabled-and-enabled',
  'application.application.disabled.v1': 'application-disabled',
  'application.consent.configured.v1': null,
  'application.claims.configured.v1': null,
  'application.roles.configured.v1': null,
  'application.oidc.configured.v1': ['grant-type-removed', 'oidc-removed-and-configured'],
  'application.oidc.secret_set.v1': 'secret-rotated',
  'application.oidc.revoked.v1': 'client-revoked',
  'application.oidc.removed.v1': 'oidc-removed',
  'application.api.authorized.v1': null,
  'application.api.unauthorized.v1': null,
  'application.application.deleted.v1': 'application-deleted',
  'keys.signing_key.activated.v1': null,
  'keys.signing_key.retired.v1': 'key-retired',
  'consent.consent.granted.v1': null,
  'consent.consent.withdrawn.v1': 'consent-withdrawn',
  'session.session.ended.v1': 'session-ended',
};

const TECHNICAL = /^(oauth|uniqueness|session\.(login|session\.started))\./;

describe('the matrix is whole', () => {
  it('has paths for every file that passes the gate', () => {
    const files = globSync(['commands/**/*.ts', 'protocol/**/*.ts', 'consumers/**/*.ts', 'read-api/**/*.ts'])
      .map((file) => file.replaceAll('\\', '/'))
      .filter((file) => /import[^;]*\badmit\b[^;]*from '[^']*admit\.ts'/.test(readFileSync(file, 'utf8')));
    expect(files.sort()).toEqual(Object.keys(GATES).sort());
  });

  it('has a row, or a reason for none, for every kind of fact', () => {
    const types = [...eventCatalogue.keys()].filter((type) => !TECHNICAL.test(type));
    expect(types.filter((type) => ROWS[type] === undefined)).toEqual([]);
  });

  it('uses every path and every row', () => {
    expect(new Set(Object.values(GATES).flat())).toEqual(new Set(ISSUING_PATHS));
    expect(
      new Set(
        Object.values(ROWS)
          .flat()
          .filter((row) => row !== null),
      ),
    ).toEqual(new Set(DISABLING_EVENTS));
  });
});
