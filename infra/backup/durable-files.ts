/** Files that are on the disk when a call returns. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

export const OWNER_ONLY = 0o600;
export const FOLDER_OWNER_ONLY = 0o700;
const CHUNK_BYTES = 1_048_576;

export interface WrittenFile {
  readonly bytes: number;
  readonly sha256: string;
}

export async function* readFileBytes(file: string): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) yield chunk as Buffer;
}

/** Fails where the file exists. */
export async function writeDurably(file: string, bytes: AsyncIterable<Buffer>): Promise<WrittenFile> {
  const handle = await open(file, 'wx', OWNER_ONLY);
  try {
    const written = await writeAll(handle, bytes);
    await handle.sync();
    return written;
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, chunks: AsyncIterable<Buffer>): Promise<WrittenFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
    await handle.write(chunk);
  }
  return { bytes, sha256: hash.digest('hex') };
}

export async function* textBytes(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

export async function hashFile(file: string): Promise<WrittenFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of readFileBytes(file)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened there
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
