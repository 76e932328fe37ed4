/** Effective access over a kernel's own log: the real read model, built in this process. */
import { join } from 'node:path';
import type { EffectiveAccess } from '../../commands/effective-access.ts';
import { everyoneRoleId } from '../../commands/roles/everyone.ts';
import { createProgressBoard } from '../../infra/read-store/embedded/progress-board.ts';
import { openEmbeddedReadStore } from '../../infra/read-store/embedded/reader.ts';
import { openEmbeddedReadStoreWriter } from '../../infra/read-store/embedded/writer.ts';
import type { ReadStore } from '../../infra/read-store/read-store.ts';
import { accessProjection } from '../../projections/access.ts';
import { type ProjectionEngine, runProjections } from '../../projections/engine.ts';
import type { Projection } from '../../projections/projection.ts';
import { createEffectiveAccess } from '../../read-api/effective-access.ts';
import type { TestKernel } from './kernel.ts';

export interface TestAccess {
  readonly access: EffectiveAccess;
  readonly reads: ReadStore;
  readonly engine: ProjectionEngine;
  readonly errors: readonly unknown[];
  close(): Promise<void>;
}

export async function openAccess(
  { kernel, directory }: Pick<TestKernel, 'kernel' | 'directory'>,
  projections: readonly Projection[] = [accessProjection],
): Promise<TestAccess> {
  const place = {
    directory: join(directory, 'access'),
    board: createProgressBoard(projections.map(({ name }) => name)),
  };
  const writer = openEmbeddedReadStoreWriter(place);
  const reads = openEmbeddedReadStore(place);
  const errors: unknown[] = [];
  const { store, codec } = kernel;
  const onError = (error: unknown) => errors.push(error);
  const engine = await runProjections({ store, codec, writer, projections, onError });
  return {
    access: createEffectiveAccess({ store, reads, everyoneRole: everyoneRoleId }),
    reads,
    engine,
    errors,
    async close() {
      await engine.stop();
      await reads.close();
      await writer.close();
    },
  };
}
