// The QR code of a text, as the library draws it.
import { toString } from 'qrcode';

/** The blocks that a terminal shows. */
export async function qrOf(text: string): Promise<string> {
  return toString(text, { type: 'terminal', small: true, errorCorrectionLevel: 'L' });
}
