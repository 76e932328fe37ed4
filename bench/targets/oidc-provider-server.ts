/**
 * The process of the peer: npm `oidc-provider` with its own in-memory adapter. It writes nothing to disk, so it does
 * less than a server that records what it issues; the README says what that means for a comparison.
 */
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const RESOURCE = 'https://api.example/bench';
const HOUR_S = 3_600;

const port = Number(process.env['BENCH_PORT']);
const secret = process.env['BENCH_CLIENT_SECRET'] ?? '';
const issuer = `http://localhost:${port}`;

const jwk = (key: KeyObject, alg: string) => ({ ...key.export({ format: 'jwk' }), alg, use: 'sig', kid: alg });
const keys = [
  jwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'ES256'),
  jwk(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, 'RS256'),
];

const client = (id: string) => ({
  client_id: id,
  client_secret: secret,
  grant_types: ['client_credentials', 'refresh_token', 'authorization_code'],
  response_types: ['code'],
  redirect_uris: ['https://application.example/callback'],
  token_endpoint_auth_method: 'client_secret_basic',
  id_token_signed_response_alg: id,
});

const provider = new Provider(issuer, {
  clients: [client('ES256'), client('RS256')],
  jwks: { keys },
  scopes: ['openid', 'offline_access', 'profile', 'bench'],
  claims: { profile: ['name', 'given_name', 'family_name'] },
  findAccount: (_context: unknown, id: string) => ({
    accountId: id,
    claims: () => ({ sub: id, name: 'Kim Bench', given_name: 'Kim', family_name: 'Bench' }),
  }),
  rotateRefreshToken: () => true,
  ttl: {
    AccessToken: HOUR_S,
    ClientCredentials: HOUR_S,
    RefreshToken: 24 * HOUR_S,
    Grant: 24 * HOUR_S,
    IdToken: HOUR_S,
  },
  cookies: { keys: [randomUUID()] },
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    clientCredentials: { enabled: true },
    userinfo: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      // The signature follows the client, so that both algorithms can be measured on one server.
      getResourceServerInfo: (_context: unknown, _resource: string, { clientId }: { clientId: string }) => ({
        scope: 'bench',
        audience: RESOURCE,
        accessTokenFormat: 'jwt',
        accessTokenTTL: HOUR_S,
        jwt: { sign: { alg: clientId } },
      }),
    },
  },
});

async function grant(clientId: string): Promise<{ readonly accountId: string; readonly grantId: string }> {
  const accountId = randomUUID();
  const made = new provider.Grant({ accountId, clientId });
  made.addOIDCScope('openid offline_access profile');
  made.addResourceScope(RESOURCE, 'bench');
  return { accountId, grantId: await made.save() };
}

/** What a person's login would have left behind. */
async function issue(kind: string): Promise<string> {
  const held = await provider.Client.find('ES256');
  const base = { client: held, ...(await grant('ES256')), gty: 'authorization_code', expiresWithSession: false };
  if (kind === 'refresh') {
    const scope = 'openid offline_access bench';
    const fields = { ...base, scope, resource: RESOURCE, rotations: 0, iiat: Math.floor(Date.now() / 1000) };
    return await new provider.RefreshToken(fields).save();
  }
  return await new provider.AccessToken({ ...base, scope: 'openid profile' }).save();
}

process.on('message', (kind: string) => {
  issue(kind).then(
    (token) => process.send?.({ token }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));

createServer(provider.callback()).listen(port, '127.0.0.1');
