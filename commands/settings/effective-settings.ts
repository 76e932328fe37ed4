/** The settings that count in an organization: one look-up, whatever is asked of them afterwards. */
import { organizations } from '../../domain/organizations/organization.ts';
import { defaultSettings, type EffectiveSettings, overriding } from '../../domain/settings/effective-settings.ts';
import { type OrganizationSettings, organizationSettings } from '../../domain/settings/organization-settings.ts';
import type { Kernel } from '../kernel.ts';

/** Deeper trees do not exist; a chain that does not end would be a damaged log. */
const DEPTH_MAX = 100;

interface Worked {
  readonly parent: EffectiveSettings;
  readonly settings: EffectiveSettings;
}

/** By the folded state: an aggregate gives the same object until its stream has grown. */
const worked = new WeakMap<OrganizationSettings, Worked>();

type Place = { readonly tenant: string; readonly org: string };

/** A root organization is one stream's state in memory; one below it adds its ancestors, once for all settings. */
export async function effectiveSettings(kernel: Kernel, place: Place): Promise<EffectiveSettings> {
  return await settingsOf(kernel, place, 0);
}

async function settingsOf(kernel: Kernel, { tenant, org }: Place, depth: number): Promise<EffectiveSettings> {
  if (depth > DEPTH_MAX) throw new Error(`organization ${org} has more than ${DEPTH_MAX} ancestors`);
  const parentId = org === tenant ? null : await parentOf(kernel, org);
  const parent = parentId === null ? defaultSettings : await settingsOf(kernel, { tenant, org: parentId }, depth + 1);
  const { state: own } = await kernel.aggregates.load(organizationSettings, org);
  // Of organizations that set nothing there is one state for all.
  if (own.org === '') return parentId === null ? defaultSettings : overriding(own, parent, parentId);
  const known = worked.get(own);
  if (known?.parent === parent) return known.settings;
  const settings = overriding(own, parent, parentId);
  worked.set(own, { parent, settings });
  return settings;
}

const parentOf = async (kernel: Kernel, org: string): Promise<string | null> =>
  (await kernel.aggregates.load(organizations, org)).state.parent;
