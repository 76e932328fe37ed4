import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHashQueue, type HashQueue } from '../../../infra/password-hash/hash-queue.ts';

/** Let what was resolved run on. */
const settled = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

describe('the queue of password hashes', () => {
  let queue: HashQueue;
  let ends: (() => void)[];
  let done: number[];
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    queue = createHashQueue({ concurrency: 1, queueMax: 100 });
    ends = [];
    done = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const ask = (number: number) =>
    queue.run(() => new Promise<void>((resolve) => ends.push(resolve))).then(() => done.push(number));
  const endNext = async () => {
    ends.shift()?.();
    await settled();
  };

  it('answers at once where nothing waits', async () => {
    const first = ask(1);
    await endNext();
    await first;
    expect(done).toEqual([1]);
  });

  it('hands on together what ended while more still wait', async () => {
    for (let number = 1; number <= 7; number += 1) void ask(number);
    await endNext();
    await endNext();
    await endNext();
    expect(done).toEqual([]);
    // Three are held and three wait.
    await endNext();
    expect(done).toEqual([1, 2, 3, 4]);
    await endNext();
    expect(done).toEqual([1, 2, 3, 4]);
    await endNext();
    await endNext();
    expect(done).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('holds nobody longer than its bound, however many wait', async () => {
    for (let number = 1; number <= 20; number += 1) void ask(number);
    await endNext();
    vi.advanceTimersByTime(99);
    await settled();
    expect(done).toEqual([]);
    vi.advanceTimersByTime(1);
    await settled();
    expect(done).toEqual([1]);
  });

  it('answers what it holds when it is closed, and refuses what waits', async () => {
    const asked = Array.from({ length: 5 }, (_, number) => ask(number));
    await endNext();
    const closing = queue.close();
    await endNext();
    await closing;
    const answers = await Promise.allSettled(asked);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected']);
  });
});
