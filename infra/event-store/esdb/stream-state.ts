/** What a server tells of one stream only by detours: whether it is deleted, how long it is, what it hides. */
import type { JsonObject } from '../../../domain/json.ts';
import { WrongExpectedRevision } from '../errors.ts';
import type { Expected, Retention, Revision, StreamInfo } from '../event-store.ts';
import { repeatedRead } from './bounded-read.ts';
import { DriverFailure, type EsdbDriver } from './driver.ts';
import { isSoftDelete, withRetention } from './stream-metadata.ts';

/** Behind the end of every stream. */
const NEVER_REACHED = 2n ** 62n;
const METADATA_RETRIES_MAX = 5;

export const streamInfo = (driver: EsdbDriver, stream: string): Promise<StreamInfo> =>
  repeatedRead(() => lookAt(driver, stream));

async function lookAt(driver: EsdbDriver, stream: string): Promise<StreamInfo> {
  try {
    const last = await lastRevision(driver, stream);
    if (last !== null) return { state: 'present', revision: last };
    const revision = await revisionByRefusal(driver, stream);
    if (revision === null) return { state: 'absent' };
    const { metadata } = await readMetadata(driver, stream);
    return { state: isSoftDelete(metadata) ? 'soft-deleted' : 'present', revision };
  } catch (error) {
    if (error instanceof DriverFailure && error.kind === 'tombstoned') return { state: 'tombstoned' };
    throw error;
  }
}

async function lastRevision(driver: EsdbDriver, stream: string): Promise<Revision | null> {
  try {
    for await (const { revision } of driver.readStream(stream, { from: 'end', direction: 'backward', max: 1 }))
      return revision;
    return null;
  } catch (error) {
    if (error instanceof DriverFailure && error.kind === 'stream-not-found') return null;
    throw error;
  }
}

/** An append of nothing that cannot be right: the refusal tells where the stream is, also where it shows no event. */
async function revisionByRefusal(driver: EsdbDriver, stream: string): Promise<Revision | null> {
  try {
    await driver.append(stream, NEVER_REACHED, []);
  } catch (error) {
    if (!(error instanceof DriverFailure) || error.kind !== 'wrong-revision') throw error;
    return error.actual === 'no-stream' ? null : error.actual;
  }
  throw new Error(`the server takes stream ${stream} for longer than any can be`);
}

interface Metadata {
  readonly metadata: JsonObject | null;
  readonly expected: Revision | 'no-stream';
}

async function readMetadata(driver: EsdbDriver, stream: string): Promise<Metadata> {
  try {
    const read = driver.readStream(`$$${stream}`, { from: 'end', direction: 'backward', max: 1 });
    for await (const { data, revision } of read) return { metadata: data as JsonObject, expected: revision };
  } catch (error) {
    if (!(error instanceof DriverFailure) || error.kind !== 'stream-not-found') throw error;
  }
  return { metadata: null, expected: 'no-stream' };
}

export async function setStreamRetention(driver: EsdbDriver, stream: string, retention: Retention): Promise<void> {
  for (let retries = 0; ; retries += 1) {
    const { metadata, expected } = await readMetadata(driver, stream);
    try {
      await driver.writeMetadata(stream, expected, withRetention(metadata, retention));
      return;
    } catch (error) {
      const overtaken = error instanceof DriverFailure && error.kind === 'wrong-revision';
      if (!overtaken || retries >= METADATA_RETRIES_MAX) throw error;
    }
  }
}

/** The client cannot expect that a stream exists, and older servers delete streams that do not. */
export async function removeStream(
  driver: EsdbDriver,
  { kind, stream, expected }: { kind: 'delete' | 'tombstone'; stream: string; expected: Expected },
): Promise<void> {
  const { state, revision } = await streamInfo(driver, stream);
  const absent = state === 'absent';
  if (absent && (kind === 'delete' || expected === 'exists'))
    throw new WrongExpectedRevision(stream, expected, 'no-stream');
  if (state === 'soft-deleted' && expected === 'exists')
    throw new WrongExpectedRevision(stream, expected, revision ?? 'no-stream');
  await driver.remove(kind, stream, expected === 'exists' ? (revision ?? 'any') : expected);
}
