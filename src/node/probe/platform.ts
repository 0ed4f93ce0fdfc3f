// Which platform this machine is, as images name platforms (OCI image-spec: GOOS and GOARCH).

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** `linux/amd64` */
export const PLATFORM = `${process.platform}/${ARCHITECTURES[process.arch] ?? process.arch}`;
