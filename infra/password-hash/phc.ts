/** PHC strings of argon2id: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<tag>`, base64 without padding. */
import type { Argon2Parameters } from './argon2-engine.ts';

/** A stored hash may come from elsewhere; none may cost the server more than this. */
export const PHC_MEMORY_KIB_MAX = 262_144;
export const PHC_PASSES_MAX = 16;
export const PHC_LANES_MAX = 16;
const PHC_CHARACTERS_MAX = 256;
const SALT_BYTES_MIN = 8;
const TAG_BYTES_MIN = 16;

// Some libraries write m,p,t: the order is not looked at.
const PHC = /^\$argon2id\$v=19\$([mtp]=\d{1,7},[mtp]=\d{1,7},[mtp]=\d{1,7})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

export interface PhcHash extends Argon2Parameters {
  readonly salt: Buffer;
  readonly tag: Buffer;
}

/** Throws on anything but a sound argon2id string within the limits: the vault holds no other. */
export function parsePhc(phc: string): PhcHash {
  const match = phc.length > PHC_CHARACTERS_MAX ? null : PHC.exec(phc);
  if (match === null) throw new TypeError('a stored password hash is no argon2id PHC string');
  const [, list = '', salt = '', tag = ''] = match;
  const parameters = new Map(list.split(',').map((each) => [each.charAt(0), Number(each.slice(2))]));
  const hash: PhcHash = {
    memoryKiB: parameters.get('m') ?? 0,
    passes: parameters.get('t') ?? 0,
    lanes: parameters.get('p') ?? 0,
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
  if (!isAffordable(hash)) throw new RangeError('a stored password hash has parameters beyond the limits');
  return hash;
}

export function formatPhc({ memoryKiB, passes, lanes, salt, tag }: PhcHash): string {
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${lanes}$${unpadded(salt)}$${unpadded(tag)}`;
}

function isAffordable({ memoryKiB, passes, lanes, salt, tag }: PhcHash): boolean {
  return (
    passes >= 1 &&
    passes <= PHC_PASSES_MAX &&
    lanes >= 1 &&
    lanes <= PHC_LANES_MAX &&
    memoryKiB >= 8 * lanes &&
    memoryKiB <= PHC_MEMORY_KIB_MAX && // RFC 9106 §3.1: at least 8 KiB a lane
    salt.length >= SALT_BYTES_MIN &&
    tag.length >= TAG_BYTES_MIN
  );
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
