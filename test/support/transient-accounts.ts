/** Two entries that only make sense together: what one loses, the other gets. */
import type { TransientKey, TransientOp, TransientStore } from '../../infra/transient-store/transient-store.ts';

const LIFE_MS = 3_600_000;

const accountKey = (id: string): TransientKey => ({ type: 'grant', tenant: 't', id });

export const accountOp = (id: string, balance: number, expect: 'absent' | number): TransientOp => ({
  op: 'put',
  key: accountKey(id),
  value: balance,
  expiresAtMs: Date.now() + LIFE_MS,
  expect,
  tags: ['app:bank'],
});

export const balanceOf = async (store: TransientStore, id: string): Promise<number> =>
  (await store.get<number>(accountKey(id)))?.value ?? Number.NaN;

export interface Move {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

export async function moveOps(store: TransientStore, { from, to, amount }: Move): Promise<readonly TransientOp[]> {
  const [source, target] = await Promise.all([from, to].map((id) => store.get<number>(accountKey(id))));
  if (source == null || target == null) throw new Error(`account ${from} or ${to} is not there`);
  return [accountOp(from, source.value - amount, source.version), accountOp(to, target.value + amount, target.version)];
}

export async function move(store: TransientStore, wanted: Move): Promise<void> {
  while (!(await store.commit(await moveOps(store, wanted))));
}
