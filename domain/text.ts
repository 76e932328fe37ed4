/**
 * The one normal form in which text is compared without regard to case: for uniqueness, look-up, search and sort.
 *
 * NFKC, then full case folding by way of upper case (so that `ß` equals `SS`), then NFKC again.
 */
export function foldText(text: string): string {
  return text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}
