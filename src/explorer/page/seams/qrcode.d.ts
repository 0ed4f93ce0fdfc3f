// What the page uses of the package qrcode, which brings no types.
declare module 'qrcode' {
  export function create(text: string, options: { errorCorrectionLevel: 'L' | 'M' }): { readonly modules: { readonly size: number; readonly data: Uint8Array } };
}
