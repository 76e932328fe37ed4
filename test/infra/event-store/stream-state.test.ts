/** What is known of one stream, over a connection that breaks. */
import { expect, it } from 'vitest';
import { DriverFailure, type DriverRead, type EsdbDriver } from '../../../infra/event-store/esdb/driver.ts';
import { streamInfo } from '../../../infra/event-store/esdb/stream-state.ts';

const empty: DriverRead = {
  cancel: () => undefined,
  async *[Symbol.asyncIterator]() {
    yield* [];
  },
};

/** Of an empty log; each append meets the next failure. */
function driverWith(failures: readonly DriverFailure[]): { driver: EsdbDriver; appends: () => number } {
  let appends = 0;
  const driver = {
    readStream: () => empty,
    async append() {
      appends += 1;
      throw failures[appends - 1] ?? new DriverFailure('wrong-revision', 'not there', { actual: 'no-stream' });
    },
  } as unknown as EsdbDriver;
  return { driver, appends: () => appends };
}

const broken = (times: number) =>
  Array.from({ length: times }, () => new DriverFailure('lost', 'the connection broke'));

it('is asked again when the connection breaks', async () => {
  const { driver, appends } = driverWith(broken(2));
  expect(await streamInfo(driver, 'user-1')).toEqual({ state: 'absent' });
  expect(appends()).toBe(3);
});

it('fails when the connection breaks again and again', async () => {
  const { driver, appends } = driverWith(broken(10));
  await expect(streamInfo(driver, 'user-1')).rejects.toThrow('the connection broke');
  expect(appends()).toBe(4);
});

it('fails at once where another attempt would fail, too', async () => {
  const { driver, appends } = driverWith([new DriverFailure('denied', 'no')]);
  await expect(streamInfo(driver, 'user-1')).rejects.toThrow('no');
  expect(appends()).toBe(1);
});
