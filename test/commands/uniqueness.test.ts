import { afterEach, describe, expect, it } from 'vitest';
import { changeApplication } from '../../commands/applications/change-application.ts';
import { createApplication } from '../../commands/applications/create-application.ts';
import { execute } from '../../commands/pipeline.ts';
import { ownerOf } from '../../commands/reservations.ts';
import { createUser } from '../../commands/users/create-user.ts';
import { applicationNameClaim } from '../../domain/applications/application.ts';
import { SUPER_ORG_ID } from '../../domain/ids.ts';
import { CLAIM_PENDING_MS } from '../../domain/uniqueness/reservation.ts';
import { userNameClaim } from '../../domain/users/user.ts';
import type { EventStore } from '../../infra/event-store/event-store.ts';
import { eventually, withoutAtomicAppend } from '../support/event-store.ts';
import { asking, openSetUpKernel, type TestKernel } from '../support/kernel.ts';

let test: TestKernel;
afterEach(() => test.close());

const org = SUPER_ORG_ID;
const create = (userName: string) => execute(test.kernel, createUser, { userName }, asking());
const ownerOfName = (userName: string) => ownerOf(test.kernel, userNameClaim({ org, userName }));

const paths: [string, ((store: EventStore) => EventStore) | undefined][] = [
  ['with atomic appends', undefined],
  ['step by step', withoutAtomicAppend],
];

describe.each(paths)('uniqueness %s', (_, wrap) => {
  const open = async () => {
    test = await openSetUpKernel(wrap === undefined ? {} : { wrap });
  };

  it('[E30] [SEC-L15] lets exactly one of 50 parallel creations of one name through, in any spelling', async () => {
    await open();
    const spellings = ['Straße', 'STRASSE', 'strasse', 'ｓｔｒａｓｓｅ', 'Strasse'];
    const results = await Promise.all(Array.from({ length: 50 }, (_, index) => create(spellings[index % 5] ?? '')));
    const made = results.filter(({ ok }) => ok);
    const refused = results.filter((result) => !result.ok && result.refusal.reason === 'value-taken');
    expect([made.length, refused.length]).toEqual([1, 49]);
    expect(await ownerOfName('strasse')).toBe(made[0]?.ok ? made[0].value.id : null);
  });

  it('[E32] frees the old name on a rename and keeps the new one', async () => {
    await open();
    const made = await execute(test.kernel, createApplication, { name: 'Shop' }, asking());
    if (!made.ok) throw new Error(JSON.stringify(made.refusal));
    const renamed = { applicationId: made.value.id, name: 'Store' };
    expect(await execute(test.kernel, changeApplication, renamed, asking())).toMatchObject({ ok: true });
    const owner = (name: string) => ownerOf(test.kernel, applicationNameClaim({ org, name }));
    expect([await owner('shop'), await owner('store')]).toEqual([null, made.value.id]);
    const second = await execute(test.kernel, createApplication, { name: 'Shop' }, asking());
    expect(second).toMatchObject({ ok: true });
    const third = await execute(test.kernel, createApplication, { name: 'store' }, asking());
    expect(third).toMatchObject({ ok: false, refusal: { reason: 'value-taken', kind: 'application-name' } });
  });
});

describe('[E31] a claim whose maker stops between two steps', () => {
  /** Lets the first `steps` appends through; the next one, and all after it, never come to be. */
  function stoppingAfter(steps: number) {
    let left = Number.POSITIVE_INFINITY;
    const held: (() => void)[] = [];
    const wrap = (inner: EventStore): EventStore => {
      const store = withoutAtomicAppend(inner);
      const append: EventStore['append'] = async (...args) => {
        if (left <= 0) await new Promise<void>((resolve) => held.push(resolve));
        left -= 1;
        return await inner.append(...args);
      };
      return Object.assign(Object.create(store) as EventStore, { append });
    };
    return {
      wrap,
      held: () => held.length,
      arm: () => {
        left = steps;
      },
      disarm: () => {
        left = Number.POSITIVE_INFINITY;
      },
      resume: () => {
        for (const go of held) go();
      },
    };
  }

  it.each([0, 1, 2])('after %i steps leaves exactly one owner, and the delayed writer fails', async (steps) => {
    let nowMs = Date.parse('2026-01-01T00:00:00Z');
    const stopping = stoppingAfter(steps);
    test = await openSetUpKernel({ wrap: stopping.wrap, clock: () => nowMs });
    stopping.arm();
    const delayed = create('kim');
    await eventually(() => stopping.held() > 0); // the first writer has come as far as it is let
    stopping.disarm();
    nowMs += CLAIM_PENDING_MS + 1;
    const second = await create('KIM');
    stopping.resume();
    const first = await delayed.then(
      (result) => result.ok,
      () => false,
    );
    expect([first, second.ok].filter(Boolean)).toHaveLength(1);
    const owner = await ownerOfName('kim');
    expect(owner).not.toBeNull();
    if (second.ok) expect(owner).toBe(second.value.id);
    expect(steps === 2 ? first : second.ok).toBe(true);
  });
});
