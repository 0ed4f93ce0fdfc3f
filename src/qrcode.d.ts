// What is used of the package qrcode, which brings no types.
declare module 'qrcode' {
  export function toString(text: string, options: { type: 'utf8'; errorCorrectionLevel: 'L' }): Promise<string>;
}
