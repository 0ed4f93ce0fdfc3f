// What is used of the package qrcode, which brings no types.
declare module 'qrcode' {
  export function toString(text: string, options: { type: 'terminal'; small: true; errorCorrectionLevel: 'L' }): Promise<string>;
}
