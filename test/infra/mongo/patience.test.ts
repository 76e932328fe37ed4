import { MongoNetworkError, MongoServerError } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { withPatience } from '../../../infra/mongo/patience.ts';

describe('patience with a MongoDB server', () => {
  const failing = (times: number, error: Error) => {
    let asked = 0;
    return async () => {
      asked += 1;
      if (asked <= times) throw error;
      return asked;
    };
  };

  it('asks again while the server cannot be reached', async () => {
    expect(await withPatience(failing(2, new MongoNetworkError('gone')))).toBe(3);
  });

  it('ends after its time', async () => {
    await expect(withPatience(failing(100, new MongoNetworkError('gone')), 120)).rejects.toThrow('gone');
  });

  it('has none with what the server refuses, or with our own faults', async () => {
    const refused = new MongoServerError({ message: 'no', code: 2 });
    await expect(withPatience(failing(1, refused))).rejects.toThrow(refused);
    await expect(withPatience(failing(1, new TypeError('ours')))).rejects.toThrow('ours');
  });
});
