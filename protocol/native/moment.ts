/** A moment that a caller asks about. */
import type { Kernel } from '../../commands/kernel.ts';
import { comparePositions } from '../../infra/event-store/position.ts';
import { type Moment, parseMoment } from '../../read-api/as-of.ts';
import { Problem } from './problem.ts';

/** The future is not known. */
export async function momentOf(kernel: Pick<Kernel, 'store' | 'clock'>, text: string): Promise<Moment> {
  const moment = parseMoment(text);
  if (moment === null) {
    throw new Problem(
      400,
      'moment-invalid',
      'A moment is an instant like 2026-01-31T10:00:00Z, or a position of the log.',
    );
  }
  if (await isAhead(kernel, moment)) throw new Problem(400, 'moment-ahead', 'The moment has not come yet.');
  return moment;
}

async function isAhead({ store, clock }: Pick<Kernel, 'store' | 'clock'>, moment: Moment): Promise<boolean> {
  if (moment.kind === 'instant') return Date.parse(moment.instant) > clock();
  const head = await store.head();
  return head === null || comparePositions(moment.position, head) > 0;
}
