/** What refusals about settings are called in the published contract. */
import type { CommonRefusal } from '../../../commands/command.ts';
import type { SettingsRefusal } from '../../../domain/settings/organization-settings.ts';
import { RestError, type WireError } from '../rest-error.ts';

const wire = (status: number, code: string, message: string): WireError => ({ status, code, message });

export const noPaging = wire(501, 'IDG-50005', 'Pagination is not implemented.');
export const noFilter = wire(501, 'IDG-50006', 'Filtering is not implemented.');
export const noSort = wire(501, 'IDG-50007', 'Sorting is not implemented.');
export const categoryNotFound = wire(404, 'IDG-50008', 'Resource not found.');
export const connectorNotFound = wire(404, 'IDG-50009', 'Resource not found.');
export const connectorUnknown = wire(400, 'IDG-50011', 'Invalid connector name.');
export const settingUnknown = wire(400, 'IDG-50012', 'Unsupported property name.');
const badFlag = wire(400, 'IDG-50013', 'Invalid value: not a boolean.');
const badNumber = wire(400, 'IDG-50014', 'Invalid value: not a number within the limits.');
const badText = wire(400, 'IDG-50015', 'Invalid value.');
export const revertWithoutConnector = wire(400, 'IDG-50016', 'Unable to revert properties.');
export const revertUnknownSetting = wire(400, 'IDG-50017', 'Unsupported property name to revert.');

const badValue = { flag: badFlag, whole: badNumber, text: badText } as const;

export type SettingsCommandRefusal = SettingsRefusal | CommonRefusal | { readonly reason: 'organization-not-found' };

/** Null: none of this contract. */
export function governanceError(refusal: SettingsCommandRefusal): RestError | null {
  switch (refusal.reason) {
    case 'connector-unknown':
      return new RestError(connectorUnknown, `There is no connector ${quoted(refusal.connector)}.`);
    case 'setting-unknown':
      return new RestError(settingUnknown, `The connector has no property ${quoted(refusal.setting)}.`);
    case 'setting-invalid':
      return new RestError(badValue[refusal.kind], `The value of ${quoted(refusal.setting)} is not allowed.`);
    default:
      return null;
  }
}

export const quoted = (text: string): string => JSON.stringify(text.slice(0, 100));
