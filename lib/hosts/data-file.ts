import { resolveBackingName } from './backing-name.ts'
import type { ImageReading } from './image-files.ts'

/**
 * The file beside a layer that holds its data, where its header names one (`qemu-img create -o data_file=…`); null when it is the
 * layer itself, or no file of this host. `format` as it is recorded: bytes of a raw disk are its guest's and name nothing.
 */
export const dataFileOf = (reading: ImageReading, format: string | null): string | null =>
  reading.kind === 'found' && reading.header?.dataFile && format !== 'raw'
    ? resolveBackingName(reading.header.dataFile, reading.path)
    : null
