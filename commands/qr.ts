// QR codes: what a person hands over to a device that has a camera.
import type { Context } from './command.js';

/** The flag, and its text for commander. */
export const QR_FLAG = ['--qr', 'also as a QR code, on stderr'] as const;

/** What the flag says. */
export interface QrFlag {
  readonly qr?: true;
}

/** Draws a text as a QR code on stderr, beside the result; nothing with `--json` or `--quiet`. @param text at most 2,953 bytes */
export async function drawQr({ io, flags }: Context, text: string): Promise<void> {
  if (flags.json || flags.quiet) return;
  const { toString } = await import('qrcode');
  io.stderr.write(`\n${await toString(text, { type: 'terminal', small: true, errorCorrectionLevel: 'L' })}\n`);
}
