// Sizes as people read them.

/**
 * MiB as a size: `100GiB`, `512MiB`, `15.5GiB`. Cut, never rounded up: nobody is shown more than there is.
 * @param mib whole MiB, 0 or more
 */
export function formatSize(mib: number): string {
  if (mib === 0) return '0';
  if (mib < 1_024) return `${mib}MiB`;
  const tenths = Math.floor((mib * 10) / 1_024);
  return `${tenths % 10 === 0 ? tenths / 10 : `${Math.floor(tenths / 10)}.${tenths % 10}`}GiB`;
}
