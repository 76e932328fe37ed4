/**
 * The one normal form in which text is compared without regard to case: for uniqueness, look-up, search and sort.
 *
 * NFKC, then full case folding by way of upper case (so that `ß` equals `SS`), then NFKC again.
 */
export function foldText(text: string): string {
  return text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}

export const NAME_CHARACTERS_MAX = 255;

/** A name that somebody gives to a thing: not blank, no blank at either end, no control characters. */
export const isMadeName = (name: string): boolean =>
  name.length > 0 && name.length <= NAME_CHARACTERS_MAX && name.trim() === name && !/\p{C}/u.test(name);
