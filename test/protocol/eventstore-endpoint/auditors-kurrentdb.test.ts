import '../../support/kurrent-messages.ts';

import { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { expect, it } from 'vitest';
import { startAuditorDoor } from '../../support/auditor-door.ts';

it('[E44] @kurrent/kurrentdb-client reads the log of a server as its auditor', async () => {
  const door = await startAuditorDoor();
  const seen = await door.newUser('seen');
  const client = KurrentDBClient.connectionString(door.url().replace('esdb:', 'kurrentdb:'));
  const positions: bigint[] = [];
  for await (const { event } of client.readAll()) positions.push(event?.position.commit ?? 0n);
  expect(positions.length).toBeGreaterThan(10);
  expect(positions).toEqual([...new Set(positions)].sort((a, b) => Number(a - b)));
  const types: (string | undefined)[] = [];
  for await (const { event } of client.readStream(`user-${seen}`)) types.push(event?.type);
  expect(types[0]).toBe('identity.user.created.v1');
  const subscription = client.subscribeToStream(`user-${seen}`);
  for await (const { event } of subscription) {
    expect(event?.streamId).toBe(`user-${seen}`);
    break;
  }
  const wrong = KurrentDBClient.connectionString(door.url('audrey', 'wrong').replace('esdb:', 'kurrentdb:'));
  const refused = (async () => {
    for await (const _ of wrong.readAll()) break;
  })();
  await expect(refused).rejects.toMatchObject({ type: 'access-denied' });
  await client.dispose();
  await wrong.dispose();
  await door.stop();
});
