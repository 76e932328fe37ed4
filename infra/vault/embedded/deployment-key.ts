/** The key above all keys: 32 random bytes in a file that only the server's user can read, made on first start. */
import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export const DEPLOYMENT_KEY_BYTES = 32;

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/** Throws when others may read the file, or when it holds no key. Two first starts at once end with the same key. */
export async function loadOrCreateDeploymentKey(file: string): Promise<Buffer> {
  const known = await loaded(file);
  if (known !== null) return known;
  await create(file);
  const created = await loaded(file);
  if (created === null) throw new Error(`the deployment key ${file} vanished while it was made`);
  return created;
}

async function loaded(file: string): Promise<Buffer | null> {
  const mode = await modeOf(file);
  if (mode === null) return null;
  // Windows has no such modes; access lists of the data folder decide there.
  if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
    const seen = (mode & 0o777).toString(8).padStart(4, '0');
    throw new Error(`the deployment key ${file} has mode ${seen}, so that others can read it: set it with chmod 600`);
  }
  const key = Buffer.from((await readFile(file, 'utf8')).trim(), 'base64');
  if (key.length !== DEPLOYMENT_KEY_BYTES) {
    throw new Error(
      `the deployment key ${file} must hold ${DEPLOYMENT_KEY_BYTES} bytes in base64, and holds ${key.length}`,
    );
  }
  return key;
}

async function modeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).mode;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Written and synced beside its place, then linked there: a crash leaves no half key, and no key is ever overwritten. */
async function create(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  const handle = await open(draft, 'wx', OWNER_ONLY);
  try {
    await handle.writeFile(`${randomBytes(DEPLOYMENT_KEY_BYTES).toString('base64')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft);
  }
  await syncFolder(dirname(file));
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened there
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
