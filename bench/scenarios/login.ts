/** The whole code flow over the HTML form, and beside it what one password hash costs on this machine. */
import { createPasswordHasher } from '../../infra/password-hash/argon2-hasher.ts';
import { logIn } from '../load/login.ts';
import { EVERY_CONCURRENCY, perWorker, type Scenario } from './scenario.ts';

export const loginScenario: Scenario = {
  name: 'login',
  title: 'login: authorize, form, code, tokens (PKCE)',
  size: 'small',
  concurrencies: EVERY_CONCURRENCY,
  fits: ({ endpoints, seed }) => endpoints.authorize !== null && seed.user !== null,
  steps: (target, concurrency) =>
    perWorker(target, concurrency, (connection) => async () => {
      const { endpoints, seed } = target;
      const { authorize } = endpoints;
      if (authorize === null || seed.user === null) throw new Error('the target has no login');
      const login = { client: seed.es256, redirectUri: seed.redirectUri, user: seed.user, scope: 'openid' };
      await logIn(connection, { ...login, endpoints: { ...endpoints, authorize } });
    }),
};

const VERIFICATIONS = 40;

/** CPU milliseconds of one argon2id verification with the server's default parameters, one at a time. */
export async function hashCpuMs(): Promise<number> {
  const hasher = createPasswordHasher({ memoryKiB: 19_456, passes: 2, lanes: 1, concurrency: 1, queueMax: 8 });
  const phc = await hasher.hash('Correct-Horse-Battery-9');
  await hasher.verify(phc, 'Correct-Horse-Battery-9');
  const before = process.cpuUsage();
  for (let done = 0; done < VERIFICATIONS; done += 1) await hasher.verify(phc, 'Correct-Horse-Battery-9');
  const { user, system } = process.cpuUsage(before);
  await hasher.close();
  return (user + system) / 1000 / VERIFICATIONS;
}
