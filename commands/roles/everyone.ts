import { uuidFrom } from '../derived-ids.ts';

/** Id of the role that every user of the organization holds: follows from the organization, so that nobody looks it up. */
export const everyoneRoleId = (org: string): string => uuidFrom(`everyone|${org}`);
