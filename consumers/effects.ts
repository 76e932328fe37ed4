/** One consumer's effect on one event of the log, whatever led to it. */
import type { Kernel } from '../commands/kernel.ts';
import type { DomainEvent } from '../domain/event.ts';
import type { RecordedEvent } from '../infra/event-store/event-store.ts';
import type { TransientKey } from '../infra/transient-store/transient-store.ts';
import { type Consumer, type EffectScope, HANDLED_KEPT_MS } from './consumer.ts';

export type EffectKernel = Pick<Kernel, 'codec' | 'transient' | 'clock'>;

export class Effects {
  readonly #consumer: Consumer;
  readonly #kernel: EffectKernel;
  readonly #contexts: readonly string[];

  constructor(consumer: Consumer, kernel: EffectKernel) {
    this.#consumer = consumer;
    this.#kernel = kernel;
    // An upcaster lifts within its context.
    this.#contexts = [...new Set([...consumer.types].map((type) => type.slice(0, type.indexOf('.') + 1)))];
  }

  /** False: it cannot concern the consumer in any version. */
  concerns({ type }: RecordedEvent): boolean {
    return this.#contexts.some((context) => type.startsWith(context));
  }

  async on(recorded: RecordedEvent, scope: EffectScope): Promise<void> {
    const events = (await this.#kernel.codec.decode([recorded])).filter(({ type }) => this.#consumer.types.has(type));
    if (events.length === 0) return;
    if (this.#consumer.onRepeat === 'same') return await this.#run(events, scope);
    const key = this.#handledKey(recorded);
    if ((await this.#kernel.transient.get(key)) !== null) return;
    await this.#run(events, scope);
    const expiresAtMs = this.#kernel.clock() + HANDLED_KEPT_MS;
    await this.#kernel.transient.commit([{ op: 'put', key, value: true, expiresAtMs, expect: 'any' }]);
  }

  async #run(events: readonly DomainEvent[], scope: EffectScope): Promise<void> {
    for (const event of events) await this.#consumer.effect(event, scope);
  }

  #handledKey({ id }: RecordedEvent): TransientKey {
    return { type: 'handled-event', tenant: 'server', id: `${this.#consumer.name}|${id}` };
  }
}
