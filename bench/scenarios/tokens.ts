/** The token endpoints: issue, refresh, introspect, userinfo, and the two documents that every client reads. */
import { formHeaders, requestToken } from '../load/login.ts';
import type { ClientCredentials, RunningTarget } from '../targets/target.ts';
import { EVERY_CONCURRENCY, perWorker, repeating, type Scenario } from './scenario.ts';

const everywhere = () => true;

function clientCredentials(alg: 'ES256' | 'RS256', clientOf: (target: RunningTarget) => ClientCredentials): Scenario {
  return {
    name: `client-credentials-${alg.toLowerCase()}`,
    title: `client_credentials, JWT ${alg}`,
    size: 'small',
    concurrencies: EVERY_CONCURRENCY,
    fits: everywhere,
    steps: (target, concurrency) => {
      const { seed, endpoints } = target;
      const body = new URLSearchParams({ grant_type: 'client_credentials', ...seed.tokenParameters }).toString();
      const request = { method: 'POST', path: endpoints.token, headers: formHeaders(clientOf(target)), body };
      // A JWT begins with the Base64 of `{"`: an opaque token would not be what is measured.
      return repeating(target, concurrency, {
        request,
        right: ({ body: sent }) => sent.includes('"access_token":"ey'),
      });
    },
  };
}

const refresh: Scenario = {
  name: 'refresh',
  title: 'refresh with rotation, JWT ES256',
  size: 'small',
  concurrencies: EVERY_CONCURRENCY,
  fits: everywhere,
  steps: (target, concurrency) =>
    perWorker(target, concurrency, async (connection) => {
      const { endpoints, seed } = target;
      let token = await seed.refreshToken();
      return async () => {
        const fields = { grant_type: 'refresh_token', refresh_token: token };
        const tokens = await requestToken(connection, { path: endpoints.token, client: seed.es256, fields });
        if (tokens.refresh_token === undefined || tokens.refresh_token === token)
          throw new Error('refresh did not rotate');
        token = tokens.refresh_token;
      };
    }),
};

const introspect: Scenario = {
  name: 'introspect',
  title: 'introspection of one living token',
  size: 'small',
  concurrencies: EVERY_CONCURRENCY,
  fits: everywhere,
  steps: async (target, concurrency) => {
    const { seed, endpoints } = target;
    const body = new URLSearchParams({ token: await seed.introspectable() }).toString();
    const request = { method: 'POST', path: endpoints.introspect, headers: formHeaders(seed.es256), body };
    return await repeating(target, concurrency, { request, right: (answer) => answer.body.includes('"active":true') });
  },
};

const document = (name: string, title: string, mark: string, pathOf: (target: RunningTarget) => string): Scenario => ({
  name,
  title,
  size: 'small',
  concurrencies: EVERY_CONCURRENCY,
  fits: everywhere,
  steps: (target, concurrency) =>
    repeating(target, concurrency, {
      request: { method: 'GET', path: pathOf(target) },
      right: (answer) => answer.body.includes(mark),
    }),
});

const userinfo: Scenario = {
  name: 'userinfo',
  title: 'userinfo',
  size: 'small',
  concurrencies: EVERY_CONCURRENCY,
  fits: ({ endpoints, seed }) => endpoints.userinfo !== null && seed.userToken !== null,
  steps: async (target, concurrency) => {
    const token = await target.seed.userToken?.();
    const path = target.endpoints.userinfo ?? '';
    const request = { method: 'GET', path, headers: { Authorization: `Bearer ${token}` } };
    return await repeating(target, concurrency, { request, right: (answer) => answer.body.includes('"sub":') });
  },
};

export const tokenScenarios: readonly Scenario[] = [
  clientCredentials('ES256', ({ seed }) => seed.es256),
  clientCredentials('RS256', ({ seed }) => seed.rs256),
  refresh,
  introspect,
  document('discovery', 'discovery document', '"issuer"', ({ endpoints }) => endpoints.discovery),
  document('jwks', 'JWKS', '"keys"', ({ endpoints }) => endpoints.jwks),
  userinfo,
];
