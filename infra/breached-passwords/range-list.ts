/** Reads ranges of breached passwords from a folder, one file a prefix, or from a server of the same protocol. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../telemetry/telemetry.ts';
import type { BreachedPasswords } from './breached-passwords.ts';

export const RANGE_TIMEOUT_MS = 2_000;
/** A range has some 800 to 2,000 lines of about 40 bytes. */
export const RANGE_BYTES_MAX = 1_000_000;
const PREFIX_CHARACTERS = 5;

export interface RangeListOptions {
  /** A folder with files `ABCDE` or `ABCDE.txt`, or an address that a prefix is appended to. */
  readonly source: string;
  readonly whenUnknown: 'refuse' | 'accept';
  readonly log: Logger;
  readonly timeoutMs?: number;
}

export function openRangeList({
  source,
  whenUnknown,
  log,
  timeoutMs = RANGE_TIMEOUT_MS,
}: RangeListOptions): BreachedPasswords {
  const range = /^https?:\/\//.test(source)
    ? (prefix: string) => fetchedRange(source, prefix, timeoutMs)
    : (prefix: string) => storedRange(source, prefix);
  return {
    whenUnknown,
    async find(password) {
      const digest = createHash('sha1').update(password, 'utf8').digest('hex').toUpperCase();
      const prefix = digest.slice(0, PREFIX_CHARACTERS);
      try {
        return holds(await range(prefix), digest.slice(PREFIX_CHARACTERS)) ? 'breached' : 'clean';
      } catch (error) {
        // Everything that can go wrong outside is one answer: not known. The prefix is not logged.
        log.warn('passwords.breached.unknown', {
          error: error instanceof Error ? error.name : 'unknown',
          action: `See MUNIMENT_BREACHED_PASSWORDS; passwords are ${whenUnknown === 'refuse' ? 'refused' : 'set unchecked'} meanwhile.`,
        });
        return 'unknown';
      }
    },
  };
}

/** `SUFFIX:COUNT`; a count of 0 is padding. */
function holds(range: string, suffix: string): boolean {
  for (const line of range.split('\n')) {
    const [found = '', count = '1'] = line.trim().split(':');
    if (found.toUpperCase() === suffix) return Number(count) > 0;
  }
  return false;
}

/** A folder without the prefix's file is no list of it, unless the folder is incomplete by intention: then it is clean. */
async function storedRange(folder: string, prefix: string): Promise<string> {
  for (const name of [prefix, `${prefix}.txt`, prefix.toLowerCase(), `${prefix.toLowerCase()}.txt`]) {
    const text = await fileIn(join(folder, name));
    if (text !== null) return text;
  }
  if ((await stat(folder)).isDirectory()) return '';
  throw new TypeError('the list of breached passwords is no folder');
}

async function fileIn(path: string): Promise<string | null> {
  try {
    if ((await stat(path)).size > RANGE_BYTES_MAX) throw new RangeError('a range of breached passwords is too large');
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

async function fetchedRange(address: string, prefix: string, timeoutMs: number): Promise<string> {
  const response = await fetch(`${address.replace(/\/$/, '')}/${prefix}`, {
    headers: { 'add-padding': 'true', accept: 'text/plain' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200) throw new RangeError(`the list of breached passwords answered ${response.status}`);
  const text = await boundedText(response);
  if (!/^\s*[0-9A-Fa-f]{35}:\d+/.test(text))
    throw new TypeError('the list of breached passwords answered something else');
  return text;
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > RANGE_BYTES_MAX) throw new RangeError('a range of breached passwords does not end');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
