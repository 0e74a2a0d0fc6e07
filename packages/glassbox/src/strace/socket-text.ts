export function socketText(_link: string, _inode: bigint): string | undefined { return undefined }
