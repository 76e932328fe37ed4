/** npm `oidc-provider` as the peer to measure against: same machine, same load, its own process. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ChildServer, freePort, startChildServer } from './child-server.ts';
import type { RunningTarget, Target } from './target.ts';

export const target: Target = {
  name: 'oidc-provider',
  async start() {
    const port = await freePort();
    const clientSecret = randomBytes(24).toString('hex');
    const baseUrl = new URL(`http://localhost:${port}`);
    const server = await startChildServer({
      args: ['--no-warnings', new URL('oidc-provider-server.ts', import.meta.url).pathname],
      cwd: new URL('../..', import.meta.url).pathname,
      env: { BENCH_PORT: String(port), BENCH_CLIENT_SECRET: clientSecret, NODE_ENV: 'production' },
      probe: new URL('/.well-known/openid-configuration', baseUrl),
      ipc: true,
    });
    return running(server, baseUrl, clientSecret);
  },
};

function running(server: ChildServer, baseUrl: URL, clientSecret: string): RunningTarget {
  return {
    pid: server.pid,
    baseUrl,
    readyMs: server.readyMs,
    endpoints: {
      token: '/token',
      introspect: '/token/introspection',
      discovery: '/.well-known/openid-configuration',
      jwks: '/jwks',
      userinfo: '/me',
      authorize: null,
      scim: null,
    },
    seed: {
      es256: { clientId: 'ES256', clientSecret },
      rs256: { clientId: 'RS256', clientSecret },
      redirectUri: 'https://application.example/callback',
      tokenParameters: { resource: 'https://api.example/bench', scope: 'bench' },
      // It does not introspect its JWT access tokens, so its opaque form stands in.
      introspectable: () => ask(server, 'access'),
      refreshToken: () => ask(server, 'refresh'),
      userToken: () => ask(server, 'access'),
      user: null,
      scimToken: null,
    },
    restart: null,
    rebuild: null,
    stop: () => server.stop(),
  };
}

async function ask(server: ChildServer, kind: 'refresh' | 'access'): Promise<string> {
  const answer = once(server.process, 'message');
  server.process.send(kind);
  const [message] = (await answer) as [{ token?: string; error?: string }];
  if (message.token === undefined) throw new Error(`oidc-provider could not make a token: ${message.error}`);
  return message.token;
}
