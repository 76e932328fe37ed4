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

const VERIFICATIONS = 100;
const PASSWORD = 'Correct-Horse-Battery-9';

/**
 * CPU milliseconds of one argon2id verification with the server's default parameters, `atOnce` of them side by side, as
 * the server computes them: hashes that run at the same time slow each other by the memory they move.
 */
export async function hashCpuMs(atOnce: number): Promise<number> {
  const hasher = createPasswordHasher({ memoryKiB: 19_456, passes: 2, lanes: 1, concurrency: atOnce, queueMax: 8 });
  const phc = await hasher.hash(PASSWORD);
  await hasher.verify(phc, PASSWORD);
  const before = process.cpuUsage();
  const lane = async () => {
    for (let done = 0; done < VERIFICATIONS; done += 1) await hasher.verify(phc, PASSWORD);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  const { user, system } = process.cpuUsage(before);
  await hasher.close();
  return (user + system) / 1000 / VERIFICATIONS / atOnce;
}
