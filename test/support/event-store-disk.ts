/** A small disk to fill. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SMALL_BYTES = 8 * 1_048_576;
const GUARD_BYTES = 64 * 1_048_576;

export interface SmallDisk {
  readonly directory: string;
  /** The store refuses below this; 0 where the disk itself refuses. */
  readonly freeBytesMin: number;
  fill(): Promise<void>;
  free(): Promise<void>;
  setReadOnly(readOnly: boolean): boolean;
  remove(): Promise<void>;
}

/** False where the system refuses or has no such program. */
function runs(program: 'mount' | 'umount', ...options: string[]): boolean {
  const { status, error } = spawnSync(program, options, { stdio: 'ignore' });
  if (error !== undefined && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return status === 0;
}

const mount = (...options: string[]): boolean => runs('mount', ...options);

/** A tmpfs of a few MiB where it may be mounted; elsewhere a folder whose free space the size guard watches. */
export async function smallDisk(): Promise<SmallDisk> {
  const directory = await mkdtemp(join(tmpdir(), 'muniment-disk-'));
  const filler = join(directory, 'filler');
  const mounted = mount('-t', 'tmpfs', '-o', `size=${SMALL_BYTES}`, 'tmpfs', directory);
  const freeBytes = async () => {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  };
  const freeBytesMin = mounted ? 0 : (await freeBytes()) - GUARD_BYTES;
  return {
    directory,
    freeBytesMin,
    async fill() {
      await writeFile(filler, Buffer.alloc(mounted ? await freeBytes() : 4 * GUARD_BYTES, 1));
    },
    free: () => rm(filler),
    setReadOnly: (readOnly) => mounted && mount('-o', readOnly ? 'remount,ro' : 'remount,rw', directory),
    async remove() {
      if (mounted && !runs('umount', directory)) throw new Error(`${directory} is still mounted`);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
