/**
 * Files sealed with a passphrase: AES-256-GCM in pieces, each numbered and the last one marked, so that a piece can
 * neither be moved nor left out. The key comes from scrypt and is another for each file.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scryptSync } from 'node:crypto';

const KEY_BYTES = 32;
const SALT_BYTES = 16;
const TAG_BYTES = 16;
const COUNTER_BYTES = 8;
const PIECE_BYTES = 1_048_576;
const SCRYPT = { N: 131_072, r: 8, p: 1, maxmem: 268_435_456 } as const;
const CHECK = 'passphrase';

/** What a manifest says of it. */
export interface Seal {
  readonly salt: string;
  /** Opens with the right passphrase alone. */
  readonly check: string;
}

export interface Sealing {
  readonly seal: Seal;
  sealed(file: string, bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer>;
  /** Throws {@link SealBroken}. */
  opened(file: string, bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer>;
}

export class SealBroken extends Error {
  constructor(file: string) {
    super(`${file} of the backup does not open: it was changed or cut off`);
    this.name = 'SealBroken';
  }
}

export async function newSealing(passphrase: string): Promise<Sealing> {
  const salt = randomBytes(SALT_BYTES);
  const key = keyOf(passphrase, salt);
  const check = Buffer.concat(await collected(seal(fileKey(key, CHECK), one(Buffer.from(CHECK)))));
  return sealingOf(key, { salt: salt.toString('base64'), check: check.toString('base64') });
}

/** Null: another passphrase. */
export async function sealingBy(passphrase: string, from: Seal): Promise<Sealing | null> {
  const key = keyOf(passphrase, Buffer.from(from.salt, 'base64'));
  try {
    await collected(open(fileKey(key, CHECK), CHECK, one(Buffer.from(from.check, 'base64'))));
    return sealingOf(key, from);
  } catch (error) {
    if (error instanceof SealBroken) return null;
    throw error;
  }
}

const sealingOf = (key: Buffer, of: Seal): Sealing => ({
  seal: of,
  sealed: (file, bytes) => seal(fileKey(key, file), bytes),
  opened: (file, bytes) => open(fileKey(key, file), file, bytes),
});

const keyOf = (passphrase: string, salt: Buffer): Buffer =>
  scryptSync(passphrase.normalize('NFC'), salt, KEY_BYTES, SCRYPT);

const fileKey = (key: Buffer, file: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, '', `muniment backup ${file}`, KEY_BYTES));

function nonceOf(piece: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(COUNTER_BYTES + 4);
  nonce.writeBigUInt64BE(BigInt(piece));
  nonce.writeUInt32BE(isLast ? 1 : 0, COUNTER_BYTES);
  return nonce;
}

async function* seal(key: Buffer, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const { piece, number, isLast } of pieces(bytes, PIECE_BYTES)) {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number, isLast), { authTagLength: TAG_BYTES });
    yield Buffer.concat([cipher.update(piece), cipher.final(), cipher.getAuthTag()]);
  }
}

async function* open(key: Buffer, file: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const { piece, number, isLast } of pieces(bytes, PIECE_BYTES + TAG_BYTES)) {
    if (piece.length < TAG_BYTES) throw new SealBroken(file);
    const tagStart = piece.length - TAG_BYTES;
    const cipher = createDecipheriv('aes-256-gcm', key, nonceOf(number, isLast), { authTagLength: TAG_BYTES });
    cipher.setAuthTag(piece.subarray(tagStart));
    const opened = cipher.update(piece.subarray(0, tagStart));
    try {
      cipher.final();
    } catch {
      // One failure here: the tag does not fit.
      throw new SealBroken(file);
    }
    yield opened;
  }
}

interface Piece {
  readonly piece: Buffer;
  readonly number: number;
  readonly isLast: boolean;
}

/** At least one, which may be empty; only the last is shorter. */
async function* pieces(bytes: AsyncIterable<Buffer>, size: number): AsyncGenerator<Piece> {
  let waiting = Buffer.alloc(0);
  let number = 0;
  for await (const chunk of bytes) {
    waiting = Buffer.concat([waiting, chunk]);
    // Whether a piece is the last one shows only when more has come.
    while (waiting.length > size) {
      yield { piece: waiting.subarray(0, size), number, isLast: false };
      waiting = waiting.subarray(size);
      number += 1;
    }
  }
  yield { piece: waiting, number, isLast: true };
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

async function collected(bytes: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const chunk of bytes) all.push(chunk);
  return all;
}
