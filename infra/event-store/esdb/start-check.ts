/** What must hold of a server before the product starts on it; each failure says what to do. */
import { AccessDenied, StoreUnavailable, Unsupported } from '../errors.ts';
import type { EsdbDriver, ServerInfo } from './driver.ts';
import { storeFailure } from './store-failure.ts';

/** The first that says when a subscription has caught up. */
export const SERVER_VERSION_MIN = [23, 10] as const;
export const START_MS_MAX = 10_000;

export async function checkServer(driver: EsdbDriver): Promise<ServerInfo> {
  const info = await inTime(serverInfo(driver));
  if (!isSupported(info.version)) {
    const least = SERVER_VERSION_MIN.join('.');
    throw new Unsupported(`what is needed: it is version ${info.version}, and ${least} or newer will do`);
  }
  if (!info.batchAppend) throw new Unsupported('appending in batches');
  await inTime(readLog(driver));
  return info;
}

async function serverInfo(driver: EsdbDriver): Promise<ServerInfo> {
  try {
    return await driver.serverInfo();
  } catch (error) {
    throw storeFailure(error);
  }
}

async function readLog(driver: EsdbDriver): Promise<void> {
  try {
    for await (const _ of driver.readAll({ backward: true })) return;
  } catch (error) {
    const failure = storeFailure(error);
    if (!(failure instanceof AccessDenied)) throw failure;
    throw new AccessDenied(
      'the account of the event store may not read $all, or its password is wrong: check the password, then make the ' +
        'account a member of $admins or give it the right to read in $systemStreamAcl',
    );
  }
}

function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = SERVER_VERSION_MIN;
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = (): void =>
    reject(new StoreUnavailable(`no answer from the event store within ${START_MS_MAX} ms`, 'not-applied'));
  const timer = setTimeout(late, START_MS_MAX);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
