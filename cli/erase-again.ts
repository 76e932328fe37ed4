/** Erasures that a restored folder does not know of: the same command that erased them the first time. */
import { z } from 'zod';
import { systemCaller } from '../commands/bootstrap.ts';
import { execute } from '../commands/pipeline.ts';
import { eraseUser } from '../commands/users/delete-user.ts';
import type { OrgId } from '../domain/ids.ts';
import type { Configuration } from '../infra/config/config.ts';
import { noTelemetry } from '../infra/telemetry/no-telemetry.ts';
import { CannotDo } from './command-line.ts';
import { openKernel } from './stores.ts';

const ERASED = 'identity.user.erased.v1';

const lineSchema = z.object({
  type: z.string(),
  data: z.object({ subject: z.uuid() }),
  meta: z.object({ tenant: z.string() }),
});

export interface ErasedSubject {
  readonly subject: string;
  readonly tenant: string;
}

/** Of lines as `muniment events --json` writes them; other events are passed over. Throws {@link CannotDo}. */
export function erasedIn(text: string): readonly ErasedSubject[] {
  const erased: ErasedSubject[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const event = jsonOf(line);
    if (event === null) throw new CannotDo(`line ${index + 1} of the list of erasures is no JSON\n`);
    if ((event as { type?: unknown }).type !== ERASED) continue;
    const parsed = lineSchema.safeParse(event);
    if (!parsed.success)
      throw new CannotDo(`line ${index + 1} of the list of erasures is no event as \`events --json\` writes it\n`);
    erased.push({ subject: parsed.data.data.subject, tenant: parsed.data.meta.tenant });
  }
  return erased;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** How many the folder knew and had not erased; while no server runs on it. */
export async function eraseAgain(configuration: Configuration, erased: readonly ErasedSubject[]): Promise<number> {
  const { kernel, close } = await openKernel(configuration, noTelemetry);
  try {
    let again = 0;
    for (const { subject, tenant } of erased) {
      const key = (await kernel.vault.dataKeys([subject])).get(subject);
      // Came after the backup, or was erased before it.
      if (key === undefined || key === 'destroyed') continue;
      const caller = systemCaller(tenant as OrgId, 'restore');
      const done = await execute(kernel, eraseUser, { userId: subject }, { caller, correlationId: kernel.uuid() });
      // Without the person in the log there is only the key.
      if (!done.ok) await kernel.vault.destroySubject(subject);
      again += 1;
    }
    return again;
  } finally {
    await close();
  }
}
