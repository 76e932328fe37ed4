/** What a backup says of itself: `manifest.json` in its folder. */
import { createHash } from 'node:crypto';
import { z } from 'zod';

export const MANIFEST_FILE = 'manifest.json';
export const KEY_FILE = 'deployment.key';
export const BACKUP_FORMAT = 1;

const body = z.object({
  format: z.number(),
  /** Of the program that made it. */
  version: z.string(),
  createdAt: z.string(),
  log: z.object({ identity: z.string(), format: z.number(), head: z.string(), events: z.number() }),
  vault: z.object({ schema: z.number(), subjects: z.number(), erased: z.number(), keyCheck: z.string() }),
  transient: z.object({ schema: z.number(), entries: z.number() }),
  deploymentKey: z.enum(['included', 'not-included']),
  seal: z.object({ salt: z.string(), check: z.string() }).nullable(),
  /** As they lie there, sealed or not. */
  files: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string() })),
});
const schema = body.extend({ checksum: z.string() });

export type ManifestBody = z.output<typeof body>;
export type Manifest = z.output<typeof schema>;

const checksumOf = (of: ManifestBody): string => createHash('sha256').update(JSON.stringify(of)).digest('hex');

export const manifestText = (of: ManifestBody): string =>
  `${JSON.stringify({ ...of, checksum: checksumOf(of) }, null, 2)}\n`;

/** Why it cannot be used; a sentence for the operator. */
export class BackupUnusable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BackupUnusable';
  }
}

/** Throws {@link BackupUnusable}. */
export function parseManifest(text: string): Manifest {
  const parsed = schema.safeParse(jsonOf(text));
  if (!parsed.success) throw new BackupUnusable('the manifest of the backup is damaged');
  const { checksum, ...of } = parsed.data;
  if (of.format > BACKUP_FORMAT)
    throw new BackupUnusable(`the backup was made by a newer version (${of.version}): restore it with that one`);
  if (checksum !== checksumOf(body.parse(of))) throw new BackupUnusable('the manifest of the backup was changed');
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
