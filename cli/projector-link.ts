/** The server's side of the projector thread: asks it, hears of its failures, stops it. */
import { Worker } from 'node:worker_threads';
import { eventMarks } from '../domain/catalogue.ts';
import type { ProgressBoard } from '../infra/read-store/embedded/progress-board.ts';
import type { ProjectionStatus, ReadStore } from '../infra/read-store/read-store.ts';
import type { SharedStores } from './stores.ts';

export interface ProjectorRequest {
  readonly id: number;
  readonly op: 'status' | 'rebuild' | 'retry' | 'stop';
  readonly name: string;
}

export type ProjectorAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refused'; readonly id: number; readonly message: string };

export interface Projector {
  status(): Promise<readonly ProjectionStatus[]>;
  rebuild(name: string): Promise<void>;
  retry(name: string): Promise<void>;
  stop(): Promise<void>;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface ProjectorOptions {
  readonly shared: SharedStores;
  /** Of an embedded read store. */
  readonly board: ProgressBoard | null;
  /** A projection stopped at an event, or the thread ended. */
  readonly onFailure: (name: string, message: string) => void;
}

export async function startProjector({ shared, board, onFailure }: ProjectorOptions): Promise<Projector> {
  const worker = new Worker(new URL('./projector.ts', import.meta.url), {
    workerData: { ...shared, board, marks: eventMarks() },
  });
  const waiting = new Map<number, Waiting>();
  let last = 0;
  let stopping = false;
  let hasEnded = false;

  const failAll = (message: string) => {
    for (const { reject } of waiting.values()) reject(new Error(message));
    waiting.clear();
  };
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      hasEnded = true;
      failAll('the projector thread has ended');
      if (!stopping) onFailure('*', 'the projector thread has ended');
      resolve();
    });
  });
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.on('message', (message: ProjectorAnswer) => {
      if (message.kind === 'ready') return resolve();
      if (message.kind === 'failed') return onFailure(message.name, message.message);
      const asked = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.kind === 'answer') return asked?.resolve(message.value);
      return asked?.reject(new Error(message.message));
    });
  });
  worker.on('error', (error: Error) => onFailure('*', error.message));

  const ask = (op: ProjectorRequest['op'], name = ''): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (hasEnded) return reject(new Error('the projector thread has ended'));
      last += 1;
      waiting.set(last, { resolve, reject });
      worker.postMessage({ id: last, op, name } satisfies ProjectorRequest);
    });

  return {
    status: async () => (await ask('status')) as readonly ProjectionStatus[],
    rebuild: async (name) => {
      await ask('rebuild', name);
    },
    retry: async (name) => {
      await ask('retry', name);
    },
    stop: async () => {
      stopping = true;
      if (!hasEnded) await ask('stop');
      await ended;
    },
  };
}

/** Of a process that projects nothing: it sees what the others have done. */
export function projectedElsewhere(reads: Pick<ReadStore, 'status'>): Projector {
  const refuse = async (name: string): Promise<never> => {
    throw new Error(`this process projects nothing: ask a node with the role projector for ${name}`);
  };
  return { status: () => reads.status(), rebuild: refuse, retry: refuse, stop: async () => undefined };
}
